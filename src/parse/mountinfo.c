// SPDX-License-Identifier: Apache-2.0
#include "parse/mountinfo.h"

#include "base/arena.h"
#include "base/fail.h"

enum { MOUNT_LIMIT = 100000 }; // as fs.mount-max

static bool is_octal(char c)
{
	return c >= '0' && c <= '7';
}

// Escapes are a backslash and three octal digits: blank, tab, newline, backslash, '#'.
static const char *unescape(struct span s, struct arena *mem)
{
	char *out = arena_get(mem, s.len + 1);
	size_t n = 0;

	for (size_t i = 0; i < s.len; i++) {
		unsigned value;

		if (s.at[i] != '\\' || s.len - i < 4 || !is_octal(s.at[i + 1]) ||
		    !is_octal(s.at[i + 2]) || !is_octal(s.at[i + 3])) {
			out[n++] = s.at[i];
			continue;
		}
		value = (unsigned)(s.at[i + 1] - '0') << 6 | (unsigned)(s.at[i + 2] - '0') << 3 |
			(unsigned)(s.at[i + 3] - '0');
		out[n++] = (char)value;
		i += 3;
	}
	return out;
}

struct fields {
	struct span root, point, type, super_options;
};

static bool take_fields(struct span line, struct mount *out, struct fields *f)
{
	struct span word;
	uint64_t major, minor;

	if (!span_take_dec(&line, &out->id) || !span_take_dec(&line, &out->parent) ||
	    !span_take_dec(&line, &major) || !span_take_char(&line, ':') ||
	    !span_take_dec(&line, &minor) || major > UINT32_MAX || minor > UINT32_MAX ||
	    !span_take_word(&line, &f->root) || !span_take_word(&line, &f->point) ||
	    !span_take_word(&line, &word))
		return false;
	do { // optional fields end at a lone hyphen
		if (!span_take_word(&line, &word))
			return false;
	} while (!span_is(word, "-"));
	if (!span_take_word(&line, &f->type) || !span_take_word(&line, &word))
		return false;
	if (!span_take_word(&line, &f->super_options))
		f->super_options = SPAN("");
	out->dev_major = (uint32_t)major;
	out->dev_minor = (uint32_t)minor;
	return true;
}

bool mountinfo_parse(struct span text, const char *type, struct arena *mem, struct mountinfo *out,
		     struct fail *why)
{
	VEC(struct mount) found = { 0 };
	struct span line;
	size_t number = 0;

	while (span_take_line(&text, &line)) {
		struct mount m = { 0 };
		struct fields f;

		if (++number > MOUNT_LIMIT || !take_fields(line, &m, &f))
			return fail(why, FAIL_CORRUPT, "mountinfo: line %zu makes no sense",
				    number);
		if (!span_starts(f.type, type))
			continue;
		m.root = unescape(f.root, mem);
		m.point = unescape(f.point, mem);
		m.type = unescape(f.type, mem);
		m.super_options = unescape(f.super_options, mem);
		vec_push(mem, &found, m);
	}
	*out = (struct mountinfo){ found.at, found.count };
	return true;
}

bool mountinfo_has_option(const struct mount *m, const char *option)
{
	struct span rest = span_of(m->super_options), one;

	while (span_take_until(&rest, ',', &one))
		if (span_is(one, option))
			return true;
	return span_is(rest, option);
}
