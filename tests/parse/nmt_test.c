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
