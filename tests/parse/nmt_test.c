// SPDX-License-Identifier: Apache-2.0
#include "parse/nmt.h"

#include <criterion/criterion.h>

#include "base/arena.h"
#include "base/fail.h"

static struct arena mem;
static struct fail why;
static struct nmt got;

Test(nmt, details_belong_to_their_category)
{
	cr_assert(nmt_parse(
		SPAN("Total: reserved=1582170KB, committed=145658KB\n"
		     "-                 Java Heap (reserved=131072KB, committed=78848KB)\n"
		     "                            (mmap: reserved=131072KB, committed=78848KB) \n"
		     "-                    Thread (reserved=25667KB, committed=1427KB)\n"
		     "                            (thread #25)\n"
		     "                            (stack: reserved=25600KB, committed=1360KB)\n"
		     "                            (malloc=40KB #154) (peak=48KB #158) \n"
		     "                            (arena=27KB #48) (peak=84KB #36)\n"),
		&mem, &got, &why));
	cr_assert_eq(got.count, 2);
	cr_expect_eq(got.committed, 145658 * 1024);
	cr_expect_str_eq(got.at[0].category, "Java Heap");
	cr_expect_eq(got.at[0].mmap_committed, 78848 * 1024);
	cr_expect_eq(got.at[1].stack_committed, 1360 * 1024);
	cr_expect_eq(got.at[1].malloc, 40 * 1024);
	cr_expect_eq(got.at[1].arena, 27 * 1024);
}

Test(nmt, tracking_that_is_off_is_absent)
{
	cr_expect_not(nmt_parse(SPAN("Native memory tracking is not enabled\n"), &mem, &got, &why));
	cr_expect_eq(why.kind, FAIL_ABSENT);
}

Test(nmt, counts_and_the_cost_of_tracking_are_taken)
{
	cr_assert(nmt_parse(
		SPAN("-                      Code (reserved=247757KB, committed=7613KB)\n"
		     "                            (malloc=64KB tag=Code #1494) (peak=64KB #1495)\n"
		     "                            (mmap: reserved=247692KB, committed=7548KB, at "
		     "peak)\n"
		     "                            (arena=1KB #1) (peak=34KB #2)\n"
		     "-    Native Memory Tracking (reserved=135KB, committed=135KB)\n"
		     "                            (malloc=7KB #98) (peak=7KB #98)\n"
		     "                            (tracking overhead=128KB)\n"
		     "-               Arena Chunk (reserved=971KB, committed=971KB)\n"
		     "                            (malloc=971KB) \n"),
		&mem, &got, &why));
	cr_assert_eq(got.count, 3);
	cr_expect_eq(got.at[0].malloc_count, 1494);
	cr_expect_eq(got.at[0].arena_count, 1);
	cr_expect_eq(got.at[0].mmap_reserved, 247692 * 1024);
	cr_expect_eq(got.at[1].overhead, 128 * 1024);
	cr_expect_eq(got.at[2].malloc_count, 0, "a report without a count");
}
