// SPDX-License-Identifier: Apache-2.0
// Bytes that are somebody else's, looked at: a pointer and a length, no NUL behind them.
//
// Parsers eat spans from the front: span_take_*() moves `rest` behind what it found and returns
// true. Where the thing asked for is not there it returns false and leaves `rest` alone.

#ifndef BASE_SPAN_H
#define BASE_SPAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct span {
	const char *at;
	size_t len;
};

#define SPAN(literal) ((struct span){ (literal), sizeof(literal) - 1 })

struct span span_of(const char *text); // of a C string; the text must outlive it
bool span_take_line(struct span *rest, struct span *line); // without its newline
bool span_take_word(struct span *rest, struct span *word); // skips blanks and tabs before it
bool span_take_char(struct span *rest, char c);
bool span_take_text(struct span *rest, const char *text); // exactly these bytes
bool span_take_until(struct span *rest, char c,
		     struct span *out);   // takes c too, leaves it out of `out`
void span_skip_blanks(struct span *rest); // blanks and tabs
// Numbers fail on overflow instead of wrapping.  span_take_dec skips blanks first.
bool span_take_hex(struct span *rest, uint64_t *value);
bool span_take_dec(struct span *rest, uint64_t *value);
bool span_is(struct span s, const char *text);
bool span_starts(struct span s, const char *text);
bool span_find(struct span s, const char *text, size_t *offset); // the first occurrence

#endif
