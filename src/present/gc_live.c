// SPDX-License-Identifier: Apache-2.0
#include "present/gc_live.h"

#include <inttypes.h>
#include <string.h>

#include "base/arena.h"
#include "present/json.h"
#include "present/jstat.h"
#include "present/words.h"

static const double NS = 1e-9;

static const struct fact *fact(const struct gc_live *g, enum fact_id id)
{
	return &g->now->fact[id];
}

// What came on top since the first look; false: not known, or no window.
static bool grown(const struct gc_live *g, enum fact_id id, double *out)
{
	const struct fact *now = fact(g, id), *first = &g->first->fact[id];

	if (g->now == g->first || !now->known || !first->known || now->value < first->value)
		return false;
	*out = (double)(now->value - first->value);
	return true;
}

// CPU seconds of the collector's threads within the window.
static bool gc_cpu(const struct gc_live *g, double *gc, double *all)
{
	*gc = 0;
	if (g->now == g->first || !g->now->threads.count)
		return false;
	*all = g->cpu->process_s - g->first_cpu->process_s;
	for (size_t i = 0; i < g->now->threads.count; i++) {
		const struct thread_row *row = &g->now->threads.at[i];
		const struct thread_cpu *now, *before;

		if (row->kind != THREAD_GC)
			continue;
		now = thread_cpus_find(g->cpu, row->tid);
		before = thread_cpus_find(g->first_cpu, row->tid);
		if (now)
			*gc += now->s - (before && before->s <= now->s ? before->s : 0);
	}
	return true;
}

static void print_count(const struct gc_live *g, const char *label, enum fact_id count,
			enum fact_id time, FILE *to)
{
	double n, ns;

	if (!fact(g, count)->known)
		return;
	fprintf(to, "%-20s %9" PRIu64, label, fact(g, count)->value);
	if (fact(g, time)->known)
		fprintf(to, " %10.3f s", (double)fact(g, time)->value * NS);
	if (grown(g, count, &n)) {
		fprintf(to, "   +%.0f", n);
		if (grown(g, time, &ns))
			fprintf(to, ", +%.3f s", ns * NS);
	}
	fputc('\n', to);
}

static void print_spaces(const struct gc_live *g, FILE *to)
{
	char used[16], committed[16];

	fprintf(to, "%-20s %9s %12s %9s   MB\n", "space", "used", "committed", "regions");
	for (size_t i = 0; i < g->now->spaces.count; i++) {
		const struct space_row *s = &g->now->spaces.at[i];

		fprintf(to, "  %-18s %9s %12s", s->name, words_mb(s->used, used),
			words_mb(s->committed, committed));
		if (s->regions)
			fprintf(to, " %9" PRIu32, s->regions);
		fputc('\n', to);
	}
	fprintf(to, "%-20s %9s %12s", "Java heap",
		words_mb(snapshot_get(g->now, F_HEAP_USED, UNKNOWN_BYTES), used),
		words_mb(snapshot_get(g->now, F_HEAP_COMMITTED, UNKNOWN_BYTES), committed));
	if (fact(g, F_HEAP_MAX)->known)
		fprintf(to, "   of at most %s", words_mb(fact(g, F_HEAP_MAX)->value, used));
	fputc('\n', to);
}

static void print_misses(const struct gc_live *g, FILE *to)
{
	struct arena mem = { 0 };

	for (size_t i = 0; i < g->now->misses.count; i++)
		if (!strcmp(g->now->misses.at[i].collector, "hsperf") ||
		    !strcmp(g->now->misses.at[i].collector, "heap"))
			words_wrap(arena_format(&mem, "Not told: %s",
						words_clean(g->now->misses.at[i].text, 400, &mem)),
				   0, 10, 79, to);
	if (!fact(g, F_HEAP_USED)->known)
		words_wrap(arena_format(&mem, "Used now is not known: %s",
					g->now->tier_denied ? g->now->tier_denied
							    : "the heap was not read"),
			   0, 10, 79, to);
	arena_drop(&mem);
}

void gc_live_print(const struct gc_live *g, FILE *to)
{
	const struct fact *version = fact(g, F_JDK_VERSION), *gc = fact(g, F_COLLECTOR);
	struct arena mem = { 0 };
	double cpu, all;

	fprintf(to, "pid %d  %s  JDK %s\n", g->now->pid,
		gc->known ? words_clean(gc->text, 20, &mem) : "collector not known",
		version->known ? words_clean(version->text, 30, &mem) : "not known");
	print_spaces(g, to);
	print_count(g, "collections", F_GC_COUNT, F_GC_TIME, to);
	print_count(g, "  full", F_GC_FULL_COUNT, F_GC_FULL_TIME, to);
	print_count(g, "  cycles' pauses", F_GC_CYCLES, F_GC_CYCLE_TIME, to);
	print_count(g, "safepoints", F_SAFEPOINTS, F_SAFEPOINT_TIME, to);
	if (fact(g, F_GC_CAUSE)->known)
		fprintf(to, "%-20s %s\n", "last cause",
			words_clean(fact(g, F_GC_CAUSE)->text, 58, &mem));
	if (gc_cpu(g, &cpu, &all))
		fprintf(to, "%-20s %9.2f s of %.2f s CPU, in %.1f s\n", "collector's threads", cpu,
			all > cpu ? all : cpu, g->cpu->at_s - g->first_cpu->at_s);
	print_misses(g, to);
	arena_drop(&mem);
}

static json_t *json_of_fact(const struct gc_live *g, enum fact_id id, bool time)
{
	const struct fact *f = fact(g, id);

	return !f->known ? json_null()
	       : time    ? json_of_seconds((double)f->value * NS)
			 : json_of_unsigned(f->value);
}

json_t *gc_live_json(const struct gc_live *g, double since_s)
{
	json_t *object = json_object(), *spaces = json_array(), *heap = json_object();
	double cpu, all;
	bool has_cpu = gc_cpu(g, &cpu, &all);

	json_set(object, "t", json_of_seconds(since_s));
	if (g->now->jstat.count) {
		json_set(object, "jstat", jstat_json(&g->now->jstat));
		json_decref(spaces);
		json_decref(heap);
		return object;
	}
	for (size_t i = 0; i < g->now->spaces.count; i++) {
		const struct space_row *s = &g->now->spaces.at[i];
		json_t *row = json_object();

		json_set(row, "space", json_of_text(s->name));
		json_set(row, "used", json_of_bytes(s->used));
		json_set(row, "committed", json_of_bytes(s->committed));
		json_set(row, "regions", s->regions ? json_of_unsigned(s->regions) : json_null());
		json_add(spaces, row);
	}
	json_set(heap, "used", json_of_fact(g, F_HEAP_USED, false));
	json_set(heap, "committed", json_of_fact(g, F_HEAP_COMMITTED, false));
	json_set(heap, "max", json_of_fact(g, F_HEAP_MAX, false));
	json_set(heap, "spaces", spaces);
	json_set(object, "heap", heap);
	json_set(object, "collections", json_of_fact(g, F_GC_COUNT, false));
	json_set(object, "collections_s", json_of_fact(g, F_GC_TIME, true));
	json_set(object, "full", json_of_fact(g, F_GC_FULL_COUNT, false));
	json_set(object, "full_s", json_of_fact(g, F_GC_FULL_TIME, true));
	json_set(object, "cycle_pauses", json_of_fact(g, F_GC_CYCLES, false));
	json_set(object, "cycle_pauses_s", json_of_fact(g, F_GC_CYCLE_TIME, true));
	json_set(object, "safepoints", json_of_fact(g, F_SAFEPOINTS, false));
	json_set(object, "safepoints_s", json_of_fact(g, F_SAFEPOINT_TIME, true));
	json_set(object, "last_cause",
		 json_of_text(fact(g, F_GC_CAUSE)->known ? fact(g, F_GC_CAUSE)->text : NULL));
	json_set(object, "gc_cpu_s", has_cpu ? json_of_seconds(cpu) : json_null());
	json_set(object, "process_cpu_s", has_cpu ? json_of_seconds(all) : json_null());
	return object;
}
