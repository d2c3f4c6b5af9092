// SPDX-License-Identifier: Apache-2.0
#include "os/patience.h"

#include <criterion/criterion.h>
#include <time.h>

#include "base/arena.h"
#include "base/memory.h"

static uint64_t ns(clockid_t clock)
{
	struct timespec t;

	clock_gettime(clock, &t);
	return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

static void forget(void *self)
{
}

static const struct memory_source LIVE = { .forget = forget }, STILL = { 0 };

static struct patience start_on(const struct memory_source *source)
{
	struct arena mem = { 0 };
	struct memory m;
	struct patience p;

	memory_init(&m, &mem);
	memory_add_segment(&m, 0, 4096, source, NULL);
	p = patience_start(&m);
	arena_drop(&mem);
	return p;
}

Test(patience, ends_after_some_tries_that_cost_pauses_alone)
{
	uint64_t wall = ns(CLOCK_MONOTONIC), cpu = ns(CLOCK_THREAD_CPUTIME_ID);
	struct patience p = start_on(&LIVE);

	while (patience_again(&p))
		;
	cr_assert_eq(p.tries, 50);
	cr_assert(ns(CLOCK_MONOTONIC) - wall >= 100000000);
	cr_assert(ns(CLOCK_THREAD_CPUTIME_ID) - cpu < 100000000);
}

Test(patience, ends_when_the_tries_have_cost_their_cpu_time)
{
	struct patience p = start_on(&LIVE);
	uint64_t start = ns(CLOCK_THREAD_CPUTIME_ID);

	while (ns(CLOCK_THREAD_CPUTIME_ID) - start < 200000000)
		;
	cr_assert_not(patience_again(&p));
}

Test(patience, has_none_with_what_can_not_move)
{
	struct patience p = start_on(&STILL);

	cr_assert_not(patience_again(&p));
	cr_assert_eq(p.tries, 1);
}
