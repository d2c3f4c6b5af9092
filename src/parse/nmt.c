// SPDX-License-Identifier: Apache-2.0
#include "parse/nmt.h"

#include "base/arena.h"
#include "base/fail.h"
#include "parse/jcmd.h"

// "-                 Java Heap (reserved=131072KB, committed=78848KB)"
static bool parse_category(struct span line, struct arena *mem, struct nmt_category *out)
{
	size_t open;
	struct span name;

	if (!span_take_char(&line, '-') || !span_find(line, " (reserved=", &open) ||
	    !jcmd_find_size(line, "(reserved=", &out->reserved) ||
	    !jcmd_find_size(line, "committed=", &out->committed))
		return false;
	name = jcmd_trim((struct span){ line.at, open });
	if (!name.len || !*name.at)
		return false;
	out->category = arena_copy(mem, name.at, name.len);
	return true;
}

// "(malloc=74KB tag=Class #943) (peak=105KB #1070)": the count behind the first '#'.
static uint64_t count_in(struct span line)
{
	uint64_t count = 0;

	if (jcmd_skip_past(&line, "#"))
		span_take_dec(&line, &count);
	return count;
}

static void take_detail(struct span line, struct nmt_category *row)
{
	if (span_starts(line, "(malloc=")) {
		jcmd_find_size(line, "(malloc=", &row->malloc);
		row->malloc_count = count_in(line);
	} else if (span_starts(line, "(mmap:")) {
		jcmd_find_size(line, "reserved=", &row->mmap_reserved);
		jcmd_find_size(line, "committed=", &row->mmap_committed);
	} else if (span_starts(line, "(stack:")) {
		jcmd_find_size(line, "reserved=", &row->stack_reserved);
		jcmd_find_size(line, "committed=", &row->stack_committed);
	} else if (span_starts(line, "(arena=")) {
		jcmd_find_size(line, "(arena=", &row->arena);
		row->arena_count = count_in(line);
	} else if (span_starts(line, "(tracking overhead=")) {
		jcmd_find_size(line, "(tracking overhead=", &row->overhead);
	}
}

bool nmt_parse(struct span text, struct arena *mem, struct nmt *out, struct fail *why)
{
	VEC(struct nmt_category) rows = { 0 };
	struct nmt got = { 0 };
	struct span line;

	while (span_take_line(&text, &line)) {
		struct nmt_category row = { 0 };

		line = jcmd_trim(line);
		if (span_starts(line, "Total: reserved=")) {
			jcmd_find_size(line, "reserved=", &got.reserved);
			jcmd_find_size(line, "committed=", &got.committed);
		} else if (parse_category(line, mem, &row)) {
			vec_push(mem, &rows, row);
		} else if (rows.count) {
			take_detail(line, &rows.at[rows.count - 1]);
		}
	}
	if (!rows.count)
		return fail(why, FAIL_ABSENT,
			    "native memory tracking is off (-XX:NativeMemoryTracking=summary)");
	got.at = rows.at;
	got.count = rows.count;
	*out = got;
	return true;
}
