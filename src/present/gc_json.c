// SPDX-License-Identifier: Apache-2.0
#include <math.h>

#include "present/doctor_json.h"
#include "present/gc.h"
#include "present/json.h"
#include "present/report.h"

static json_t *place(const struct gc_report *r, struct gc_place p)
{
	json_t *o;

	if (!p.line)
		return json_null();
	o = json_object();
	json_set(o, "file", json_of_text(p.file < r->file_count ? r->files[p.file] : NULL));
	json_set(o, "line", json_of_unsigned(p.line));
	return o;
}

static json_t *sum(const struct gc_report *r, const struct gc_sum *s)
{
	json_t *o = json_object();

	json_set(o, "count", json_of_unsigned(s->count));
	json_set(o, "sum", json_of_seconds(s->sum_s));
	json_set(o, "max", json_of_seconds(s->max_s));
	json_set(o, "first", place(r, s->first));
	json_set(o, "worst", place(r, s->worst));
	json_set(o, "last", place(r, s->last));
	return o;
}

static json_t *named(const struct gc_report *r, const char *key, const struct gc_named_sum *all,
		     size_t count)
{
	json_t *rows = json_array();

	for (size_t i = 0; i < count; i++) {
		json_t *o = json_object();

		json_set(o, key, json_of_text(all[i].name));
		json_set(o, "count", json_of_unsigned(all[i].sum.count));
		json_set(o, "sum", json_of_seconds(all[i].sum.sum_s));
		json_set(o, "max", json_of_seconds(all[i].sum.max_s));
		json_set(o, "worst", place(r, all[i].sum.worst));
		json_add(rows, o);
	}
	return rows;
}

static json_t *change(const struct gc_change *c)
{
	json_t *o = json_object();

	json_set(o, "before", json_of_bytes(c->before));
	json_set(o, "after", json_of_bytes(c->after));
	json_set(o, "capacity", json_of_bytes(c->capacity));
	return o;
}

static json_t *pauses(const struct gc_report *r)
{
	const struct gc_pauses *p = &r->stats->pauses;
	json_t *o = sum(r, &p->all), *kinds = json_object();

	json_set(o, "unmeasured", json_of_unsigned(p->unmeasured));
	json_set(o, "nested", json_of_unsigned(p->nested));
	json_set(o, "exact", json_boolean(p->exact));
	json_set(o, "min", json_of_seconds(p->min_s));
	json_set(o, "p50", json_of_seconds(p->p50_s));
	json_set(o, "p90", json_of_seconds(p->p90_s));
	json_set(o, "p95", json_of_seconds(p->p95_s));
	json_set(o, "p99", json_of_seconds(p->p99_s));
	json_set(o, "p999", json_of_seconds(p->p999_s));
	for (int i = 0; i < GC_KIND_COUNT; i++)
		if (r->stats->by_kind[i])
			json_set(kinds, gc_kind_name((enum gc_kind)i),
				 json_of_unsigned(r->stats->by_kind[i]));
	json_set(o, "kinds", kinds);
	return o;
}

static json_t *rate(const struct gc_rate *g, bool with_max)
{
	json_t *o = json_object();

	json_set(o, "bytes", json_of_bytes(g->count ? g->bytes : UNKNOWN_BYTES));
	json_set(o, "bytes_per_s", json_of_seconds(g->count ? g->mean : NAN));
	if (with_max)
		json_set(o, "max_bytes_per_s", json_of_seconds(g->count ? g->max : NAN));
	return o;
}

static json_t *live(const struct gc_trend *t)
{
	json_t *o = json_object();

	json_set(o, "points", json_of_unsigned(t->points));
	json_set(o, "first", json_of_bytes(t->points ? t->first : UNKNOWN_BYTES));
	json_set(o, "last", json_of_bytes(t->points ? t->last : UNKNOWN_BYTES));
	json_set(o, "capacity", json_of_bytes(t->capacity));
	json_set(o, "bytes_per_s", json_of_seconds(t->slope));
	json_set(o, "bytes_per_s_low", json_of_seconds(t->low));
	json_set(o, "bytes_per_s_high", json_of_seconds(t->high));
	json_set(o, "r2", json_of_seconds(t->r2));
	json_set(o, "full_in_s", json_of_seconds(t->until_full_s));
	json_set(o, "full_in_s_low", json_of_seconds(t->until_full_low_s));
	json_set(o, "full_in_s_high", json_of_seconds(t->until_full_high_s));
	return o;
}

static json_t *full(const struct gc_report *r)
{
	const struct gc_full *f = &r->stats->full;
	json_t *o;

	if (!f->count)
		return json_null();
	o = json_object();
	json_set(o, "count", json_of_unsigned(f->count));
	json_set(o, "cause", json_of_text(*f->cause ? f->cause : NULL));
	json_set(o, "heap", change(&f->heap));
	json_set(o, "old", change(&f->old));
	json_set(o, "freed_share", json_of_seconds(f->freed_share));
	json_set(o, "old_freed_share", json_of_seconds(f->old_freed_share));
	json_set(o, "place", place(r, f->place));
	return o;
}

static json_t *meta(const struct gc_meta *m)
{
	json_t *o = json_object();

	json_set(o, "permanent", json_boolean(m->perm));
	json_set(o, "collections", json_of_unsigned(m->collections));
	json_set(o, "caused", json_of_unsigned(m->by_cause));
	json_set(o, "caused_and_freed_nothing", json_of_unsigned(m->by_cause_freed_nothing));
	json_set(o, "last_ditch", json_of_unsigned(m->last_ditch));
	json_set(o, "last", change(&m->last));
	json_set(o, "peak", json_of_bytes(m->peak ? m->peak : UNKNOWN_BYTES));
	return o;
}

static json_t *cycles(const struct gc_report *r)
{
	const struct gc_cycles *c = &r->stats->cycles;
	json_t *o = json_object();

	json_set(o, "count", json_of_unsigned(c->count));
	json_set(o, "compared", json_of_unsigned(c->pairs));
	json_set(o, "freed_nothing", json_of_unsigned(c->freed_nothing));
	json_set(o, "back_to_back", json_of_unsigned(c->back_to_back));
	json_set(o, "longest_row", json_of_unsigned(c->longest_row));
	json_set(o, "row_s", json_of_seconds(c->longest_row ? c->row_s : NAN));
	json_set(o, "row_cores", json_of_seconds(c->longest_row ? c->row_cores : NAN));
	json_set(o, "row_first", place(r, c->row_first));
	json_set(o, "row_last", place(r, c->row_last));
	json_set(o, "last_used", json_of_bytes(c->last_used));
	json_set(o, "capacity", json_of_bytes(c->capacity));
	json_set(o, "preclean_due_to_time", json_of_unsigned(r->stats->due_to_time));
	return o;
}

static json_t *cpu(const struct gc_report *r)
{
	const struct gc_cpu *c = &r->stats->cpu;
	bool known = c->measured > 0;
	json_t *o = json_object();

	json_set(o, "pauses", json_of_seconds(known ? c->pauses_s : NAN));
	json_set(o, "concurrent", json_of_seconds(known ? c->concurrent_s : NAN));
	json_set(o, "cores", json_of_seconds(c->cores));
	json_set(o, "more_sys_than_user", sum(r, &c->sys_heavy));
	json_set(o, "longer_than_cpu", sum(r, &c->waited));
	return o;
}

static json_t *lines(const struct gc_report *r)
{
	const struct gc_stats *s = r->stats;
	json_t *o = json_object(), *strangers = json_array();

	json_set(o, "total", json_of_unsigned(s->lines));
	json_set(o, "unknown", json_of_unsigned(s->unknown_lines));
	json_set(o, "damaged_records", json_of_unsigned(s->damaged));
	for (size_t i = 0; i < s->stranger_count; i++) {
		json_t *row =
			place(r, (struct gc_place){ s->strangers[i].file, s->strangers[i].line });

		json_set(row, "text", json_of_text(s->strangers[i].text));
		json_add(strangers, row);
	}
	json_set(o, "unknown_first", strangers);
	return o;
}

static json_t *sentences(const struct gc_report *r)
{
	struct gc_sentences all = { 0 };
	struct arena mem = { 0 };
	json_t *rows = json_array();

	gc_sentences_of(r->stats, &mem, &all);
	for (size_t i = 0; i < all.count; i++) {
		json_t *o = json_object();

		json_set(o, "text", json_of_text(all.at[i].text));
		json_set(o, "from", place(r, all.at[i].from));
		json_set(o, "to", place(r, all.at[i].to));
		json_add(rows, o);
	}
	arena_drop(&mem);
	return rows;
}

void gc_print_json(const struct gc_report *r, FILE *to)
{
	const struct gc_stats *s = r->stats;
	json_t *o = json_object(), *files = json_array();

	json_set(o, "schema", json_integer(1));
	for (size_t i = 0; i < r->file_count; i++)
		json_add(files, json_of_text(r->files[i]));
	json_set(o, "files", files);
	json_set(o, "dialect", json_of_text(s->dialect));
	json_set(o, "collector", json_of_text(*s->collector ? s->collector : NULL));
	json_set(o, "jdk", json_of_text(*s->jdk ? s->jdk : NULL));
	json_set(o, "lines", lines(r));
	json_set(o, "runs", json_of_unsigned(s->runs));
	json_set(o, "pauses", pauses(r));
	json_set(o, "span_s", json_of_seconds(s->span_s));
	json_set(o, "throughput", json_of_seconds(s->throughput));
	json_set(o, "names", named(r, "name", s->names, s->name_count));
	json_set(o, "causes", named(r, "cause", s->causes, s->cause_count));
	json_set(o, "concurrent", named(r, "name", s->phases, s->phase_count));
	json_set(o, "stops", named(r, "name", s->stops, s->stop_count));
	json_set(o, "allocated", rate(&s->allocated, true));
	json_set(o, "promoted", rate(&s->promoted, false));
	json_set(o, "heap_peak", json_of_bytes(s->heap_peak ? s->heap_peak : UNKNOWN_BYTES));
	json_set(o, "heap_capacity",
		 json_of_bytes(s->heap_capacity ? s->heap_capacity : UNKNOWN_BYTES));
	json_set(o, "live", live(&s->live));
	json_set(o, "last_full", full(r));
	json_set(o, "metaspace", meta(&s->meta));
	json_set(o, "cycles", cycles(r));
	json_set(o, "cpu", cpu(r));
	json_set(o, "concurrent_mode_failures", sum(r, &s->concurrent_failed));
	json_set(o, "promotion_failures", sum(r, &s->promotion_failed));
	json_set(o, "to_space_exhausted", sum(r, &s->to_space));
	json_set(o, "degenerated", sum(r, &s->degenerated));
	json_set(o, "allocation_stalls", sum(r, &s->stalls));
	json_set(o, "explicit", sum(r, &s->explicit_gc));
	json_set(o, "explicit_period_s", json_of_seconds(s->explicit_period_s));
	json_set(o, "humongous", sum(r, &s->humongous));
	json_set(o, "humongous_regions", json_of_unsigned(s->humongous_regions));
	json_set(o, "gc_locker", sum(r, &s->locker));
	json_set(o, "safepoints", sum(r, &s->stop));
	json_set(o, "time_to_safepoint", sum(r, &s->reach));
	json_set(o, "other_stops_s", json_of_seconds(s->other_stops_s));
	json_set(o, "verdict", sentences(r));
	if (r->judged) {
		json_set(o, "healthy", json_boolean(r->judged->diagnosis->healthy));
		doctor_json_findings(r->judged, o);
	}
	json_print(o, to);
}
