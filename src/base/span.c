// SPDX-License-Identifier: Apache-2.0
#include "base/span.h"

#include <string.h>

// The first `n` bytes of `s`, which loses them.
static struct span cut(struct span *s, size_t n)
{
	struct span front = { s->at, n };

	s->at += n;
	s->len -= n;
	return front;
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
	*out = cut(rest, (size_t)(hit - rest->at));
	cut(rest, 1);
	return true;
}

bool span_take_line(struct span *rest, struct span *line)
{
	if (!rest->len)
		return false;
	if (!span_take_until(rest, '\n', line))
		*line = cut(rest, rest->len); // the last one, without a newline
	return true;
}

void span_skip_blanks(struct span *rest)
{
	while (rest->len && is_blank(*rest->at))
		cut(rest, 1);
}

bool span_take_word(struct span *rest, struct span *word)
{
	struct span after = *rest;
	const char *start;

	span_skip_blanks(&after);
	for (start = after.at; after.len && !is_blank(*after.at);)
		cut(&after, 1);
	if (after.at == start)
		return false;
	*word = (struct span){ start, (size_t)(after.at - start) };
	*rest = after;
	return true;
}

bool span_take_char(struct span *rest, char c)
{
	bool there = rest->len && *rest->at == c;

	if (there)
		cut(rest, 1);
	return there;
}

bool span_take_text(struct span *rest, const char *text)
{
	bool there = span_starts(*rest, text);

	if (there)
		cut(rest, strlen(text));
	return there;
}

// 0 to 15, or more than any base has.
static unsigned digit_of(char c)
{
	unsigned lower = (unsigned char)c | 0x20u;

	if (c >= '0' && c <= '9')
		return (unsigned)(c - '0');
	return lower >= 'a' && lower <= 'f' ? lower - 'a' + 10 : 16;
}

static bool take_number(struct span *rest, unsigned base, uint64_t *value)
{
	struct span after = *rest;
	uint64_t sum = 0;

	for (; after.len && digit_of(*after.at) < base; cut(&after, 1))
		if (__builtin_mul_overflow(sum, base, &sum) ||
		    __builtin_add_overflow(sum, digit_of(*after.at), &sum))
			return false;
	if (after.at == rest->at)
		return false;
	*value = sum;
	*rest = after;
	return true;
}

bool span_take_hex(struct span *rest, uint64_t *value)
{
	return take_number(rest, 16, value);
}

bool span_take_dec(struct span *rest, uint64_t *value)
{
	struct span after = *rest;
	bool there;

	span_skip_blanks(&after);
	there = take_number(&after, 10, value);
	if (there)
		*rest = after;
	return there;
}

bool span_is(struct span s, const char *text)
{
	return s.len == strlen(text) && (!s.len || !memcmp(s.at, text, s.len));
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
