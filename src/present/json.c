// SPDX-License-Identifier: Apache-2.0
#include "present/json.h"

#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/arena.h"
#include "facts/snapshot.h"
#include "present/words.h"

json_t *json_of_text(const char *text)
{
	struct arena mem = { 0 };
	json_t *value;

	if (!text)
		return json_null();
	value = json_string(text); // NULL when it is no UTF-8
	if (!value) {
		value = json_string(words_utf8(text, &mem));
		arena_drop(&mem);
	}
	return value;
}

json_t *json_of_bytes(uint64_t bytes)
{
	if (bytes == UNKNOWN_BYTES)
		return json_null();
	return bytes > INT64_MAX ? json_real((double)bytes) : json_integer((json_int_t)bytes);
}

json_t *json_of_address(uint64_t at)
{
	char text[24];

	snprintf(text, sizeof(text), "0x%" PRIx64, at);
	return json_string(text);
}

json_t *json_of_seconds(double seconds)
{
	// To the microsecond: finer digits are noise of the clock and of its conversion.
	return isfinite(seconds) ? json_real(round(seconds * 1e6) / 1e6) : json_null();
}

json_t *json_of_number(double value)
{
	if (!isfinite(value))
		return json_null();
	if (value == floor(value) && fabs(value) < 9e15)
		return json_integer((json_int_t)value);
	return json_real(value);
}

json_t *json_of_time(int64_t unix_s)
{
	time_t t = (time_t)unix_s;
	char text[32];
	struct tm tm;

	if (!gmtime_r(&t, &tm) || !strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%SZ", &tm))
		return json_null();
	return json_string(text);
}

void json_set(json_t *object, const char *key, json_t *value)
{
	json_object_set_new(object, key, value);
}

void json_add(json_t *array, json_t *value)
{
	json_array_append_new(array, value);
}

// jansson's integers are signed.  A larger number travels as a string behind this mark (a control
// character, which jansson always escapes) and loses its quotes when it is printed.
#define UNSIGNED_MARK    "\x01u64:"
#define UNSIGNED_ESCAPED "\"\\u0001u64:"

json_t *json_of_unsigned(uint64_t value)
{
	char text[32];

	if (value <= INT64_MAX)
		return json_integer((json_int_t)value);
	snprintf(text, sizeof(text), UNSIGNED_MARK "%" PRIu64, value);
	return json_string(text);
}

// Prints one number that stands behind a mark and returns what follows it, or NULL when only
// something else does: then the string was the target's own.
static const char *print_unsigned(const char *digits, FILE *to)
{
	size_t n = strspn(digits, "0123456789");

	if (!n || digits[n] != '"')
		return NULL;
	fwrite(digits, 1, n, to);
	return digits + n + 1;
}

static void print_text(const char *text, FILE *to)
{
	for (const char *mark; (mark = strstr(text, UNSIGNED_ESCAPED));) {
		const char *after = mark + strlen(UNSIGNED_ESCAPED);
		const char *rest;

		fwrite(text, 1, (size_t)(mark - text), to);
		rest = print_unsigned(after, to);
		if (!rest)
			fwrite(mark, 1, strlen(UNSIGNED_ESCAPED), to);
		text = rest ? rest : after;
	}
	fputs(text, to);
}

void json_print(json_t *object, FILE *to)
{
	char *text = json_dumps(object, JSON_COMPACT | JSON_REAL_PRECISION(15));

	if (text)
		print_text(text, to);
	fputc('\n', to);
	free(text);
	json_decref(object);
}
