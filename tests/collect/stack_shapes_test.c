// SPDX-License-Identifier: Apache-2.0
#include "collect/stack_shapes.h"

#include <criterion/criterion.h>

#include "base/arena.h"
#include "base/units.h"
#include "parse/maps.h"

// As JDK 17 on glibc 2.36 lays them out: a Java thread (16 KB of zones inside its megabyte), a thread
// of the VM (a guard page below its megabyte), one whose upper end the kernel merged with what lies
// above, one of 256 KB, and an arena.
static const char MAPS[] = "7f0000000000-7f0000004000 ---p 00000000 00:00 0 \n"
			   "7f0000004000-7f0000100000 rw-p 00000000 00:00 0 \n"
			   "7f0000200000-7f0000201000 ---p 00000000 00:00 0 \n"
			   "7f0000201000-7f0000301000 rw-p 00000000 00:00 0 \n"
			   "7f0000400000-7f0000404000 ---p 00000000 00:00 0 \n"
			   "7f0000404000-7f0000700000 rw-p 00000000 00:00 0 \n"
			   "7f0000800000-7f0000804000 ---p 00000000 00:00 0 \n"
			   "7f0000804000-7f0000840000 rw-p 00000000 00:00 0 \n"
			   "7f0004000000-7f0004021000 rw-p 00000000 00:00 0 \n"
			   "7f0004021000-7f0008000000 ---p 00000000 00:00 0 \n"
			   "7f0008000000-7f0008100000 rw-p 00000000 00:00 0 \n";

static struct arena mem;
static struct maps maps;
static struct stack_sizes sizes;
static struct range got;

static void parse(void)
{
	cr_assert(maps_parse(SPAN(MAPS), &mem, &maps, NULL));
	sizes.count = 0;
	stack_sizes_add(&sizes, MIB(1));
}

static void drop(void)
{
	arena_drop(&mem);
}

TestSuite(stack_shapes, .init = parse, .fini = drop);

Test(stack_shapes, the_zones_belong_to_a_java_thread_s_stack)
{
	cr_assert(stack_shapes_at(&maps, 0x7f00000ff000, &sizes, &got));
	cr_expect_eq(got.start, 0x7f0000000000);
	cr_expect_eq(got.end, 0x7f0000100000);
}

Test(stack_shapes, the_guard_page_of_glibc_does_not)
{
	cr_assert(stack_shapes_at(&maps, 0x7f0000300000, &sizes, &got));
	cr_expect_eq(got.start, 0x7f0000201000);
	cr_expect_eq(got.end, 0x7f0000301000);
}

Test(stack_shapes, a_merged_neighbour_is_cut_off_by_the_known_size)
{
	cr_assert(stack_shapes_at(&maps, 0x7f00004ff000, &sizes, &got));
	cr_expect_eq(got.start, 0x7f0000400000);
	cr_expect_eq(got.end, 0x7f0000500000);
	cr_expect_not(stack_shapes_exact(&maps, 5, &sizes, &got), "not up to its end");
}

Test(stack_shapes, a_size_of_the_program_s_own_is_all_of_the_mapping)
{
	cr_assert(stack_shapes_at(&maps, 0x7f000083f000, &sizes, &got));
	cr_expect_eq(got.start, 0x7f0000800000);
	cr_expect_eq(got.end, 0x7f0000840000);
	cr_expect_not(stack_shapes_exact(&maps, 7, &sizes, &got));
}

Test(stack_shapes, what_lies_above_an_arena_s_reserve_is_no_stack)
{
	cr_expect_not(stack_shapes_at(&maps, 0x7f00080ff000, &sizes, &got) &&
			      got.start < 0x7f0008000000,
		      "64 MB of reserve are no guard zones");
	cr_expect_not(stack_shapes_at(&maps, 0x7f0004020000, &sizes, &got), "nothing below it");
	cr_expect_not(stack_shapes_at(&maps, 0x7f0000001000, &sizes, &got), "inside the zones");
}

Test(stack_shapes, doubled_and_empty_sizes_are_left_out)
{
	stack_sizes_add(&sizes, MIB(1));
	stack_sizes_add(&sizes, 0);
	cr_expect_eq(sizes.count, 1);
}
