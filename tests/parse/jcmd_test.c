// SPDX-License-Identifier: Apache-2.0
#include "parse/jcmd.h"

#include <criterion/criterion.h>

static uint64_t size_of(const char *text)
{
	struct span s = span_of(text);
	uint64_t n = 0;

	cr_assert(jcmd_take_size(&s, &n), "%s", text);
	return n;
}

Test(jcmd, sizes_come_in_many_spellings)
{
	cr_expect_eq(size_of("16"), 16);
	cr_expect_eq(size_of("78848K"), 78848 * 1024);
	cr_expect_eq(size_of("120036Kb"), 120036 * 1024);
	cr_expect_eq(size_of("0 bytes"), 0);
	cr_expect_eq(size_of("65536.00 KB"), 65536 * 1024);
	cr_expect_eq(size_of("1.50 GB"), 3ull << 29);
}

Test(jcmd, a_size_that_does_not_fit_is_none)
{
	struct span s = SPAN("99999999999999G");
	uint64_t n;

	cr_expect_not(jcmd_take_size(&s, &n));
	cr_expect_eq(s.len, 15, "nothing is taken");
}

Test(jcmd, address_lists_are_taken_with_and_without_blanks)
{
	struct span a = SPAN("x [0x10, 0x20, 0x30)"), b = SPAN("[0x10,0x20]"), c = SPAN("[0x10");
	uint64_t at[4];

	cr_expect_eq(jcmd_take_addresses(&a, at, 4), 3);
	cr_expect_eq(at[2], 0x30);
	cr_expect_eq(jcmd_take_addresses(&b, at, 4), 2);
	cr_expect_eq(jcmd_take_addresses(&c, at, 4), 0, "the list has no end");
}

Test(jcmd, the_last_occurrence_is_found)
{
	size_t at;

	cr_assert(jcmd_find_last(SPAN("ab ab"), "ab", &at));
	cr_expect_eq(at, 3);
	cr_expect_not(jcmd_find_last(SPAN("a"), "ab", &at));
}
