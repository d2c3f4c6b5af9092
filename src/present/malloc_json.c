// SPDX-License-Identifier: Apache-2.0
#include "present/malloc.h"

#include "diagnose/malloc_effects.h"
#include "diagnose/malloc_settings.h"
#include "present/json.h"
#include "present/map_json.h"
#include "present/report.h"

static const char *const CERTAINTIES[] = {
	[MALLOC_EXACT] = "exact",
	[MALLOC_DERIVED] = "derived",
	[MALLOC_UNSURE] = "unsure",
};

static json_t *known_bytes(const struct malloc_facts *m, uint64_t bytes)
{
	return m->known ? json_of_bytes(bytes) : json_null();
}

static json_t *tids_json(const struct malloc_arena_row *a)
{
	json_t *tids = json_array();

	for (size_t i = 0; i < a->tid_count; i++)
		json_add(tids, json_integer(a->tids[i]));
	return tids;
}

static json_t *arena_json(const struct malloc_arena_row *a)
{
	json_t *row = json_object();

	json_set(row, "address", json_of_address(a->at));
	json_set(row, "main", json_boolean(a->main));
	json_set(row, "heaps", json_integer(a->heaps));
	json_set(row, "threads", a->tids ? tids_json(a) : json_null());
	json_set(row, "attached_threads", json_integer(a->attached_threads));
	json_set(row, "in_use", json_of_bytes(a->in_use));
	json_set(row, "tcache", json_of_bytes(a->cached));
	json_set(row, "fast", json_of_bytes(a->fast));
	json_set(row, "free_bins", json_of_bytes(a->bins));
	json_set(row, "top", json_of_bytes(a->top));
	json_set(row, "system", json_of_bytes(a->system));
	json_set(row, "resident", json_of_bytes(a->resident));
	json_set(row, "trim_would_return", json_of_bytes(a->returnable));
	json_set(row, "unparsed", json_of_bytes(a->unparsed));
	return row;
}

// What is known without a look at the chunks.
static json_t *bare_arena_json(const struct arena_row *a)
{
	static const char *const UNKNOWN[] = {
		"threads",           "in_use",  "tcache", "fast", "free_bins", "top", "resident",
		"trim_would_return", "unparsed"
	};
	json_t *row = json_object();

	json_set(row, "address", json_of_address(a->at));
	json_set(row, "main", json_boolean(a->main));
	json_set(row, "heaps", json_integer(a->heaps));
	json_set(row, "attached_threads", json_integer(a->attached_threads));
	json_set(row, "system", json_of_bytes(a->system));
	for (size_t i = 0; i < sizeof(UNKNOWN) / sizeof(UNKNOWN[0]); i++)
		json_set(row, UNKNOWN[i], json_null());
	return row;
}

static json_t *arenas_json(const struct snapshot *s)
{
	json_t *rows = json_array();

	for (size_t i = 0; i < s->malloc.arenas.count; i++)
		json_add(rows, arena_json(&s->malloc.arenas.at[i]));
	for (size_t i = 0; !s->malloc.known && i < s->arenas.count; i++)
		json_add(rows, bare_arena_json(&s->arenas.at[i]));
	return rows;
}

static json_t *sizes_json(const struct malloc_facts *m)
{
	json_t *rows = json_array();

	for (size_t i = 0; i < m->sizes.count; i++) {
		const struct malloc_size_row *s = &m->sizes.at[i];
		json_t *row = json_object();

		json_set(row, "up_to", json_of_bytes(s->up_to));
		json_set(row, "count", json_of_unsigned(s->count));
		json_set(row, "bytes", json_of_bytes(s->bytes));
		json_set(row, "free_count", json_of_unsigned(s->free_count));
		json_set(row, "free_bytes", json_of_bytes(s->free_bytes));
		json_add(rows, row);
	}
	return rows;
}

static json_t *settings_json(const struct malloc_report *m)
{
	json_t *rows = json_array();

	for (size_t i = 0; i < m->settings->settings.count; i++) {
		const struct judged_setting *j = &m->settings->settings.at[i];
		json_t *row = json_object();

		json_set(row, "name", json_of_text(j->name));
		json_set(row, "given", json_of_text(j->given));
		json_set(row, "where", json_of_text(j->where));
		json_set(row, "in_force", json_boolean(j->in_force));
		json_set(row, "why", json_of_text(j->why));
		json_add(rows, row);
	}
	return rows;
}

static json_t *effects_json(const struct malloc_report *m)
{
	json_t *rows = json_array();

	for (size_t i = 0; i < m->effects->list.count; i++) {
		const struct malloc_effect *e = &m->effects->list.at[i];
		json_t *row = json_object();

		json_set(row, "setting", json_of_text(e->setting));
		json_set(row, "value", json_of_text(e->value));
		json_set(row, "effect", json_of_text(e->text));
		json_add(rows, row);
	}
	return rows;
}

// malloc's own words.
static json_t *in_force_json(const struct snapshot *s)
{
	const struct malloc_limits *l = &s->malloc_limits;
	const struct malloc_facts *m = &s->malloc;
	json_t *o = json_object();

	if (!l->known) {
		json_decref(o);
		return json_null();
	}
	json_set(o, "arena_max", json_of_unsigned(l->arena_max));
	json_set(o, "mmap_threshold", json_of_unsigned(l->mmap_threshold));
	json_set(o, "trim_threshold", json_of_unsigned(l->trim_threshold));
	json_set(o, "top_pad", json_of_unsigned(l->top_pad));
	json_set(o, "mmap_max", m->tuned_known ? json_of_unsigned(m->mmap_max) : json_null());
	json_set(o, "thresholds_fixed",
		 m->tuned_known ? json_boolean(m->no_dyn_threshold) : json_null());
	json_set(o, "tcache_count",
		 m->tuned_known ? json_of_unsigned(m->cache_count) : json_null());
	json_set(o, "huge_page", m->tuned_known ? json_of_unsigned(m->huge_page) : json_null());
	return o;
}

static json_t *resident_json(const struct malloc_facts *m)
{
	json_t *o = json_object();

	json_set(o, "in_use", known_bytes(m, m->resident_in_use));
	json_set(o, "freed_returnable", known_bytes(m, m->resident_returnable));
	json_set(o, "freed_pinned", known_bytes(m, m->resident_pinned));
	json_set(o, "mmapped", known_bytes(m, m->resident_mmapped));
	return o;
}

static json_t *cost_json(const struct snapshot *s)
{
	json_t *o = json_object();

	json_set(o, "cpu_s", json_of_seconds(s->cost.cpu_s));
	json_set(o, "wall_s", json_of_seconds(s->cost.wall_s));
	json_set(o, "own_peak_rss", json_of_bytes(s->cost.peak_rss));
	return o;
}

void malloc_print_json(const struct malloc_report *r, FILE *to)
{
	const struct snapshot *s = r->of->now;
	const struct malloc_facts *m = &s->malloc;
	json_t *o = map_json_head(r->of);

	json_set(o, "allocator",
		 json_of_text(s->fact[F_ALLOCATOR].known ? s->fact[F_ALLOCATOR].text : NULL));
	json_set(o, "in_use", known_bytes(m, m->in_use));
	json_set(o, "tcache", known_bytes(m, m->cached));
	json_set(o, "freed", known_bytes(m, m->freed));
	json_set(o, "mmapped",
		 m->known ? json_of_bytes(m->mmapped)
			  : json_of_bytes(snapshot_get(s, F_MALLOC_MMAPPED, UNKNOWN_BYTES)));
	json_set(o, "mmapped_count", m->known ? json_of_unsigned(m->mmapped_count) : json_null());
	json_set(o, "system", json_of_bytes(snapshot_get(s, F_MALLOC_SYSTEM, UNKNOWN_BYTES)));
	json_set(o, "resident", resident_json(m));
	json_set(o, "trim_would_return", known_bytes(m, m->resident_returnable));
	json_set(o, "certainty", m->known ? json_of_text(CERTAINTIES[m->certainty]) : json_null());
	json_set(o, "why_unsure", json_of_text(m->known ? m->unsure_why : m->why_not));
	json_set(o, "walks", json_integer(m->walks));
	json_set(o, "spread", m->walks > 1 ? json_real(m->spread) : json_null());
	json_set(o, "unparsed", known_bytes(m, m->unparsed));
	json_set(o, "chunks", known_bytes(m, m->chunks));
	json_set(o, "bytes_read", known_bytes(m, m->read));
	json_set(o, "arenas", arenas_json(s));
	json_set(o, "sizes", m->known ? sizes_json(m) : json_null());
	json_set(o, "in_force", in_force_json(s));
	json_set(o, "settings", settings_json(r));
	json_set(o, "effects", effects_json(r));
	json_set(o, "cost", cost_json(s));
	map_json_facts(r->of, o);
	json_print(o, to);
}
