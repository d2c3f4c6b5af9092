// SPDX-License-Identifier: Apache-2.0
#include "parse/thread_print.h"

#include "base/arena.h"
#include "base/fail.h"
#include "parse/jcmd.h"

enum { NID_LIMIT = 1 << 22 }; // PID_MAX_LIMIT

// `"NAME" #7 [4711] daemon prio=5 .. tid=0x.. nid=0x2377 runnable  [0x..]`.  The name may hold
// anything, quotes and "nid=" too; behind it no quote follows.
static bool parse_head(struct span line, struct arena *mem, struct thread_print_row *out)
{
	uint64_t sp = 0;
	size_t quote, tid;
	struct span rest, stack;

	if (!span_take_char(&line, '"') || !jcmd_find_last(line, "\"", &quote))
		return false;
	rest = (struct span){ line.at + quote + 1, line.len - quote - 1 };
	if (!jcmd_find_last(rest, " tid=0x", &tid))
		return false;
	out->java = span_starts(rest, " #");
	rest = (struct span){ rest.at + tid, rest.len - tid };
	if (!jcmd_skip_past(&rest, " nid="))
		return false;
	// Hexadecimal up to JDK 20, decimal since.
	if (span_take_text(&rest, "0x") ? !span_take_hex(&rest, &out->nid)
					: !span_take_dec(&rest, &out->nid))
		return false;
	if (!out->nid || out->nid > NID_LIMIT)
		return false;
	stack = rest;
	if (jcmd_take_addresses(&stack, &sp, 1))
		out->stack_at = sp;
	out->name = arena_copy(mem, line.at, quote);
	return true;
}

bool thread_print_parse(struct span text, struct arena *mem, struct thread_print *out,
			struct fail *why)
{
	VEC(struct thread_print_row) rows = { 0 };
	struct span line;

	while (span_take_line(&text, &line)) {
		struct thread_print_row row = { 0 };

		if (parse_head(line, mem, &row))
			vec_push(mem, &rows, row);
	}
	if (!rows.count)
		return fail(why, FAIL_ABSENT, "Thread.print: no thread in it");
	*out = (struct thread_print){ rows.at, rows.count };
	return true;
}
