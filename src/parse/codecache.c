// SPDX-License-Identifier: Apache-2.0
#include "parse/codecache.h"

#include "base/arena.h"
#include "base/fail.h"
#include "base/units.h"
#include "parse/jcmd.h"

// "CodeHeap 'profiled nmethods': size=.." or "CodeCache: size=..".
static bool parse_head(struct span line, struct arena *mem, struct codecache_row *out)
{
	struct span name, rest = line;

	if (span_take_text(&rest, "CodeHeap '")) {
		if (!span_take_until(&rest, '\'', &name))
			return false;
	} else if (span_take_text(&rest, "CodeCache:")) {
		name = SPAN("CodeCache");
	} else {
		return false;
	}
	if (!jcmd_find_size(rest, " used=", &out->used))
		return false;
	out->name = arena_copy(mem, name.at, name.len);
	return true;
}

static bool parse_bounds(struct span line, struct codecache_row *out)
{
	uint64_t at[3];

	if (!span_take_text(&line, "bounds ") || jcmd_take_addresses(&line, at, 3) != 3 ||
	    at[0] >= at[2] || at[1] < at[0] || at[1] > at[2] || at[0] != units_page_down(at[0]) ||
	    at[1] != units_page_down(at[1]) || at[2] != units_page_down(at[2]) ||
	    out->used > at[1] - at[0])
		return false;
	out->start = at[0];
	out->high = at[1];
	out->end = at[2];
	return true;
}

bool codecache_parse(struct span text, struct arena *mem, struct codecache *out, struct fail *why)
{
	VEC(struct codecache_row) rows = { 0 };
	struct codecache_row row = { 0 };
	struct span line;

	while (span_take_line(&text, &line)) {
		struct codecache_row head = { 0 };

		line = jcmd_trim(line);
		if (parse_head(line, mem, &head)) {
			row = head; // JDK 25 ends with a total that has no bounds
		} else if (row.name && span_starts(line, "bounds ")) {
			if (!parse_bounds(line, &row))
				return fail(why, FAIL_CORRUPT,
					    "Compiler.codecache: the bounds of '%s' make no sense",
					    row.name);
			vec_push(mem, &rows, row);
			row.name = NULL;
		}
	}
	if (!rows.count)
		return fail(why, FAIL_ABSENT, "Compiler.codecache: no code heap in it");
	*out = (struct codecache){ rows.at, rows.count };
	return true;
}
