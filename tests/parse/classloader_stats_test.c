// SPDX-License-Identifier: Apache-2.0
#include "parse/classloader_stats.h"

#include <criterion/criterion.h>

#include "base/arena.h"
#include "base/fail.h"

static struct arena mem;
static struct fail why;
static struct classloader_stats got;

#define HEAD                                                                                       \
	"ClassLoader         Parent              CLD*               Classes   ChunkSz   BlockSz  " \
	"Type\n"
#define ROWS                                                                                       \
	"0x00007f1e1b07af08  0x00007f1e1b07d1e8  0x00007f1e900ef660       2       768       602  " \
	"a.AppClassLoader\n"                                                                       \
	"0x0000000000000000  0x0000000000000000  0x00007f1e900b54e0     609    557056     26819  " \
	"<boot class loader>\n"                                                                    \
	"                                                                 8      3072      1895  " \
	" + hidden classes\n"

Test(classloader_stats, hidden_classes_belong_to_the_row_above)
{
	cr_assert(classloader_stats_parse(
		SPAN(HEAD ROWS "Total = 2                                                      619 "
			       "   560896     29316  \n"),
		&mem, &got, &why));
	cr_assert_eq(got.count, 3);
	cr_expect_str_eq(got.at[0].type, "a.AppClassLoader");
	cr_expect_str_eq(got.at[1].type, "<boot>");
	cr_expect(got.at[2].hidden);
	cr_expect_str_eq(got.at[2].type, "<boot>");
	cr_expect_eq(got.at[2].classes, 8);
	cr_expect_eq(got.at[0].parent_at, 0x7f1e1b07d1e8);
}

Test(classloader_stats, a_table_that_does_not_sum_up_is_corrupt)
{
	cr_expect_not(classloader_stats_parse(
		SPAN(HEAD ROWS "Total = 2                                                      620 "
			       "   560896     29316  \n"),
		&mem, &got, &why));
	cr_expect_eq(why.kind, FAIL_CORRUPT);
}

Test(classloader_stats, a_table_that_was_cut_short_is_corrupt)
{
	cr_expect_not(classloader_stats_parse(SPAN(HEAD ROWS), &mem, &got, &why));
	cr_expect_eq(why.kind, FAIL_CORRUPT);
}
