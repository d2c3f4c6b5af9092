// SPDX-License-Identifier: Apache-2.0
#include "parse/tunables.h"

#include <criterion/criterion.h>

static struct span name, value;
static bool whole;

Test(tunables, pairs_stand_between_colons)
{
	struct span rest = SPAN("glibc.malloc.arena_max=2:glibc.malloc.top_pad=4096");

	cr_assert(tunables_take(&rest, &name, &value, &whole));
	cr_expect(whole && span_is(name, "glibc.malloc.arena_max") && span_is(value, "2"));
	cr_assert(tunables_take(&rest, &name, &value, &whole));
	cr_expect(whole && span_is(name, "glibc.malloc.top_pad") && span_is(value, "4096"));
	cr_expect_not(tunables_take(&rest, &name, &value, &whole));
}

Test(tunables, a_part_without_an_equals_sign_says_so)
{
	struct span rest = SPAN("garbage:a=1=2");

	cr_assert(tunables_take(&rest, &name, &value, &whole));
	cr_expect(!whole && span_is(name, "garbage") && !value.len);
	cr_assert(tunables_take(&rest, &name, &value, &whole));
	cr_expect(whole && span_is(value, "1=2"));
}

static uint64_t number(const char *text, bool all)
{
	uint64_t n = 0;

	cr_assert(tunables_number(span_of(text), &n, &whole), "%s", text);
	cr_expect_eq(whole, all, "%s", text);
	return n;
}

Test(tunables, numbers_are_read_as_c_reads_them)
{
	cr_expect_eq(number("131072", true), 131072);
	cr_expect_eq(number("0x10000", true), 65536);
	cr_expect_eq(number("010", true), 8);
	cr_expect_eq(number("128K", false), 128, "the letter is nothing to glibc");
	cr_expect_eq(number("-1", true), UINT64_MAX);
	cr_expect_eq(number("99999999999999999999999", true), UINT64_MAX);
	cr_expect_eq(number("09", false), 0);
}

Test(tunables, text_is_no_number)
{
	uint64_t n = 7;

	cr_expect_not(tunables_number(SPAN(""), &n, &whole));
	cr_expect_not(tunables_number(SPAN("two"), &n, &whole));
	cr_expect_eq(n, 7);
}
