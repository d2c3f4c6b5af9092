// SPDX-License-Identifier: Apache-2.0
#include "present/drill_text.h"

#include <inttypes.h>

#include "base/arena.h"
#include "base/units.h"
#include "present/drill.h"
#include "present/nmt_text.h"
#include "present/report.h"
#include "present/rows.h"
#include "present/words.h"

enum {
	WIDTH = 79,
	WIDEST = 16, // columns
};

struct printer {
	const struct report *r;
	const struct ledger *l;
	struct table table;
	struct arena mem;
	FILE *to;
};

static void print_mappings(struct printer *p, size_t limit)
{
	struct mapping_total *totals = drill_mappings(p->l, &p->mem);
	size_t count = p->r->now->mappings.count;
	size_t *order = arena_array(&p->mem, size_t, count + 1);
	uint64_t *sizes = arena_array(&p->mem, uint64_t, count + 1);
	size_t shown = 0, held = 0;

	for (size_t i = 0; i < count; i++) {
		sizes[i] = totals[i].resident;
		held += totals[i].resident || totals[i].swap;
	}
	drill_order(sizes, count, &p->mem, order);
	p->table = (struct table){ MAPPING_COLUMNS, MC_COUNT, p->to, p->r->colour, NULL, 0 };
	table_print_head(&p->table);
	for (size_t i = 0; i < count; i++) {
		const struct mapping_total *t = &totals[order[i]];
		struct cell row[MC_COUNT];
		char perms[5];

		// What nobody claims is never cut off: ignorance has a size and an address.
		if ((!t->resident && !t->swap) || (shown >= limit && !t->unaccounted))
			continue;
		rows_mapping(p->l, t, row, perms);
		table_print_row(&p->table, row);
		shown++;
	}
	if (shown < held)
		fprintf(p->to, "%zu more with pages: --top 0\n", held - shown);
	for (size_t i = 0; i < p->l->unknowns.count; i++) {
		const struct unaccounted_row *u = &p->l->unknowns.at[i];
		char size[16];

		fputs("  ", p->to);
		words_wrap(arena_format(&p->mem, "%" PRIx64 ": %s unaccounted, %s", u->start,
					units_print_size(u->resident, size),
					words_clean(u->looks_like, 0, &p->mem)),
			   2, 4, WIDTH, p->to);
	}
}

typedef void row_maker(const struct ledger *l, size_t row, uint64_t resident, struct cell *out);

struct drill_kind {
	enum claim_table table;
	const struct column *columns;
	size_t column_count;
	row_maker *make;
	const char *nothing;
};

static const struct drill_kind DRILLS[] = {
	[BY_THREAD] = { CLAIM_OF_THREAD, THREAD_COLUMNS, TC_COUNT, rows_thread,
			"no thread could be listed" },
	[BY_LOADER] = { CLAIM_OF_LOADER, LOADER_COLUMNS, LC_COUNT, rows_loader,
			"no loader could be listed" },
	[BY_ARENA] = { CLAIM_OF_ARENA, ARENA_COLUMNS, RC_COUNT, rows_arena,
		       "no arena could be listed" },
};

static size_t drill_rows(const struct report *r)
{
	return r->by == BY_THREAD   ? r->now->threads.count
	       : r->by == BY_LOADER ? r->now->loaders.count
				    : r->now->arenas.count;
}

static void print_rows(struct printer *p, size_t limit)
{
	const struct drill_kind *k = &DRILLS[p->r->by];
	struct cell row[WIDEST];
	uint64_t rest = 0, sum = 0;
	struct drill d;
	char mb[16];

	drill_table(p->l, k->table, drill_rows(p->r), &p->mem, &d);
	if (!d.count) {
		fprintf(p->to, "%s\n", k->nothing);
		return;
	}
	p->table = (struct table){ k->columns, k->column_count, p->to, p->r->colour, NULL, 0 };
	table_print_head(&p->table);
	for (size_t i = 0; i < d.count; i++) {
		uint64_t resident = d.resident[d.order[i]];

		sum += resident;
		if (i >= limit) {
			rest += resident;
			continue;
		}
		k->make(p->l, d.order[i], resident, row);
		table_print_row(&p->table, row);
	}
	if (d.count > limit)
		fprintf(p->to, "%zu more with %s MB: --top 0\n", d.count - limit,
			words_mb(rest, mb));
	fprintf(p->to, "sum of %zu: %s MB resident\n", d.count, words_mb(sum, mb));
}

void drill_text_print(const struct report *r, size_t limit, FILE *to)
{
	struct printer p = { .r = r, .l = r->ledger, .to = to };

	if (r->by == BY_MAPPING)
		print_mappings(&p, limit);
	else if (r->by == BY_CATEGORY)
		nmt_text_categories(r, limit, to);
	else if (r->by == BY_SITE)
		nmt_text_sites(r, limit, to);
	else
		print_rows(&p, limit);
	arena_drop(&p.mem);
}
