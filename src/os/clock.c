// SPDX-License-Identifier: Apache-2.0
#include "os/clock.h"

#include <inttypes.h>
#include <time.h>

#include "base/arena.h"
#include "base/fail.h"
#include "base/tree.h"

static uint64_t in_ns(struct timespec t)
{
	return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

static bool make_clock(void *arg, struct arena *mem, struct span *out, struct fail *why)
{
	struct timespec boot, wall;

	clock_gettime(CLOCK_BOOTTIME, &boot);
	clock_gettime(CLOCK_REALTIME, &wall);
	*out = span_of(
		arena_format(mem, "boot %" PRIu64 " wall %" PRIu64 "\n", in_ns(boot), in_ns(wall)));
	return true;
}

bool clock_read(const struct tree *files, struct arena *mem, struct clock_reading *out,
		struct fail *why)
{
	struct span text;
	uint64_t boot, wall;

	if (!tree_made(files, "clock", make_clock, NULL, mem, &text, why))
		return false;
	if (!span_take_text(&text, "boot ") || !span_take_dec(&text, &boot) ||
	    !span_take_text(&text, " wall ") || !span_take_dec(&text, &wall) || wall > INT64_MAX)
		return fail(why, FAIL_CORRUPT, "the recorded clock makes no sense");
	*out = (struct clock_reading){ boot, (int64_t)wall };
	return true;
}

uint64_t clock_now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return in_ns(t);
}

uint64_t clock_in(double seconds)
{
	return clock_now_ns() + (uint64_t)(seconds * 1e9);
}

bool clock_is_over(uint64_t deadline_ns)
{
	return clock_now_ns() >= deadline_ns;
}
