// SPDX-License-Identifier: Apache-2.0
#include "parse/jcmd.h"

#include <string.h>

static bool is_space(char c)
{
	return c == ' ' || c == '\t' || c == '\r';
}

struct span jcmd_trim(struct span s)
{
	while (s.len && is_space(*s.at))
		s = (struct span){ s.at + 1, s.len - 1 };
	while (s.len && is_space(s.at[s.len - 1]))
		s.len--;
	return s;
}

bool jcmd_skip_past(struct span *rest, const char *text)
{
	size_t at;

	if (!span_find(*rest, text, &at))
		return false;
	at += strlen(text);
	*rest = (struct span){ rest->at + at, rest->len - at };
	return true;
}

bool jcmd_find_last(struct span s, const char *text, size_t *offset)
{
	size_t len = strlen(text);

	if (!len || s.len < len)
		return false;
	for (size_t i = s.len - len + 1; i-- > 0;)
		if (!memcmp(s.at + i, text, len)) {
			*offset = i;
			return true;
		}
	return false;
}

static unsigned take_unit_shift(struct span *rest)
{
	static const struct {
		const char *text;
		unsigned shift;
	} UNITS[] = {
		{ "bytes", 0 }, { "KB", 10 }, { "Kb", 10 }, { "K", 10 }, { "MB", 20 },
		{ "M", 20 },    { "GB", 30 }, { "G", 30 },  { "B", 0 },
	};
	struct span s = *rest;

	span_skip_blanks(&s);
	for (size_t i = 0; i < sizeof(UNITS) / sizeof(UNITS[0]); i++)
		if (span_take_text(&s, UNITS[i].text)) {
			*rest = s;
			return UNITS[i].shift;
		}
	return 0;
}

bool jcmd_take_size(struct span *rest, uint64_t *bytes)
{
	struct span s = *rest;
	uint64_t whole, part = 0, scale = 1, scaled;
	unsigned shift;

	if (!span_take_dec(&s, &whole))
		return false;
	if (s.len > 1 && *s.at == '.' && s.at[1] >= '0' && s.at[1] <= '9') {
		size_t n = 1;

		for (; n < s.len && s.at[n] >= '0' && s.at[n] <= '9'; n++)
			if (scale < 1000000) {
				part = part * 10 + (uint64_t)(s.at[n] - '0');
				scale *= 10;
			}
		s = (struct span){ s.at + n, s.len - n };
	}
	shift = take_unit_shift(&s);
	if (__builtin_mul_overflow(whole, UINT64_C(1) << shift, &scaled) ||
	    __builtin_add_overflow(scaled, (part << shift) / scale, &scaled))
		return false;
	*rest = s;
	*bytes = scaled;
	return true;
}

bool jcmd_find_size(struct span line, const char *word, uint64_t *bytes)
{
	return jcmd_skip_past(&line, word) && jcmd_take_size(&line, bytes);
}

bool jcmd_take_address(struct span *rest, uint64_t *at)
{
	struct span s = *rest;

	span_skip_blanks(&s);
	if (!span_take_text(&s, "0x") || !span_take_hex(&s, at))
		return false;
	*rest = s;
	return true;
}

size_t jcmd_take_addresses(struct span *rest, uint64_t *at, size_t room)
{
	struct span s = *rest;
	size_t count = 0;

	if (!jcmd_skip_past(&s, "["))
		return 0;
	while (count < room && jcmd_take_address(&s, &at[count])) {
		count++;
		span_skip_blanks(&s);
		if (!span_take_char(&s, ','))
			break;
	}
	if (!count || (!span_take_char(&s, ')') && !span_take_char(&s, ']')))
		return 0;
	*rest = s;
	return count;
}
