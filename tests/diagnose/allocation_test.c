// SPDX-License-Identifier: Apache-2.0
// Two moments of some threads: what they allocated in between, and when that can't be told.
#include "diagnose/allocation.h"

#include <criterion/criterion.h>
#include <string.h>

#include "base/units.h"

static struct snapshot first, now;
static struct evidence e;
static struct allocation got;
static struct arena mem;

static void started(struct snapshot *s, uint64_t count)
{
	snapshot_set(s, F_JAVA_THREADS_STARTED, count, (struct provenance){ .tier = TIER_A });
}

static void start(void)
{
	snapshot_init(&first, &mem);
	snapshot_init(&now, &mem);
	e = (struct evidence){ .now = &now, .first = &first, .window_s = 10 };
	started(&first, 7);
	started(&now, 7);
}

static void stop(void)
{
	arena_drop(&mem);
}

TestSuite(allocation, .init = start, .fini = stop);

static void thread(struct snapshot *s, int tid, enum thread_kind kind, uint64_t allocated)
{
	vec_push(&mem, &s->threads,
		 (struct thread_row){
			 .tid = tid, .kind = kind, .has_allocated = true, .allocated = allocated });
}

Test(allocation, each_thread_counts_what_it_allocated_since)
{
	thread(&first, 30, THREAD_JAVA, MIB(5));
	thread(&first, 10, THREAD_JAVA, MIB(1));
	thread(&first, 20, THREAD_JIT, 100);
	thread(&now, 10, THREAD_JAVA, MIB(4));
	thread(&now, 30, THREAD_JAVA, MIB(5));
	thread(&now, 20, THREAD_JIT, 100);
	allocation_in_window(&e, &mem, &got);
	cr_assert(got.known, "%s", got.why_not);
	cr_expect_eq(got.bytes, MIB(3));
}

Test(allocation, a_thread_that_began_in_the_window_counts_with_all_it_has)
{
	thread(&first, 10, THREAD_JAVA, MIB(1));
	thread(&now, 10, THREAD_JAVA, MIB(1));
	thread(&now, 11, THREAD_JAVA, MIB(2));
	started(&now, 8);
	allocation_in_window(&e, &mem, &got);
	cr_assert(got.known);
	cr_expect_eq(got.bytes, MIB(2));
}

Test(allocation, what_an_ended_thread_allocated_is_lost)
{
	thread(&first, 10, THREAD_JAVA, MIB(1));
	thread(&first, 11, THREAD_JAVA, MIB(1));
	thread(&now, 10, THREAD_JAVA, MIB(2));
	allocation_in_window(&e, &mem, &got);
	cr_expect_not(got.known);
	cr_expect(strstr(got.why_not, "1 Java thread ended"), "%s", got.why_not);
}

Test(allocation, a_compiler_thread_may_end)
{
	thread(&first, 10, THREAD_JAVA, MIB(1));
	thread(&first, 11, THREAD_JIT, 500);
	thread(&now, 10, THREAD_JAVA, MIB(2));
	allocation_in_window(&e, &mem, &got);
	cr_expect(got.known && got.bytes == MIB(1));
}

Test(allocation, an_id_that_another_thread_has_by_now_is_an_end)
{
	thread(&first, 10, THREAD_JAVA, MIB(8));
	thread(&now, 10, THREAD_JAVA, MIB(2));
	started(&now, 8);
	allocation_in_window(&e, &mem, &got);
	cr_expect_not(got.known);
}

Test(allocation, threads_that_came_and_went_between_are_counted)
{
	thread(&first, 10, THREAD_JAVA, MIB(1));
	thread(&now, 10, THREAD_JAVA, MIB(2));
	thread(&now, 12, THREAD_JAVA, MIB(2));
	started(&now, 10);
	allocation_in_window(&e, &mem, &got);
	cr_expect_not(got.known);
	cr_expect(strstr(got.why_not, "2 Java threads ended"), "%s", got.why_not);
}

Test(allocation, without_the_counter_of_threads_nobody_knows)
{
	thread(&first, 10, THREAD_JAVA, MIB(1));
	thread(&now, 10, THREAD_JAVA, MIB(2));
	now.fact[F_JAVA_THREADS_STARTED].known = false;
	allocation_in_window(&e, &mem, &got);
	cr_expect_not(got.known);
	cr_expect(got.why_not);
}

Test(allocation, one_thread_that_could_not_be_read_is_enough)
{
	thread(&first, 10, THREAD_JAVA, MIB(1));
	thread(&now, 10, THREAD_JAVA, MIB(2));
	vec_push(&mem, &now.threads, (struct thread_row){ .tid = 11, .kind = THREAD_JAVA });
	allocation_in_window(&e, &mem, &got);
	cr_expect_not(got.known);
}

Test(allocation, growth_a_mb_needs_a_mb)
{
	double per_mb = 0;

	cr_expect_not(
		allocation_per_mb(&(struct allocation){ true, MIB(1) - 1, NULL }, 5, &per_mb));
	cr_expect_not(allocation_per_mb(&(struct allocation){ false, MIB(9), NULL }, 5, &per_mb));
	cr_expect(allocation_per_mb(&(struct allocation){ true, MIB(2), NULL }, 6, &per_mb));
	cr_expect_float_eq(per_mb, 3, 1e-9);
}
