// SPDX-License-Identifier: Apache-2.0
#include "parse/classloader_stats.h"

#include "base/arena.h"
#include "base/fail.h"
#include "parse/jcmd.h"

static bool take_counts(struct span *line, struct classloader_row *row)
{
	return span_take_dec(line, &row->classes) && span_take_dec(line, &row->chunk_raw) &&
	       span_take_dec(line, &row->block_raw);
}

static bool parse_loader(struct span line, struct arena *mem, struct classloader_row *out)
{
	struct span type;

	if (!jcmd_take_address(&line, &out->loader_at) ||
	    !jcmd_take_address(&line, &out->parent_at) || !jcmd_take_address(&line, &out->cld_at) ||
	    !take_counts(&line, out))
		return false;
	type = jcmd_trim(line);
	if (span_starts(type, "<boot"))
		type = SPAN("<boot>");
	out->type = arena_copy(mem, type.at, type.len);
	return type.len > 0;
}

// "      8      3072      1895   + hidden classes" belongs to the row above it.
static bool parse_hidden(struct span line, const struct classloader_row *owner,
			 struct classloader_row *out)
{
	struct classloader_row row = *owner;

	if (!take_counts(&line, &row) || !span_starts(jcmd_trim(line), "+ "))
		return false;
	row.hidden = true;
	row.cld_at = 0; // of several
	*out = row;
	return true;
}

static bool parse_total(struct span line, struct classloader_stats *out)
{
	uint64_t rows;

	return jcmd_skip_past(&line, "= ") && span_take_dec(&line, &rows) &&
	       span_take_dec(&line, &out->classes) && span_take_dec(&line, &out->chunk_raw) &&
	       span_take_dec(&line, &out->block_raw);
}

static bool sums_up(const struct classloader_stats *s)
{
	uint64_t classes = 0, chunks = 0, blocks = 0;

	for (size_t i = 0; i < s->count; i++) {
		classes += s->at[i].classes;
		chunks += s->at[i].chunk_raw;
		blocks += s->at[i].block_raw;
	}
	return classes == s->classes && chunks == s->chunk_raw && blocks == s->block_raw;
}

bool classloader_stats_parse(struct span text, struct arena *mem, struct classloader_stats *out,
			     struct fail *why)
{
	struct classloader_stats stats = { 0 };
	VEC(struct classloader_row) rows = { 0 };
	struct span line;
	bool has_total = false;

	while (span_take_line(&text, &line)) {
		struct classloader_row row = { 0 };

		if (span_starts(line, "Total"))
			has_total = parse_total(line, &stats);
		else if (parse_loader(line, mem, &row) ||
			 (rows.count && parse_hidden(line, &rows.at[rows.count - 1], &row)))
			vec_push(mem, &rows, row);
	}
	if (!rows.count)
		return fail(why, FAIL_ABSENT, "VM.classloader_stats: no loader in it");
	stats.at = rows.at;
	stats.count = rows.count;
	if (!has_total || !sums_up(&stats))
		return fail(why, FAIL_CORRUPT, "VM.classloader_stats: its rows do not sum up");
	*out = stats;
	return true;
}
