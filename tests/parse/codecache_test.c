// SPDX-License-Identifier: Apache-2.0
#include "parse/codecache.h"

#include <criterion/criterion.h>

#include "base/arena.h"
#include "base/fail.h"

static struct arena mem;
static struct fail why;
static struct codecache got;

Test(codecache, each_heap_has_its_bounds)
{
	cr_assert(codecache_parse(
		SPAN("CodeHeap 'profiled nmethods': size=120032Kb used=73Kb max_used=73Kb "
		     "free=1Kb\n"
		     " bounds [0x00007f1e79400000, 0x00007f1e79670000, 0x00007f1e80938000]\n"
		     "CodeCache: size=245764Kb, used=1382Kb, max_used=1389Kb, free=244379Kb\n"
		     " total_blobs=442 nmethods=95 adapters=261\n"),
		&mem, &got, &why));
	cr_assert_eq(got.count, 1, "the total has no bounds");
	cr_expect_str_eq(got.at[0].name, "profiled nmethods");
	cr_expect_eq(got.at[0].high, 0x7f1e79670000);
	cr_expect_eq(got.at[0].used, 73 * 1024);
}

Test(codecache, bounds_that_fall_are_corrupt)
{
	cr_expect_not(codecache_parse(SPAN("CodeCache: size=1Kb used=0Kb max_used=0Kb free=1Kb\n"
					   " bounds [0x2000, 0x1000, 0x3000]\n"),
				      &mem, &got, &why));
	cr_expect_eq(why.kind, FAIL_CORRUPT);
}
