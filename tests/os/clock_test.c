// SPDX-License-Identifier: Apache-2.0
#include "os/clock.h"

#include <criterion/criterion.h>
#include <time.h>

#include "base/arena.h"
#include "base/fail.h"
#include "os/live.h"

static struct arena mem;
static struct fail why;

Test(clock, both_clocks_are_read_and_go_forward)
{
	struct clock_reading first, second;
	struct live live;
	struct tree files = live_tree(&live, "");

	cr_assert(clock_read(&files, &mem, &first, &why));
	cr_assert(clock_read(&files, &mem, &second, &why));
	cr_expect(second.boot_ns > first.boot_ns);
	cr_expect(first.wall_ns / 1000000000 - time(NULL) <= 1);
	cr_expect(first.wall_ns / 1000000000 - time(NULL) >= -2);
	arena_drop(&mem);
}

static bool recorded(void *self, const char *name, tree_maker *make, void *arg, struct arena *to,
		     struct span *out, struct fail *reason)
{
	*out = span_of(self);
	return true;
}

Test(clock, a_recorded_clock_stands_still_and_nonsense_is_corrupt)
{
	static const struct tree_ops OPS = { .made = recorded };
	struct tree files = { &OPS, "boot 12 wall 34\n" };
	struct clock_reading got;

	cr_assert(clock_read(&files, &mem, &got, &why));
	cr_expect_eq(got.boot_ns, 12);
	cr_expect_eq(got.wall_ns, 34);
	files.self = "boot 12\n";
	cr_expect_not(clock_read(&files, &mem, &got, &why));
	cr_expect_eq(why.kind, FAIL_CORRUPT);
}
