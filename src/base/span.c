// SPDX-License-Identifier: Apache-2.0
#include "base/span.h"

#include <string.h>

static void advance(struct span *s, size_t n)
{
	s->at += n;
	s->len -= n;
}

static bool is_blank(char c)
{
	return c == ' ' || c == '\t';
}

struct span span_of(const char *text)
{
	return (struct span){ text, strlen(text) };
}

bool span_take_until(struct span *rest, char c, struct span *out)
{
	const char *hit = rest->len ? memchr(rest->at, c, rest->len) : NULL;

	if (!hit)
		return false;
	*out = (struct span){ rest->at, (size_t)(hit - rest->at) };
	advance(rest, out->len + 1);
	return true;
}

bool span_take_line(struct span *rest, struct span *line)
{
	if (!rest->len)
		return false;
	if (span_take_until(rest, '\n', line))
		return true;
	*line = *rest;
	advance(rest, rest->len);
	return true;
}

void span_skip_blanks(struct span *rest)
{
	while (rest->len && is_blank(*rest->at))
		advance(rest, 1);
}

bool span_take_word(struct span *rest, struct span *word)
{
	struct span s = *rest;
	size_t n = 0;

	span_skip_blanks(&s);
	while (n < s.len && !is_blank(s.at[n]))
		n++;
	if (!n)
		return false;
	*word = (struct span){ s.at, n };
	advance(&s, n);
	*rest = s;
	return true;
}

bool span_take_char(struct span *rest, char c)
{
	if (!rest->len || *rest->at != c)
		return false;
	advance(rest, 1);
	return true;
}

bool span_take_text(struct span *rest, const char *text)
{
	if (!span_starts(*rest, text))
		return false;
	advance(rest, strlen(text));
	return true;
}

static unsigned digit_of(char c)
{
	if (c >= '0' && c <= '9')
		return (unsigned)(c - '0');
	if (c >= 'a' && c <= 'f')
		return (unsigned)(c - 'a' + 10);
	if (c >= 'A' && c <= 'F')
		return (unsigned)(c - 'A' + 10);
	return 99;
}

static bool take_number(struct span *rest, unsigned base, uint64_t *value)
{
	uint64_t v = 0;
	size_t n = 0;

	for (; n < rest->len && digit_of(rest->at[n]) < base; n++)
		if (__builtin_mul_overflow(v, base, &v) ||
		    __builtin_add_overflow(v, digit_of(rest->at[n]), &v))
			return false;
	if (!n)
		return false;
	advance(rest, n);
	*value = v;
	return true;
}

bool span_take_hex(struct span *rest, uint64_t *value)
{
	return take_number(rest, 16, value);
}

bool span_take_dec(struct span *rest, uint64_t *value)
{
	struct span s = *rest;

	span_skip_blanks(&s);
	if (!take_number(&s, 10, value))
		return false;
	*rest = s;
	return true;
}

bool span_is(struct span s, const char *text)
{
	return s.len == strlen(text) && !memcmp(s.at, text, s.len);
}

bool span_starts(struct span s, const char *text)
{
	size_t len = strlen(text);

	return s.len >= len && !memcmp(s.at, text, len);
}

bool span_find(struct span s, const char *text, size_t *offset)
{
	size_t len = strlen(text);
	const char *hit = len && s.len >= len ? memmem(s.at, s.len, text, len) : NULL;

	if (!hit)
		return false;
	*offset = (size_t)(hit - s.at);
	return true;
}
