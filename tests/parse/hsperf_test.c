// SPDX-License-Identifier: Apache-2.0
#include "parse/hsperf.h"

#include <criterion/criterion.h>
#include <string.h>

#include "base/fail.h"

enum { ROOM = 512, ENTRY_NUMBER = 48, ENTRY_TEXT = 48 };

static char bytes[ROOM];
static size_t used;
static struct fail why;
static struct hsperf got;

static void put_u32(size_t at, uint32_t value)
{
	memcpy(bytes + at, &value, sizeof(value));
}

// One entry: header, name at 20, value at 40.
static size_t add_entry(const char *name, char type, uint32_t elements, const void *value,
			size_t len)
{
	size_t at = used;

	put_u32(at, ENTRY_NUMBER);
	put_u32(at + 4, 20);
	put_u32(at + 8, elements);
	bytes[at + 12] = type;
	put_u32(at + 16, 40);
	strcpy(bytes + at + 20, name);
	memcpy(bytes + at + 40, value, len);
	used += ENTRY_NUMBER;
	return at;
}

static void start(uint32_t count)
{
	static const char PROLOGUE[] = { '\xca', '\xfe', '\xc0', '\xc0', 1, 2, 0, 1 };

	memset(bytes, 0, sizeof(bytes));
	memcpy(bytes, PROLOGUE, sizeof(PROLOGUE));
	put_u32(24, 32);
	put_u32(28, count);
	used = 32;
}

static void build(void)
{
	uint64_t n = 4711;

	start(2);
	add_entry("a.number", 'J', 0, &n, 8);
	add_entry("a.text", 'B', 8, "-Xmx1m\0x", 8);
}

static bool parse(void)
{
	return hsperf_parse((struct span){ bytes, used }, &got, &why);
}

TestSuite(hsperf, .init = build);

Test(hsperf, a_counter_is_found_by_its_name)
{
	uint64_t n = 0;

	cr_assert(parse(), "%s", why.text);
	cr_assert(hsperf_number(&got, "a.number", &n));
	cr_expect_eq(n, 4711);
	cr_expect_not(hsperf_number(&got, "a.numbe", &n));
	cr_expect_not(hsperf_number(&got, "a.text", &n), "a text is no number");
}

Test(hsperf, a_text_ends_at_its_nul)
{
	struct span text;

	cr_assert(parse());
	cr_assert(hsperf_text(&got, "a.text", &text));
	cr_expect(span_is(text, "-Xmx1m"));
}

Test(hsperf, an_entry_that_leaves_the_buffer_is_refused)
{
	put_u32(80, 1000);
	cr_expect_not(parse());
	cr_expect_eq(why.kind, FAIL_CORRUPT);
}

Test(hsperf, a_value_that_leaves_its_entry_is_refused)
{
	put_u32(32 + 16, 41);
	cr_expect_not(parse());
}

Test(hsperf, a_name_without_an_end_is_refused)
{
	memset(bytes + 80 + 20, 'x', 28);
	cr_expect_not(parse());
}

Test(hsperf, an_entry_of_length_zero_is_no_endless_loop)
{
	put_u32(32, 0);
	cr_expect_not(parse());
}

Test(hsperf, more_entries_than_there_are_bytes_are_refused)
{
	put_u32(28, 90000);
	cr_expect_not(parse());
}

Test(hsperf, a_buffer_that_is_still_being_filled_is_absent)
{
	bytes[7] = 0;
	cr_expect_not(parse());
	cr_expect_eq(why.kind, FAIL_ABSENT);
}

Test(hsperf, another_magic_is_no_buffer)
{
	bytes[0] = 0;
	cr_expect_not(parse());
	cr_expect_eq(why.kind, FAIL_CORRUPT);
}
