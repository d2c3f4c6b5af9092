// SPDX-License-Identifier: Apache-2.0
#include "present/nmt_text.h"

#include <string.h>

#include "base/arena.h"
#include "ledger/categories.h"
#include "present/category_rows.h"
#include "present/drill.h"
#include "present/report.h"
#include "present/words.h"

enum { WIDTH = 79 };

// False, and said, when there is nothing to show.
static bool has_rows(const struct report *r, FILE *to)
{
	const struct nmt_facts *nmt = &r->now->nmt;

	if (nmt->known)
		return true;
	if (nmt->level && !strcmp(nmt->level, "off"))
		fputs("the VM does not track its memory: -XX:NativeMemoryTracking=summary\n", to);
	else
		fprintf(to, "no category is known%s%s\n", nmt->why_not ? ": " : "",
			nmt->why_not ? nmt->why_not : "");
	return false;
}

// Categories that round to nothing are left to --top 0 and --json, unless they grew or shrank.
static bool worth_a_line(const struct cell row[CC_COUNT])
{
	const uint64_t least = 52429; // what rounds to 0.1 MB

	return !row[CC_COMMITTED].known || row[CC_COMMITTED].number >= least ||
	       (row[CC_GROWTH].known && (row[CC_GROWTH].change >= (int64_t)least ||
					 row[CC_GROWTH].change <= -(int64_t)least));
}

static void print_sum(const struct report *r, FILE *to)
{
	const struct nmt_facts *nmt = &r->now->nmt;
	char committed[16], reserved[16], change[16];
	int64_t growth;

	fprintf(to, "sum of %zu: %s MB committed, %s MB reserved", nmt->rows.count,
		nmt->committed == UNKNOWN_BYTES ? "?" : words_mb(nmt->committed, committed),
		nmt->reserved == UNKNOWN_BYTES ? "?" : words_mb(nmt->reserved, reserved));
	if (r->now != r->first && categories_growth_of_all(nmt, &r->first->nmt, &growth))
		fprintf(to, ", %s MB", words_change(growth, change));
	fputc('\n', to);
}

void nmt_text_categories(const struct report *r, size_t limit, FILE *to)
{
	const struct nmt_facts *nmt = &r->now->nmt;
	struct table t = { CATEGORY_COLUMNS, CC_COUNT, to, r->colour, NULL, 0 };
	struct arena mem = { 0 };
	uint64_t *sizes = arena_array(&mem, uint64_t, nmt->rows.count + 1);
	size_t *order = arena_array(&mem, size_t, nmt->rows.count + 1);
	char window[16];

	if (has_rows(r, to)) {
		if (r->now != r->first)
			t.changed = words_duration(r->window_s, window);
		for (size_t i = 0; i < nmt->rows.count; i++)
			sizes[i] = nmt->rows.at[i].committed;
		drill_order(sizes, nmt->rows.count, &mem, order);
		table_print_head(&t);
		for (size_t i = 0; i < nmt->rows.count && i < limit; i++) {
			struct cell row[CC_COUNT];

			category_rows_make(r, order[i], row);
			if (r->all_rows || worth_a_line(row))
				table_print_row(&t, row);
		}
		print_sum(r, to);
	}
	arena_drop(&mem);
}

enum site_column {
	SITE_BYTES,
	SITE_COUNT,
	SITE_GROWTH,
	SITE_GAP,
	SITE_KIND,
	SITE_CATEGORY,
	SITE_COLUMNS
};

static const struct column SITES[SITE_COLUMNS] = {
	[SITE_BYTES] = { NULL, "committed", 10, COLUMN_BYTES, "of its blocks or ranges" },
	[SITE_COUNT] = { NULL, "count", 9, COLUMN_COUNT, "blocks or ranges" },
	[SITE_GROWTH] = { NULL, "", 9, COLUMN_CHANGE, "within the window" },
	[SITE_GAP] = { NULL, "", 2, COLUMN_TEXT, "" },
	[SITE_KIND] = { NULL, "kind", 8, COLUMN_TEXT, "malloc or mmap" },
	[SITE_CATEGORY] = { NULL, "category", 30, COLUMN_TEXT, "the VM's name for it" },
};

static void print_stack(const struct nmt_site_row *s, FILE *to)
{
	enum { INDENT = 4, NAME_WIDTH = WIDTH - 8 };
	struct arena mem = { 0 };
	const char *text = "";

	for (size_t i = 0; i < s->frames; i++)
		text = arena_format(&mem, "%s%s%s", text, i ? " < " : "",
				    words_tail(s->frame[i], NAME_WIDTH, &mem));
	fputs("    ", to);
	words_wrap(*text ? text : "(no call stack)", INDENT, INDENT, WIDTH, to);
	arena_drop(&mem);
}

static void print_site(const struct table *t, const struct nmt_site_row *s,
		       const struct categories_sites *first)
{
	int64_t growth = 0;
	bool grown = first && categories_site_growth(first, s, &growth);
	const struct cell row[SITE_COLUMNS] = {
		[SITE_BYTES] = cell_bytes(s->committed),
		[SITE_COUNT] = cell_count(s->count),
		[SITE_GROWTH] = cell_change(growth, grown),
		[SITE_KIND] = cell_text(s->mapped ? "mmap" : "malloc"),
		[SITE_CATEGORY] = cell_text(s->category),
	};

	table_print_row(t, row);
	print_stack(s, t->to);
}

// Those that grew or hold the most, the greatest first.
static void order_sites(const struct report *r, const struct categories_sites *first,
			struct arena *mem, size_t *order)
{
	const struct nmt_facts *nmt = &r->now->nmt;
	uint64_t *sizes = arena_array(mem, uint64_t, nmt->sites.count + 1);

	for (size_t i = 0; i < nmt->sites.count; i++) {
		int64_t growth = 0;

		sizes[i] = nmt->sites.at[i].committed;
		if (first && categories_site_growth(first, &nmt->sites.at[i], &growth))
			sizes[i] = growth > 0 ? (uint64_t)growth : 0;
	}
	drill_order(sizes, nmt->sites.count, mem, order);
}

void nmt_text_sites(const struct report *r, size_t limit, FILE *to)
{
	const struct nmt_facts *nmt = &r->now->nmt;
	struct table t = { SITES, SITE_COLUMNS, to, r->colour, NULL, 0 };
	bool grown = r->now != r->first;
	struct categories_sites first;
	struct arena mem = { 0 };
	size_t *order;
	char window[16];

	if (!has_rows(r, to))
		return;
	if (!nmt->sites_known) {
		fputs("no call site is known: they need -XX:NativeMemoryTracking=detail\n", to);
		return;
	}
	if (grown) {
		t.changed = words_duration(r->window_s, window);
		categories_index_sites(&r->first->nmt, &mem, &first);
	}
	order = arena_array(&mem, size_t, nmt->sites.count + 1);
	order_sites(r, grown ? &first : NULL, &mem, order);
	table_print_head(&t);
	for (size_t i = 0; i < nmt->sites.count && i < limit; i++)
		print_site(&t, &nmt->sites.at[order[i]], grown ? &first : NULL);
	if (nmt->sites.count > limit)
		fprintf(to, "%zu more: --top 0\n", nmt->sites.count - limit);
	arena_drop(&mem);
}
