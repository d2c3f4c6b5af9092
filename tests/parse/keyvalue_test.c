// SPDX-License-Identifier: Apache-2.0
#include "parse/keyvalue.h"

#include <criterion/criterion.h>

Test(keyvalue, a_key_counts_only_as_a_whole)
{
	uint64_t n;

	cr_assert(keyvalue_find_number(SPAN("anon_thp 1\nanon 2\n"), "anon", &n));
	cr_expect_eq(n, 2);
	cr_expect_not(keyvalue_find_number(SPAN("anon_thp 1\n"), "anon", &n));
}

Test(keyvalue, kilobytes_become_bytes)
{
	uint64_t n;

	cr_assert(keyvalue_find_number(SPAN("RssAnon:\t  148 kB\n"), "RssAnon", &n));
	cr_expect_eq(n, 148 * 1024);
}

Test(keyvalue, a_number_that_does_not_fit_is_none)
{
	uint64_t n = 7;

	cr_expect_not(keyvalue_find_number(SPAN("a 99999999999999999999\n"), "a", &n));
	cr_expect_not(keyvalue_find_number(SPAN("a 18446744073709551615 kB\n"), "a", &n));
	cr_expect_eq(n, 7);
}

Test(keyvalue, no_limit_reads_the_same_in_both_versions)
{
	uint64_t n;

	cr_assert(keyvalue_parse_limit(SPAN("max\n"), &n));
	cr_expect_eq(n, UINT64_MAX);
	cr_assert(keyvalue_parse_limit(SPAN("9223372036854771712\n"), &n));
	cr_expect_eq(n, UINT64_MAX);
	cr_assert(keyvalue_parse_limit(SPAN("536870912\n"), &n));
	cr_expect_eq(n, 536870912);
	cr_expect_not(keyvalue_parse_limit(SPAN("\n"), &n));
}
