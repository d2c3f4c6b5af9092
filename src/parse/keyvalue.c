// SPDX-License-Identifier: Apache-2.0
#include "parse/keyvalue.h"

#include <string.h>

// More than any machine has; v1 says "no limit" with 9223372036854771712.
static const uint64_t NO_LIMIT_FROM = UINT64_C(1) << 61;

static bool ends_key(char c)
{
	return c == ' ' || c == '\t' || c == ':' || c == '=';
}

bool keyvalue_find(struct span text, const char *key, struct span *value)
{
	struct span line;

	while (span_take_line(&text, &line)) {
		if (!span_take_text(&line, key) || !line.len || !ends_key(*line.at))
			continue;
		while (line.len && ends_key(*line.at))
			line = (struct span){ line.at + 1, line.len - 1 };
		while (line.len && ends_key(line.at[line.len - 1]))
			line.len--;
		*value = line;
		return true;
	}
	return false;
}

bool keyvalue_find_number(struct span text, const char *key, uint64_t *value)
{
	struct span rest;
	uint64_t n;

	if (!keyvalue_find(text, key, &rest) || !span_take_dec(&rest, &n))
		return false;
	span_skip_blanks(&rest);
	if (span_is(rest, "kB") && __builtin_mul_overflow(n, 1024, &n))
		return false;
	*value = n;
	return true;
}

bool keyvalue_parse_limit(struct span text, uint64_t *bytes)
{
	uint64_t n;

	if (span_starts(text, "max")) {
		*bytes = UINT64_MAX;
		return true;
	}
	if (!span_take_dec(&text, &n))
		return false;
	*bytes = n >= NO_LIMIT_FROM ? UINT64_MAX : n;
	return true;
}
