// SPDX-License-Identifier: Apache-2.0
#include "store/jsontext.h"

#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/fail.h"

json_t *jsontext_of(const char *text)
{
	static const char DIGITS[] = "0123456789abcdef";
	json_t *j = json_string(text); // NULL when it is not UTF-8
	size_t len = strlen(text);
	char *hex;

	if (j)
		return j;
	hex = malloc(2 * len + 1);
	if (!hex)
		abort();
	for (size_t i = 0; i < len; i++) {
		hex[2 * i] = DIGITS[(unsigned char)text[i] >> 4];
		hex[2 * i + 1] = DIGITS[(unsigned char)text[i] & 15];
	}
	hex[2 * len] = '\0';
	j = json_pack("{s:s}", "hex", hex);
	free(hex);
	return j;
}

static int digit_of(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

static const char *bytes_of_hex(const char *hex, size_t len, struct arena *mem)
{
	char *to = arena_get(mem, len / 2 + 1);

	if (len % 2)
		return NULL;
	for (size_t i = 0; i < len; i += 2) {
		int high = digit_of(hex[i]), low = digit_of(hex[i + 1]);

		if (high < 0 || low < 0 || !(high | low))
			return NULL;
		to[i / 2] = (char)(high << 4 | low);
	}
	return to;
}

const char *jsontext_get(const json_t *j, struct arena *mem)
{
	const json_t *hex = json_object_get(j, "hex");

	if (json_is_string(j))
		return arena_text(mem, json_string_value(j));
	if (json_is_string(hex))
		return bytes_of_hex(json_string_value(hex), json_string_length(hex), mem);
	return NULL;
}

json_t *jsontext_of_hex(uint64_t n)
{
	return json_sprintf("0x%" PRIx64, n);
}

bool jsontext_get_hex(const json_t *j, uint64_t *n)
{
	struct span s;

	if (!json_is_string(j))
		return false;
	s = span_of(json_string_value(j));
	return span_take_text(&s, "0x") && span_take_hex(&s, n) && !s.len;
}

bool jsontext_get_int(const json_t *j, int *n)
{
	json_int_t value = json_integer_value(j);

	if (!json_is_integer(j) || value < INT_MIN || value > INT_MAX)
		return false;
	*n = (int)value;
	return true;
}

struct span jsontext_print(json_t *j, struct arena *mem)
{
	char *text = json_dumps(j, JSON_INDENT(1));
	struct span out;

	if (!text)
		abort(); // only without memory: all that goes in was checked
	out.len = strlen(text);
	out.at = arena_copy(mem, text, out.len + 1);
	((char *)out.at)[out.len++] = '\n';
	free(text);
	json_decref(j);
	return out;
}

json_t *jsontext_parse(struct span text, const char *what, struct fail *why)
{
	json_error_t error;
	json_t *j = json_loadb(text.at, text.len, JSON_REJECT_DUPLICATES, &error);

	if (!j)
		fail(why, FAIL_CORRUPT, "%s is no JSON: it makes no sense at line %d", what,
		     error.line);
	return j;
}
