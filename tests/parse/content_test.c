// SPDX-License-Identifier: Apache-2.0
#include "parse/content.h"

#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <string.h>

static _Alignas(8) unsigned char bytes[4096];

// `text` again and again.
static enum content_kind kind_of(const char *text, size_t len)
{
	for (size_t i = 0; i < sizeof(bytes); i++)
		bytes[i] = (unsigned char)text[i % len];
	return content_kind_of(bytes, sizeof(bytes));
}
#define KIND(text) kind_of(text, sizeof(text) - 1)

Test(content, kinds_are_told_by_their_marks)
{
	cr_assert(eq(int, KIND("\0"), CONTENT_ZEROS));
	cr_assert(eq(int, KIND("\1\0\20java/lang/Object\1\0\6<init>\1\0\3()V\1\0\4Code"),
		     CONTENT_CLASS));
	cr_assert(eq(int, KIND("PK\3\4\24\0\0\0\10\0random stuff \x80\x91\xf2"), CONTENT_ZIP));
	cr_assert(eq(int, KIND("PK\1\2\24\3\24\0\0\0\10\0\x80\x91\xf2 name.class"),
		     CONTENT_ZIP_LIST));
	cr_assert(eq(int,
		     KIND("\x30\x1d\x06\x03\x55\x1d\x0e\x04\x16\x31\x0b\x06\x03\x55\x04\x06\x13"
			  "\x02\xc4\xe9\xb1\xf2"),
		     CONTENT_CERTIFICATE));
	cr_assert(eq(int, KIND("\x89PNG\r\n\x1a\n\0\0\0\rIHDR\x91\x82\x73\xf4\xe5\xd6"),
		     CONTENT_IMAGE));
}

Test(content, kinds_of_text)
{
	cr_assert(eq(int, KIND("{\"id\": 17, \"name\": \"one\", \"tags\": [\"a\", \"b\"]},\n"),
		     CONTENT_JSON));
	cr_assert(eq(int, KIND("SELECT id, name FROM orders WHERE id = 17 ORDER BY name;\n"),
		     CONTENT_SQL));
	cr_assert(eq(int, KIND("<row id='1'><cell>one</cell><cell/></row>\n"), CONTENT_XML));
	cr_assert(eq(int,
		     KIND("-----BEGIN CERTIFICATE-----\nMIIB+x/7Zk09\n-----END CERTIFICATE-----\n"),
		     CONTENT_PEM));
	cr_assert(eq(int, KIND("a line of a log: the order was taken, and the customer told\n"),
		     CONTENT_TEXT));
	cr_assert(eq(int, KIND("t\0e\0x\0t\0 \0i\0n\0 \0t\0w\0o\0 \0b\0y\0t\0e\0s\0"),
		     CONTENT_UTF16));
}

Test(content, kinds_of_numbers)
{
	uint64_t word = 0x7f3412345670, state = 88172645463325252;
	uint32_t number = 1;

	for (size_t i = 0; i + 8 <= sizeof(bytes); i += 8, word += 48)
		memcpy(bytes + i, &word, 8);
	cr_assert(eq(int, content_kind_of(bytes, sizeof(bytes)), CONTENT_POINTERS));
	for (size_t i = 0; i + 4 <= sizeof(bytes); i += 4, number = (number * 5 + 1) % 2000)
		memcpy(bytes + i, &number, 4);
	cr_assert(eq(int, content_kind_of(bytes, sizeof(bytes)), CONTENT_NUMBERS));
	for (size_t i = 0; i + 8 <= sizeof(bytes); i += 8) {
		state ^= state << 13;
		state ^= state >> 7;
		state ^= state << 17;
		memcpy(bytes + i, &state, 8);
	}
	cr_assert(eq(int, content_kind_of(bytes, sizeof(bytes)), CONTENT_DENSE));
	cr_assert(eq(int, content_kind_of(bytes, 256), CONTENT_DENSE));
}

static void check_names(const char *text, size_t len, const char *expected)
{
	struct span name;
	size_t at = 0, used = 0;
	char got[256] = "";

	while (content_take_name((const unsigned char *)text, len, &at, &name)) {
		memcpy(got + used, name.at, name.len);
		used += name.len;
		got[used++] = ' ';
		got[used] = '\0';
	}
	cr_assert(eq(str, got, (char *)expected));
}

Test(content, names_have_parts_and_are_not_cut)
{
	static const char TEXT[] =
		"va/util/Map$Entry;Ljava/util/List;com.acme.shop.Order a/b 1.2.3 "
		"x/y.z.w Upper/case/Name org/x/y";

	// The first is cut at its start, the last may be at its end.
	check_names(TEXT, sizeof(TEXT) - 1, "java/util/List com.acme.shop.Order ");
	check_names("\1\0\16java/util/List\1", 18, "java/util/List ");
}

Test(content, texts_are_runs_of_what_can_be_printed)
{
	static const unsigned char TEXT[] = "\1short\2a text of some length\3";
	struct span text;
	size_t at = 0;

	cr_assert(content_take_text(TEXT, sizeof(TEXT) - 1, 8, &at, &text));
	cr_assert(span_is(text, "a text of some length"));
	cr_assert(not(content_take_text(TEXT, sizeof(TEXT) - 1, 8, &at, &text)));
}
