// SPDX-License-Identifier: Apache-2.0
#include "present/drill_json.h"

#include "base/arena.h"
#include "present/drill.h"
#include "present/json.h"
#include "present/nmt_json.h"
#include "present/report.h"
#include "present/rows.h"

static json_t *piece_json(const struct piece *p)
{
	const struct claim *c = p->claim;
	json_t *o = json_object();

	json_set(o, "start", json_of_address(p->start));
	json_set(o, "end", json_of_address(p->end));
	json_set(o, "account", json_of_text(c ? c->account : NULL));
	json_set(o, "part", json_of_text(c ? c->part : NULL));
	json_set(o, "resident", json_of_bytes(p->resident));
	json_set(o, "swap", json_of_bytes(p->swap));
	json_set(o, "certainty", json_of_text(c ? certainty_name(c->certainty) : NULL));
	json_set(o, "source", json_of_text(c ? c->source : NULL));
	return o;
}

// Every mapping, those without a page too; pieces are those with one.
static json_t *mappings_json(const struct ledger *l)
{
	struct table t = { MAPPING_COLUMNS, MC_COUNT, NULL, false, NULL, 0 };
	json_t *array = json_array();
	struct arena mem = { 0 };
	struct mapping_total *totals = drill_mappings(l, &mem);
	size_t piece = 0;

	for (size_t i = 0; i < l->of->mappings.count; i++) {
		json_t *o, *pieces = json_array();
		struct cell row[MC_COUNT];
		char perms[5];

		rows_mapping(l, &totals[i], row, perms);
		o = table_row_json(&t, row);
		while (piece < l->pieces.count &&
		       l->pieces.at[piece].start < l->of->mappings.at[i].end) {
			if (l->pieces.at[piece].mapping == i)
				json_add(pieces, piece_json(&l->pieces.at[piece]));
			piece++;
		}
		json_set(o, "pieces", pieces);
		json_add(array, o);
	}
	arena_drop(&mem);
	return array;
}

static json_t *threads_json(const struct ledger *l)
{
	static const struct column STACK[] = {
		{ "reserved", NULL, 0, COLUMN_BYTES, "" },
		{ "committed", NULL, 0, COLUMN_BYTES, "" },
		{ "resident", NULL, 0, COLUMN_BYTES, "" },
	};
	struct table t = { STACK, 3, NULL, false, NULL, 0 };
	json_t *array = json_array();
	struct arena mem = { 0 };
	struct drill d;

	drill_table(l, CLAIM_OF_THREAD, l->of->threads.count, &mem, &d);
	for (size_t i = 0; i < d.count; i++) {
		struct cell row[TC_COUNT], stack[3];

		rows_thread(l, i, d.resident[i], row);
		stack[0] = row[TC_RESERVED];
		stack[1] = row[TC_COMMITTED];
		stack[2] = row[TC_RESIDENT];
		json_add(array, json_pack("{s:o,s:o,s:o,s:o}", "tid",
					  json_integer(l->of->threads.at[i].tid), "name",
					  json_of_text(l->of->threads.at[i].name), "kind",
					  json_of_text(row[TC_KIND].text), "stack",
					  table_row_json(&t, stack)));
	}
	arena_drop(&mem);
	return array;
}

static json_t *loaders_json(const struct ledger *l)
{
	struct table t = { LOADER_COLUMNS, LC_COUNT, NULL, false, NULL, 0 };
	json_t *array = json_array();
	struct arena mem = { 0 };
	struct drill d;

	drill_table(l, CLAIM_OF_LOADER, l->of->loaders.count, &mem, &d);
	for (size_t i = 0; i < d.count; i++) {
		const struct loader_row *r = &l->of->loaders.at[i];
		bool known = !ledger_row(l, "class-space")->unknown;
		struct cell row[LC_COUNT];
		json_t *o;

		rows_loader(l, i, d.resident[i], row);
		o = table_row_json(&t, row);
		json_set(o, "parent", r->parent_at ? json_of_address(r->parent_at) : json_null());
		json_set(o, "class_space",
			 json_pack("{s:o,s:o}", "used",
				   json_of_bytes(known ? r->class_used : UNKNOWN_BYTES),
				   "committed",
				   json_of_bytes(known ? r->class_committed : UNKNOWN_BYTES)));
		json_set(o, "hidden", json_boolean(r->hidden));
		json_add(array, o);
	}
	arena_drop(&mem);
	return array;
}

static json_t *arenas_json(const struct ledger *l)
{
	struct table t = { ARENA_COLUMNS, RC_COUNT, NULL, false, NULL, 0 };
	json_t *array = json_array();
	struct arena mem = { 0 };
	struct drill d;

	drill_table(l, CLAIM_OF_ARENA, l->of->arenas.count, &mem, &d);
	for (size_t i = 0; i < d.count; i++) {
		struct cell row[RC_COUNT];

		rows_arena(l, i, d.resident[i], row);
		json_add(array, table_row_json(&t, row));
	}
	arena_drop(&mem);
	return array;
}

// What the VM itself says of its mappings, beside what the ledger says of their pages.
static json_t *regions_json(const struct ledger *l)
{
	json_t *array = json_array();

	for (size_t i = 0; i < l->of->nmt.regions.count; i++) {
		const struct nmt_region_row *r = &l->of->nmt.regions.at[i];

		json_add(array,
			 json_pack("{s:o,s:o,s:o,s:o,s:o}", "start", json_of_address(r->start),
				   "end", json_of_address(r->end), "category",
				   json_of_text(r->category), "committed",
				   json_of_bytes(r->committed), "resident",
				   json_of_bytes(ledger_resident_between(l, r->start, r->end))));
	}
	return array;
}

// What nobody could list is unknown, which is no empty list: every process has a thread, every VM a
// loader.
static json_t *if_known(bool known, json_t *(*list)(const struct ledger *l), const struct ledger *l)
{
	return known ? list(l) : json_null();
}

void drill_json_add(const struct report *r, json_t *o)
{
	const struct snapshot *s = r->now;

	switch (r->by) {
	case BY_ACCOUNT:
		break;
	case BY_SITE:
		json_set(o, "sites", nmt_json_sites(r));
		break;
	case BY_CATEGORY:
		json_set(o, "regions", if_known(s->nmt.regions.count, regions_json, r->ledger));
		break;
	case BY_MAPPING:
		json_set(o, "mappings", mappings_json(r->ledger));
		break;
	case BY_THREAD:
		json_set(o, "threads", if_known(s->threads.count, threads_json, r->ledger));
		break;
	case BY_LOADER:
		json_set(o, "loaders", if_known(s->fact[F_LOADERS].known, loaders_json, r->ledger));
		break;
	case BY_ARENA:
		json_set(o, "arenas",
			 if_known(s->fact[F_MALLOC_ARENAS].known, arenas_json, r->ledger));
		break;
	}
}
