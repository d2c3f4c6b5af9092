// SPDX-License-Identifier: Apache-2.0
#include "parse/vm_flags.h"

#include "base/arena.h"
#include "base/fail.h"
#include "parse/jcmd.h"

// The text in the last braces of `rest`, which is cut off there.
static bool cut_braces(struct span *rest, struct span *out)
{
	struct span s = jcmd_trim(*rest);
	size_t open;

	if (!s.len || s.at[s.len - 1] != '}' || !jcmd_find_last(s, "{", &open))
		return false;
	*out = (struct span){ s.at + open + 1, s.len - open - 2 };
	*rest = jcmd_trim((struct span){ s.at, open });
	return true;
}

// "{product} {command line, ergonomic}": the first word group says where the value came from.
static const char *origin_of(struct span braces, struct arena *mem)
{
	size_t comma;

	if (span_find(braces, ",", &comma))
		braces.len = comma;
	braces = jcmd_trim(braces);
	return arena_copy(mem, braces.at, braces.len);
}

static bool parse_flag(struct span line, struct arena *mem, struct vm_flags_row *out)
{
	struct span type, name, equals, last, kind;

	if (!span_take_word(&line, &type) || !span_take_word(&line, &name) ||
	    !span_take_word(&line, &equals) || (!span_is(equals, "=") && !span_is(equals, ":=")) ||
	    !cut_braces(&line, &last))
		return false;
	// JDK 8 has the kind alone; ":=" there means "not the default".
	if (cut_braces(&line, &kind))
		out->origin = origin_of(last, mem);
	else
		out->origin = span_is(equals, ":=") ? "command line" : "default";
	out->type = arena_copy(mem, type.at, type.len);
	out->name = arena_copy(mem, name.at, name.len);
	out->value = arena_copy(mem, line.at, line.len);
	return true;
}

bool vm_flags_parse(struct span text, struct arena *mem, struct vm_flags *out, struct fail *why)
{
	VEC(struct vm_flags_row) rows = { 0 };
	struct span line;

	while (span_take_line(&text, &line)) {
		struct vm_flags_row row;

		if (parse_flag(line, mem, &row))
			vec_push(mem, &rows, row);
	}
	if (!rows.count)
		return fail(why, FAIL_ABSENT, "VM.flags: no flag in it");
	*out = (struct vm_flags){ rows.at, rows.count };
	return true;
}
