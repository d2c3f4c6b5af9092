// SPDX-License-Identifier: Apache-2.0
// The numbers, sizes and stamps of GC logs, read from the front of a piece of text.
//
// Each scan_*() reads at `*p`, moves `*p` behind what it took and returns true, or returns false and
// leaves it alone.  A decimal comma is taken for a point where digits stand on both sides.

#ifndef GCLOG_SCAN_H
#define GCLOG_SCAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

struct gc_change;

static inline bool scan_is_digit(char c)
{
	return (unsigned char)(c - '0') < 10;
}

static inline void scan_blanks(const char **p, const char *end)
{
	while (*p < end && (**p == ' ' || **p == '\t'))
		(*p)++;
}

static inline bool scan_text(const char **p, const char *end, const char *text, size_t len)
{
	if ((size_t)(end - *p) < len || **p != *text || memcmp(*p, text, len) != 0)
		return false;
	*p += len;
	return true;
}
#define SCAN_TEXT(p, end, literal) scan_text((p), (end), literal, sizeof(literal) - 1)

// For tables of words: most differ in their first letter, and that is cheap to see.
static inline bool scan_word(const char **p, const char *end, const char *word)
{
	return *p < end && **p == *word && scan_text(p, end, word, strlen(word));
}

const char *scan_find(const char *p, const char *end, const char *text); // NULL: not there

bool scan_number(const char **p, const char *end, double *value); // "12", "0.125", "0,125"
bool scan_integer(const char **p, const char *end, uint64_t *value);
bool scan_size(const char **p, const char *end, uint64_t *bytes); // "12K", "380.0M", "0.0B"
// "1K->2K(3K)", "1K(3K)->2K(3K)", "1M(2%)->3M(4%)"; the capacity may be missing.
bool scan_change(const char **p, const char *end, struct gc_change *out);
// "1K(3K)": used and capacity.
bool scan_used(const char **p, const char *end, uint64_t *used, uint64_t *capacity);
// "2017-04-07T23:14:28.415+0800", also with a blank for the T and ":" in the zone; seconds since
// 1970.  Without a zone the time counts as UTC.
bool scan_date(const char **p, const char *end, double *wall_s);
// What is behind the times that may stand before a record, without reading them.
static inline const char *scan_past_stamps(const char *p, const char *end)
{
	while (p < end && (scan_is_digit(*p) || *p == ':' || *p == '.' || *p == ',' || *p == '-' ||
			   *p == '+' || *p == ' ' || *p == 'Z' ||
			   (*p == 'T' && end - p > 1 && scan_is_digit(p[1]))))
		p++;
	return p;
}
// The times that stand before a record of JDK 5 to 8: "DATE: 12.345: ", any of them, also twice.
// Sets only what it finds; false: none was there.
bool scan_stamps(const char **p, const char *end, double *uptime_s, double *wall_s);
// Cuts `text` into a NUL-terminated field.
void scan_copy(char *to, size_t room, const char *p, const char *end);

#endif
