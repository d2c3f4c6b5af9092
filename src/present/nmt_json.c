// SPDX-License-Identifier: Apache-2.0
#include "present/nmt_json.h"

#include "base/arena.h"
#include "ledger/categories.h"
#include "present/category_rows.h"
#include "present/json.h"
#include "present/report.h"

static json_t *categories_json(const struct report *r)
{
	struct table t = { CATEGORY_COLUMNS, CC_COUNT, NULL, false, NULL, 0 };
	json_t *array = json_array();

	for (size_t i = 0; i < r->now->nmt.rows.count; i++) {
		struct cell row[CC_COUNT];

		category_rows_make(r, i, row);
		json_add(array, table_row_json(&t, row));
	}
	return array;
}

json_t *nmt_json(const struct report *r)
{
	const struct nmt_facts *nmt = &r->now->nmt;
	bool grown = r->now != r->first;
	json_t *o = json_object();
	int64_t growth;

	json_set(o, "level", json_of_text(nmt->level));
	json_set(o, "source", json_of_text(nmt->source));
	json_set(o, "why_not", json_of_text(nmt->why_not));
	json_set(o, "reserved", json_of_bytes(nmt->known ? nmt->reserved : UNKNOWN_BYTES));
	json_set(o, "committed", json_of_bytes(nmt->known ? nmt->committed : UNKNOWN_BYTES));
	json_set(o, "growth",
		 grown && categories_growth_of_all(nmt, &r->first->nmt, &growth)
			 ? json_integer((json_int_t)growth)
			 : json_null());
	json_set(o, "categories", nmt->known ? categories_json(r) : json_null());
	return o;
}

static json_t *site_json(const struct nmt_site_row *s, const struct categories_sites *first)
{
	json_t *stack = json_array();
	int64_t growth;

	for (size_t i = 0; i < s->frames; i++)
		json_add(stack, json_of_text(s->frame[i]));
	return json_pack("{s:o,s:o,s:o,s:o,s:o,s:o,s:o}", "kind",
			 json_of_text(s->mapped ? "mmap" : "malloc"), "category",
			 json_of_text(s->category), "bytes", json_of_bytes(s->bytes), "committed",
			 json_of_bytes(s->committed), "count", json_of_bytes(s->count), "growth",
			 first && categories_site_growth(first, s, &growth)
				 ? json_integer((json_int_t)growth)
				 : json_null(),
			 "stack", stack);
}

json_t *nmt_json_sites(const struct report *r)
{
	const struct nmt_facts *nmt = &r->now->nmt;
	bool grown = r->now != r->first;
	json_t *array;
	struct arena mem = { 0 };
	struct categories_sites first;

	if (!nmt->sites_known)
		return json_null();
	array = json_array();
	if (grown)
		categories_index_sites(&r->first->nmt, &mem, &first);
	for (size_t i = 0; i < nmt->sites.count; i++)
		json_add(array, site_json(&nmt->sites.at[i], grown ? &first : NULL));
	arena_drop(&mem);
	return array;
}
