// SPDX-License-Identifier: Apache-2.0
#include "present/classes.h"

#include <string.h>

#include "facts/classgrowth.h"
#include "present/json.h"
#include "present/map_json.h"
#include "present/report.h"

static bool is_known(const struct report *r)
{
	return !ledger_row(r->ledger, "metaspace")->unknown;
}

static json_t *bytes(uint64_t value, bool known)
{
	return json_of_bytes(known ? value : UNKNOWN_BYTES);
}

static json_t *fact_json(const struct snapshot *s, enum fact_id id)
{
	return s->fact[id].known ? json_of_unsigned(s->fact[id].value) : json_null();
}

// VM.classloader_stats, which tier C has, knows of no class space and no waste.
static bool has_parts(const struct report *r)
{
	const struct fact *used = &r->now->fact[F_METASPACE_USED];

	return is_known(r) && used->known && !strcmp(used->from.collector, "metaspace");
}

static json_t *loader_json(const struct loader_row *l, bool known, bool parts)
{
	json_t *o = json_object();

	json_set(o, "loader", json_of_address(l->at));
	json_set(o, "type", json_of_text(l->type));
	json_set(o, "name", json_of_text(l->name));
	json_set(o, "parent", l->parent_at ? json_of_address(l->parent_at) : json_null());
	json_set(o, "class_count", json_integer(l->class_count));
	json_set(o, "used", bytes(l->used, known));
	json_set(o, "committed", bytes(l->committed, known));
	json_set(o, "wasted", bytes(l->wasted, parts));
	json_set(o, "class_space",
		 json_pack("{s:o,s:o}", "used", bytes(l->class_used, parts), "committed",
			   bytes(l->class_committed, parts)));
	json_set(o, "hidden", json_boolean(l->hidden));
	json_set(o, "state", json_of_text(l->unloading ? "unloading" : "alive"));
	return o;
}

static json_t *loaders_json(const struct report *r)
{
	json_t *rows = json_array();

	for (size_t i = 0; i < r->now->loaders.count; i++)
		json_add(rows, loader_json(&r->now->loaders.at[i], is_known(r), has_parts(r)));
	return rows;
}

static json_t *families_json(const struct classes_report *c)
{
	const struct snapshot *s = c->of->now;
	const struct classgrowth *g = c->growth;
	json_t *rows = json_array();

	for (size_t i = 0; i < s->families.count; i++) {
		const struct family_row *f = &s->families.at[i];
		json_t *o = json_object();

		json_set(o, "family", json_of_text(f->name));
		json_set(o, "example", json_of_text(f->example));
		json_set(o, "class_count", json_integer(f->class_count));
		json_set(o, "loader_count", json_integer(f->loader_count));
		json_set(o, "distinct_names", json_integer(f->distinct_names));
		json_set(o, "hidden_count", json_integer(f->hidden_count));
		json_set(o, "loader_type", json_of_text(f->loader_type));
		json_set(o, "bytes", bytes(f->bytes, s->fact[F_METASPACE_USED].known));
		json_set(o, "growth_per_s", g->known ? json_of_seconds(g->per_s[i]) : json_null());
		json_set(o, "growth_per_mb_allocated",
			 g->per_mb ? json_of_seconds(g->per_mb[i]) : json_null());
		json_set(o, "generator", json_of_text(f->generator));
		json_set(o, "source", json_of_text(f->source));
		json_add(rows, o);
	}
	return rows;
}

static json_t *duplicates_json(const struct snapshot *s)
{
	json_t *rows = json_array();

	for (size_t i = 0; i < s->duplicates.count; i++) {
		const struct duplicate_row *d = &s->duplicates.at[i];
		json_t *o = json_object();

		json_set(o, "class", json_of_text(d->name));
		json_set(o, "definitions", json_integer(d->definitions));
		json_set(o, "loader_count", json_integer(d->loader_count));
		json_set(o, "most_in_one_loader", json_integer(d->most_in_one));
		json_set(o, "most_in", json_of_address(d->loader));
		json_set(o, "loader", json_of_text(d->loader_type));
		json_add(rows, o);
	}
	return rows;
}

static json_t *definitions_json(const struct definitions *d)
{
	json_t *o = json_object();

	json_set(o, "counted", d->known ? json_of_unsigned(d->counted) : json_null());
	json_set(o, "found", json_of_unsigned(d->found));
	json_set(o, "repeated", json_of_unsigned(d->repeated));
	json_set(o, "left_no_class", d->known ? json_of_unsigned(d->lost) : json_null());
	return o;
}

static json_t *holders_json(const struct lifeline *l, enum holder_of of)
{
	json_t *rows = json_array();

	for (size_t i = 0; i < l->holders.count; i++) {
		const struct holder_row *h = &l->holders.at[i];
		json_t *o;

		if (h->of != of)
			continue;
		o = json_object();
		json_set(o, "kind", json_of_text(h->kind));
		json_set(o, "name", json_of_text(h->name));
		json_set(o, "count", json_of_unsigned(h->count));
		json_add(rows, o);
	}
	return rows;
}

// In the order in which the VM would need them to go; "unknown" is all that a search of the heap would
// have to tell.
static json_t *lifeline_json(const struct lifeline *l)
{
	static const char *const NAMES[] = { "instances", "loader object", "class objects" };
	json_t *o = json_object(), *conditions = json_array(), *missing = json_array();

	for (int of = HOLDER_OF_INSTANCE; of <= HOLDER_OF_CLASS; of++) {
		json_t *row = json_object(), *holders = holders_json(l, (enum holder_of)of);

		json_set(row, "condition", json_of_text(NAMES[of]));
		json_set(row, "state", json_of_text(json_array_size(holders) ? "held" : "unknown"));
		json_set(row, "holders", holders);
		json_add(conditions, row);
	}
	if (l->threads_missing)
		json_add(missing, json_of_text(l->threads_missing));
	if (l->jni_missing && l->jni_missing != l->threads_missing)
		json_add(missing, json_of_text(l->jni_missing));
	json_set(o, "loader", json_of_address(l->loader));
	json_set(o, "type", json_of_text(l->type));
	json_set(o, "conditions", conditions);
	json_set(o, "missing", missing);
	json_set(o, "needs_heap", json_true());
	return o;
}

static json_t *sum_json(const struct report *r, enum fact_id metaspace, enum fact_id class_space)
{
	const struct snapshot *s = r->now;

	return bytes(s->fact[metaspace].value + snapshot_get(s, class_space, 0),
		     s->fact[metaspace].known && is_known(r));
}

static json_t *metaspace_json(const struct report *r)
{
	const struct metaspace_facts *cut = &r->now->metaspace;
	json_t *o = json_object();

	json_set(o, "used", sum_json(r, F_METASPACE_USED, F_CLASS_SPACE_USED));
	json_set(o, "committed", sum_json(r, F_METASPACE_COMMITTED, F_CLASS_SPACE_COMMITTED));
	json_set(o, "reserved", sum_json(r, F_METASPACE_RESERVED, F_CLASS_SPACE_RESERVED));
	json_set(o, "max", fact_json(r->now, F_METASPACE_MAX));
	json_set(o, "free_chunks",
		 cut->free_known ? json_of_bytes(cut->both.free.capacity) : json_null());
	json_set(o, "high_water_mark",
		 cut->known ? json_of_bytes(cut->high_water_mark) : json_null());
	return o;
}

void classes_print_json(const struct classes_report *c, FILE *to)
{
	const struct snapshot *s = c->of->now;
	json_t *o = map_json_head(c->of);

	json_set(o, "class_count", fact_json(s, F_CLASSES));
	json_set(o, "loader_count", fact_json(s, F_LOADERS));
	if (c->views & CLASSES_VIEW_LOADERS)
		json_set(o, "loaders", loaders_json(c->of));
	if (c->growth) {
		json_set(o, "families", s->families_known ? families_json(c) : json_null());
		json_set(o, "growth_per_mb_missing", json_of_text(c->growth->why));
	}
	if (c->definitions) {
		json_set(o, "duplicates", s->duplicates_known ? duplicates_json(s) : json_null());
		json_set(o, "definitions",
			 s->duplicates_known ? definitions_json(c->definitions) : json_null());
	}
	if (c->views & CLASSES_VIEW_WHY_ALIVE)
		json_set(o, "why_alive", lifeline_json(&s->lifeline));
	json_set(o, "metaspace", metaspace_json(c->of));
	if (c->views & CLASSES_VIEW_METASPACE)
		json_set(o, "metaspace_cut", classes_metaspace_json(c));
	if (c->views & CLASSES_VIEW_STATS)
		json_set(o, "class_stats", classes_stats_json(c));
	json_print(o, to);
}
