// SPDX-License-Identifier: Apache-2.0
#include "present/words.h"

#include <math.h>
#include <stdbool.h>
#include <string.h>

#include "base/arena.h"
#include "base/units.h"
#include "facts/snapshot.h"

// Length of the UTF-8 character at `s`, or 0 when there is none (broken, overlong, a surrogate).
static size_t utf8_length(const char *s)
{
	const unsigned char *u = (const unsigned char *)s;
	size_t len = u[0] < 0x80                   ? 1
		     : u[0] >= 0xc2 && u[0] < 0xe0 ? 2
		     : u[0] >= 0xe0 && u[0] < 0xf0 ? 3
		     : u[0] >= 0xf0 && u[0] < 0xf5 ? 4
						   : 0;

	for (size_t i = 1; i < len; i++)
		if ((u[i] & 0xc0) != 0x80)
			return 0;
	if ((u[0] == 0xe0 && u[1] < 0xa0) || (u[0] == 0xed && u[1] > 0x9f) ||
	    (u[0] == 0xf0 && u[1] < 0x90) || (u[0] == 0xf4 && u[1] > 0x8f))
		return 0;
	return len;
}

// C0, DEL, and C1 (which terminals take as escapes too).
static bool is_control(const char *s, size_t len)
{
	const unsigned char *u = (const unsigned char *)s;

	return (len == 1 && (u[0] < 0x20 || u[0] == 0x7f)) ||
	       (len == 2 && u[0] == 0xc2 && u[1] < 0xa0);
}

static char *replace(const char *text, struct arena *mem, const char *broken, bool controls)
{
	size_t broken_len = strlen(broken), used = 0;
	char *to = arena_get(mem, strlen(text) * (broken_len > 1 ? broken_len : 1) + 1);

	for (const char *s = text; *s;) {
		size_t len = utf8_length(s);

		if (!len || (controls && is_control(s, len))) {
			for (const char *b = broken; *b; b++)
				to[used++] = *b;
			s += len ? len : 1;
			continue;
		}
		memcpy(to + used, s, len);
		used += len;
		s += len;
	}
	return to;
}

const char *words_utf8(const char *text, struct arena *mem)
{
	return replace(text, mem, "\xef\xbf\xbd", false);
}

size_t words_columns(const char *text)
{
	size_t n = 0;

	for (; *text; text++)
		n += ((unsigned char)*text & 0xc0) != 0x80;
	return n;
}

// The first byte of character number `n`.
static char *character(char *text, size_t n)
{
	for (; *text; text++)
		if (((unsigned char)*text & 0xc0) != 0x80 && !n--)
			break;
	return text;
}

const char *words_clean(const char *text, size_t columns, struct arena *mem)
{
	char *clean = replace(text ? text : "", mem, "?", true);

	if (columns < 3 || words_columns(clean) <= columns)
		return clean;
	*character(clean, columns - 2) = '\0';
	return arena_format(mem, "%s..", clean);
}

const char *words_tail(const char *text, size_t columns, struct arena *mem)
{
	char *clean = replace(text ? text : "", mem, "?", true);
	size_t have = words_columns(clean);

	if (columns < 3 || have <= columns)
		return clean;
	return arena_format(mem, "..%s", character(clean, have - (columns - 2)));
}

const char *words_for_pid(const char *text, int pid, struct arena *mem)
{
	const char *hit = strstr(text, " PID");

	if (pid <= 0 || !hit || (hit[4] && strchr(" .,;", hit[4]) == NULL))
		return text;
	return arena_format(mem, "%.*s %d%s", (int)(hit - text), text, pid,
			    words_for_pid(hit + 4, pid, mem));
}

const char *words_of_commands(const char *text, bool (*has)(const char *name), struct arena *mem)
{
	static const char TOOL[] = "jledger ";

	for (const char *at = text; has && (at = strstr(at, TOOL)) != NULL;) {
		at += sizeof(TOOL) - 1;
		if (!has(arena_copy(mem, at, strcspn(at, " .,;)"))))
			return arena_format(mem, "%s (not in this version yet)", text);
	}
	return text;
}

void words_wrap(const char *text, size_t at, size_t indent, size_t width, FILE *to)
{
	bool fresh = true;

	while (*text) {
		size_t len, columns = 0;

		text += strspn(text, " \n");
		len = strcspn(text, " \n");
		if (!len)
			break;
		for (size_t i = 0; i < len; i++)
			columns += ((unsigned char)text[i] & 0xc0) != 0x80;
		if (!fresh && at + 1 + columns > width) {
			fprintf(to, "\n%*s", (int)indent, "");
			at = indent;
			fresh = true;
		}
		if (!fresh) {
			fputc(' ', to);
			at++;
		}
		fwrite(text, 1, len, to);
		at += columns;
		text += len;
		fresh = false;
	}
	fputc('\n', to);
}

const char *words_mb(uint64_t bytes, char to[16])
{
	if (bytes == UNKNOWN_BYTES)
		return memset(to, 0, 16);
	snprintf(to, 16, "%.1f", units_in_mb(bytes));
	return to;
}

const char *words_change(int64_t bytes, char to[16])
{
	double mb = (double)bytes / (double)MIB(1);

	if (fabs(mb) < 0.05)
		return memcpy(to, "0", 2);
	snprintf(to, 16, fabs(mb) < 9.95 ? "%+.1f" : "%+.0f", mb);
	return to;
}

const char *words_duration(double seconds, char to[16])
{
	if (seconds < 10 && seconds != floor(seconds))
		snprintf(to, 16, "%.1f s", seconds);
	else if (seconds < 120)
		snprintf(to, 16, "%.0f s", seconds);
	else if (seconds < 7200)
		snprintf(to, 16, "%.0f min", seconds / 60);
	else if (seconds < 172800)
		snprintf(to, 16, "%.1f h", seconds / 3600);
	else
		snprintf(to, 16, "%.1f d", seconds / 86400);
	return to;
}
