// SPDX-License-Identifier: Apache-2.0
#include "base/span.h"

#include <criterion/criterion.h>

Test(span, lines_come_without_newlines_the_last_one_too)
{
	struct span rest = SPAN("one\n\ntwo"), line;

	cr_assert(span_take_line(&rest, &line) && span_is(line, "one"));
	cr_assert(span_take_line(&rest, &line) && span_is(line, ""));
	cr_assert(span_take_line(&rest, &line) && span_is(line, "two"));
	cr_assert_not(span_take_line(&rest, &line));
}

Test(span, words_are_parted_by_blanks_and_tabs)
{
	struct span rest = SPAN(" a\t bc  "), word;

	cr_assert(span_take_word(&rest, &word) && span_is(word, "a"));
	cr_assert(span_take_word(&rest, &word) && span_is(word, "bc"));
	cr_assert_not(span_take_word(&rest, &word));
	cr_assert_eq(rest.len, 2, "what is not there moves nothing");
}

Test(span, what_is_not_there_moves_nothing)
{
	struct span rest = SPAN("abc"), out = SPAN("before");
	uint64_t n = 7;

	cr_expect_not(span_take_char(&rest, 'b'));
	cr_expect_not(span_take_text(&rest, "abcd"));
	cr_expect_not(span_take_until(&rest, ':', &out));
	cr_expect_not(span_take_dec(&rest, &n));
	cr_expect(span_is(rest, "abc") && span_is(out, "before") && n == 7);
}

Test(span, text_up_to_a_character_takes_the_character_too)
{
	struct span rest = SPAN("key: value"), key;

	cr_assert(span_take_until(&rest, ':', &key));
	cr_expect(span_is(key, "key"));
	cr_expect(span_is(rest, " value"));
}

Test(span, numbers_end_at_what_is_no_digit_of_theirs)
{
	struct span rest = SPAN("  12fFg");
	uint64_t n;

	cr_assert(span_take_dec(&rest, &n));
	cr_expect_eq(n, 12);
	cr_assert(span_take_hex(&rest, &n));
	cr_expect_eq(n, 0xff);
	cr_expect_not(span_take_hex(&rest, &n));
	cr_expect(span_is(rest, "g"));
}

Test(span, a_number_that_does_not_fit_is_no_number)
{
	struct span most = SPAN("18446744073709551615"), more = SPAN("18446744073709551616");
	struct span hex = SPAN("ffffffffffffffff"), longer = SPAN("10000000000000000");
	uint64_t n = 7;

	cr_assert(span_take_dec(&most, &n));
	cr_expect_eq(n, UINT64_MAX);
	cr_assert(span_take_hex(&hex, &n));
	cr_expect_eq(n, UINT64_MAX);
	n = 7;
	cr_expect_not(span_take_dec(&more, &n));
	cr_expect_not(span_take_hex(&longer, &n));
	cr_expect_eq(n, 7);
	cr_expect_eq(more.len, 20);
}

Test(span, the_first_occurrence_is_found)
{
	size_t at = 7;

	cr_assert(span_find(SPAN("abcabc"), "bc", &at));
	cr_expect_eq(at, 1);
	cr_expect_not(span_find(SPAN("abc"), "abcd", &at));
	cr_expect_not(span_find(SPAN("abc"), "", &at));
	cr_expect_eq(at, 1);
}

Test(span, an_empty_span_needs_no_bytes)
{
	struct span none = { NULL, 0 }, out;
	uint64_t n;

	cr_expect_not(span_take_line(&none, &out));
	cr_expect_not(span_take_word(&none, &out));
	cr_expect_not(span_take_char(&none, 'a'));
	cr_expect_not(span_take_dec(&none, &n));
}
