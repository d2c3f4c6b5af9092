// SPDX-License-Identifier: Apache-2.0
#include "gclog/stats.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "facts/gcstats.h"
#include "gclog/burdens.h"
#include "gclog/chartpoints.h"
#include "gclog/durations.h"
#include "gclog/gclog.h"
#include "gclog/trend.h"

enum { PERIODS = 256 };

struct gc_counter {
	struct gc_stats s;
	struct durations pauses;
	// The clock: uptime, or the wall's where there is no uptime.
	bool by_wall, has_time;
	double first_s, last_s, span_s; // of this run; of those before
	// Between collections.
	bool has_used;
	uint64_t used;
	double used_at_s;
	// Cycles of the old generation.
	bool cycle_open, swept, cycle_used_known, after_mixed;
	double cycle_end_s;
	uint64_t cycle_used, promoted_since, mixed_after;
	uint64_t row;
	struct gc_place row_first;
	double cycle_at_s, cycle_cpu_s; // when the last one began, and the CPU used until then
	double row_at_s, row_cpu_s;
	struct trend fulls, floors;
	uint64_t old_capacity;
	bool floors_of_old;
	uint64_t cleanup_after;
	double cleanup_at_s;
	double explicit_at_s;
	double periods[PERIODS];
	size_t period_count;
	struct burdens burdens;
};

struct gc_counter *gc_counter_create(void)
{
	struct gc_counter *c = calloc(1, sizeof(*c));

	if (!c)
		abort();
	c->old_capacity = c->mixed_after = c->cleanup_after = UNKNOWN_BYTES;
	c->cycle_end_s = c->explicit_at_s = c->used_at_s = NAN;
	c->s.begin_wall_s = c->s.end_wall_s = NAN;
	c->s.pauses.min_s = NAN;
	c->s.full.heap = c->s.full.old = c->s.meta.last =
		(struct gc_change){ UNKNOWN_BYTES, UNKNOWN_BYTES, UNKNOWN_BYTES };
	c->s.meta.last_at_s = c->s.full.old_freed_share = NAN;
	burdens_init(&c->burdens);
	c->s.cycles.last_used = c->s.cycles.capacity = UNKNOWN_BYTES;
	return c;
}

void gc_counter_destroy(struct gc_counter *c)
{
	if (!c)
		return;
	durations_drop(&c->pauses);
	free(c);
}

static struct gc_place place_of(const struct gc_event *e)
{
	return (struct gc_place){ e->file, e->line };
}

static void add(struct gc_sum *to, const struct gc_event *e, double seconds)
{
	if (!to->count)
		to->first = place_of(e);
	to->last = place_of(e);
	to->count++;
	if (isnan(seconds))
		return;
	to->sum_s += seconds;
	if (seconds > to->max_s || !to->worst.line) {
		to->max_s = seconds;
		to->worst = place_of(e);
	}
}

static void add_named(struct gc_named_sum *all, size_t *count, const char *name,
		      const struct gc_event *e)
{
	size_t i;

	for (i = 0; i < *count; i++)
		if (!strcmp(all[i].name, name))
			break;
	if (i == GC_NAMES) { // no more room for another name
		i = GC_NAMES - 1;
		strcpy(all[i].name, "others");
	} else if (i == *count) {
		strncpy(all[i].name, name, sizeof(all[i].name) - 1);
		++*count;
	}
	add(&all[i].sum, e, e->duration_s);
}

static double clock_of(struct gc_counter *c, const struct gc_event *e)
{
	if (!c->has_time)
		c->by_wall = isnan(e->uptime_s);
	return c->by_wall ? e->wall_s : e->uptime_s;
}

// A clock that goes back is another JVM's.  Events may overlap, by as much as one of them lasts.
static void follow_clock(struct gc_counter *c, const struct gc_event *e, double t)
{
	enum { SLACK_S = 2 };
	double end = t + (isnan(e->duration_s) ? 0 : e->duration_s);

	if (!isnan(e->wall_s)) {
		if (isnan(c->s.begin_wall_s) || e->wall_s < c->s.begin_wall_s)
			c->s.begin_wall_s = e->wall_s;
		if (isnan(c->s.end_wall_s) || e->wall_s > c->s.end_wall_s)
			c->s.end_wall_s = e->wall_s;
	}
	if (isnan(t))
		return;
	if (!c->has_time) {
		c->has_time = true;
		c->first_s = t;
		c->last_s = end;
		return;
	}
	if (end < c->last_s - SLACK_S && e->type == GC_PAUSE) {
		c->span_s += c->last_s - c->first_s;
		c->s.runs++;
		c->first_s = t;
		c->last_s = end;
		c->has_used = c->cycle_open = c->cycle_used_known = c->swept = false;
		c->cycle_end_s = c->explicit_at_s = NAN;
		memset(&c->fulls, 0, sizeof(c->fulls)); // a trend is one JVM's
		memset(&c->floors, 0, sizeof(c->floors));
		burdens_restart(&c->burdens);
		return;
	}
	if (end > c->last_s)
		c->last_s = end;
	if (t < c->first_s)
		c->first_s = t;
}

static void add_allocated(struct gc_counter *c, const struct gc_event *e, double t)
{
	struct gc_rate *r = &c->s.allocated;

	if (e->heap.before == UNKNOWN_BYTES || e->heap.after == UNKNOWN_BYTES || isnan(t))
		return;
	if (c->has_used && e->heap.before >= c->used && t > c->used_at_s) {
		double dt = t - c->used_at_s, rate = (double)(e->heap.before - c->used) / dt;

		r->count++;
		r->bytes += e->heap.before - c->used;
		r->over_s += dt;
		if (dt >= 0.01 && rate > r->max)
			r->max = rate;
	}
	c->has_used = true;
	c->used = e->heap.after;
	c->used_at_s = t + (isnan(e->duration_s) ? 0 : e->duration_s);
	if (c->s.heap_peak < e->heap.before)
		c->s.heap_peak = e->heap.before;
	if (e->heap.capacity != UNKNOWN_BYTES && c->s.heap_capacity < e->heap.capacity)
		c->s.heap_capacity = e->heap.capacity;
}

static bool knows(const struct gc_change *c)
{
	return c->before != UNKNOWN_BYTES && c->after != UNKNOWN_BYTES;
}

// What the old generation holds after a collection; UNKNOWN_BYTES.
static uint64_t old_after(const struct gc_event *e)
{
	if (e->old.after != UNKNOWN_BYTES)
		return e->old.after;
	if (e->heap.after == UNKNOWN_BYTES || e->young.after == UNKNOWN_BYTES ||
	    e->young.after > e->heap.after)
		return UNKNOWN_BYTES;
	return e->heap.after - e->young.after;
}

static void add_promoted(struct gc_counter *c, const struct gc_event *e, double t)
{
	struct gc_rate *r = &c->s.promoted;
	uint64_t before, after;

	if ((e->kind != GC_YOUNG && e->kind != GC_INITIAL_MARK) || !knows(&e->heap) ||
	    !knows(&e->young) || e->young.before > e->heap.before ||
	    e->young.after > e->heap.after || isnan(t))
		return;
	r->count++;
	before = e->heap.before - e->young.before;
	after = e->heap.after - e->young.after;
	if (after > before) {
		r->bytes += after - before;
		c->promoted_since += after - before;
	}
}

// A cycle frees nothing when the next begins with as much, less what came in from the young
// generation meanwhile.
static void begin_cycle(struct gc_counter *c, const struct gc_event *e, double t)
{
	enum { SOON_S = 3 };
	struct gc_cycles *y = &c->s.cycles;
	uint64_t used = old_after(e);
	double cpu = c->s.cpu.pauses_s + c->s.cpu.concurrent_s;
	bool nothing, soon;

	y->count++;
	if (used != UNKNOWN_BYTES && c->cycle_used_known) {
		double freed = (double)c->cycle_used + (double)c->promoted_since - (double)used;

		nothing = freed < 0.02 * (double)c->cycle_used;
		soon = !isnan(c->cycle_end_s) && t - c->cycle_end_s < SOON_S;
		y->pairs++;
		y->freed_nothing += nothing;
		y->back_to_back += soon;
		if (nothing && soon && !(e->flags & (GC_METADATA | GC_EXPLICIT))) {
			if (!c->row++) {
				c->row_first = place_of(e);
				c->row_at_s = c->cycle_at_s;
				c->row_cpu_s = c->cycle_cpu_s;
			}
			if (c->row > y->longest_row) {
				y->longest_row = c->row;
				y->row_first = c->row_first;
				y->row_last = place_of(e);
				y->row_s = t - c->row_at_s;
				y->row_cores = c->s.cpu.measured && y->row_s > 0
						       ? (cpu - c->row_cpu_s) / y->row_s
						       : NAN;
			}
		} else {
			c->row = 0;
		}
	}
	c->cycle_at_s = t;
	c->cycle_cpu_s = cpu;
	c->cycle_used_known = used != UNKNOWN_BYTES;
	c->cycle_used = y->last_used = used;
	if (e->old.capacity != UNKNOWN_BYTES)
		y->capacity = c->old_capacity = e->old.capacity;
	c->promoted_since = 0;
	c->cycle_open = true;
}

static void add_floor(struct gc_counter *c, double t, uint64_t value, bool of_old)
{
	if (value == UNKNOWN_BYTES)
		return;
	c->floors_of_old = of_old;
	trend_add(&c->floors, t, value);
}

// A Full GC that left far less than the floors said shows that these were no live set.
static void forget_refuted_floors(struct gc_counter *c, const struct gc_event *e)
{
	struct trend *f = &c->floors;
	uint64_t after =
		c->floors_of_old && e->old.after != UNKNOWN_BYTES ? e->old.after : e->heap.after;

	if (f->count && (double)after < 0.8 * f->at[f->count - 1].value)
		memset(f, 0, sizeof(*f));
}

// What stays after the collector did what it could: the live set, and what it cannot free.
static void add_floors(struct gc_counter *c, const struct gc_event *e, double t)
{
	if (e->type == GC_PAUSE && knows(&e->heap) &&
	    (e->kind == GC_FULL || e->flags & GC_CONCURRENT_FAILED)) {
		trend_add(&c->fulls, t, e->heap.after);
		c->swept = c->after_mixed = false;
		forget_refuted_floors(c, e);
		return;
	}
	if (e->type == GC_CYCLE && e->kind == GC_FULL && knows(&e->heap)) { // ZGC
		add_floor(c, t, e->heap.after, false);
		return;
	}
	if (e->type == GC_CONCURRENT && !strncasecmp(e->name, "Concurrent cleanup", 18) &&
	    knows(&e->heap)) { // Shenandoah: the last of a cycle
		c->cleanup_after = e->heap.after;
		c->cleanup_at_s = t;
		return;
	}
	if (e->type != GC_PAUSE)
		return;
	if (e->kind == GC_INITIAL_MARK && c->cleanup_after != UNKNOWN_BYTES) {
		add_floor(c, c->cleanup_at_s, c->cleanup_after, false);
		c->cleanup_after = UNKNOWN_BYTES;
	}
	if (e->kind == GC_MIXED && knows(&e->heap)) {
		c->after_mixed = true;
		c->mixed_after = e->heap.after;
	} else if (c->after_mixed) {
		c->after_mixed = false;
		add_floor(c, t, c->mixed_after, false);
	}
	if (c->swept && old_after(e) != UNKNOWN_BYTES &&
	    (e->kind == GC_YOUNG || e->kind == GC_INITIAL_MARK)) { // CMS
		c->swept = false;
		add_floor(c, t, old_after(e), true);
	}
}

static void add_full(struct gc_counter *c, const struct gc_event *e)
{
	struct gc_full *f = &c->s.full;

	if ((e->kind != GC_FULL && !(e->flags & GC_CONCURRENT_FAILED)) || !knows(&e->heap))
		return;
	f->count++;
	f->heap = e->heap;
	f->old = e->old;
	f->freed_share = e->heap.before && e->heap.after < e->heap.before
				 ? 1 - (double)e->heap.after / (double)e->heap.before
				 : 0;
	f->place = place_of(e);
	f->old_freed_share = knows(&e->old) && e->old.before && e->old.after <= e->old.before
				     ? 1 - (double)e->old.after / (double)e->old.before
				     : NAN;
	memcpy(f->cause, e->cause, sizeof(f->cause));
}

static void add_meta(struct gc_counter *c, const struct gc_event *e, double t)
{
	struct gc_meta *m = &c->s.meta;
	bool unloads = e->kind == GC_FULL || e->flags & GC_CONCURRENT_FAILED;

	if (e->flags & GC_METADATA) {
		m->by_cause++;
		m->last_ditch += (e->flags & GC_LAST_DITCH) != 0;
	}
	if (!knows(&e->meta))
		return;
	m->perm = e->flags & GC_PERM;
	if (m->peak < e->meta.before)
		m->peak = e->meta.before;
	if (!unloads)
		return;
	m->collections++;
	m->last = e->meta;
	m->last_at_s = t;
	if (!(e->flags & GC_METADATA) || (double)e->meta.after < 0.98 * (double)e->meta.before)
		return;
	if (!m->by_cause_freed_nothing++)
		m->futile_first = place_of(e);
	m->futile_last = place_of(e);
}

static void add_cpu(struct gc_counter *c, const struct gc_event *e)
{
	struct gc_cpu *p = &c->s.cpu;
	double cpu = e->user_s + e->sys_s;

	if (!(e->flags & GC_CPU) || e->flags & GC_NESTED)
		return;
	p->measured++;
	*(e->type == GC_PAUSE ? &p->pauses_s : &p->concurrent_s) += cpu;
	if (e->type != GC_PAUSE)
		return;
	if (e->sys_s > e->user_s && e->sys_s >= 0.01)
		add(&p->sys_heavy, e, e->sys_s);
	if (e->real_s > 1.5 * cpu && e->real_s - cpu >= 0.01)
		add(&p->waited, e, e->real_s - cpu);
}

static void add_explicit(struct gc_counter *c, const struct gc_event *e, double t)
{
	add(&c->s.explicit_gc, e, e->duration_s);
	if (!isnan(t) && !isnan(c->explicit_at_s) && t > c->explicit_at_s)
		c->periods[c->period_count++ % PERIODS] = t - c->explicit_at_s;
	c->explicit_at_s = t;
}

static void add_flags(struct gc_counter *c, const struct gc_event *e, double t)
{
	static const struct {
		unsigned flag;
		size_t at;
	} SUMS[] = {
		{ GC_TO_SPACE, offsetof(struct gc_stats, to_space) },
		{ GC_PROMOTION_FAILED, offsetof(struct gc_stats, promotion_failed) },
		{ GC_CONCURRENT_FAILED, offsetof(struct gc_stats, concurrent_failed) },
		{ GC_HUMONGOUS, offsetof(struct gc_stats, humongous) },
		{ GC_LOCKER, offsetof(struct gc_stats, locker) },
	};

	for (size_t i = 0; i < sizeof(SUMS) / sizeof(SUMS[0]); i++)
		if (e->flags & SUMS[i].flag)
			add((struct gc_sum *)((char *)&c->s + SUMS[i].at), e, e->duration_s);
	if (e->kind == GC_DEGENERATED)
		add(&c->s.degenerated, e, e->duration_s);
	if (e->flags & GC_EXPLICIT)
		add_explicit(c, e, t);
	if (e->humongous_regions != UNKNOWN_BYTES && c->s.humongous_regions < e->humongous_regions)
		c->s.humongous_regions = e->humongous_regions;
}

static void follow_course(struct gc_counter *c, const struct gc_event *e, double t,
			  uint64_t allocated, uint64_t promoted)
{
	double duration = isnan(e->duration_s) ? 0 : e->duration_s;
	double begin = c->span_s + (t - c->first_s);

	if (!isnan(t))
		chartpoints_add(&c->s.course,
				&(struct gc_point){ .begin_s = begin,
						    .end_s = begin + duration,
						    .pauses = 1,
						    .full = e->kind == GC_FULL ||
							    e->flags & GC_CONCURRENT_FAILED,
						    .max_s = duration,
						    .sum_s = duration,
						    .before = e->heap.before,
						    .after = e->heap.after,
						    .capacity = e->heap.capacity,
						    .allocated = c->s.allocated.bytes - allocated,
						    .promoted = c->s.promoted.bytes - promoted });
}

static void add_pause(struct gc_counter *c, const struct gc_event *e, double t)
{
	uint64_t allocated = c->s.allocated.bytes, promoted = c->s.promoted.bytes;
	struct gc_pauses *p = &c->s.pauses;

	if (e->flags & GC_NESTED) {
		p->nested++;
	} else {
		add(&p->all, e, e->duration_s);
		add_named(c->s.names, &c->s.name_count, e->name, e);
		if (e->cause[0])
			add_named(c->s.causes, &c->s.cause_count, e->cause, e);
		c->s.by_kind[e->kind]++;
		if (isnan(e->duration_s)) {
			p->unmeasured++;
		} else {
			durations_add(&c->pauses, e->duration_s);
			if (!(p->min_s <= e->duration_s))
				p->min_s = e->duration_s;
		}
		add_flags(c, e, t);
	}
	add_allocated(c, e, t);
	add_promoted(c, e, t);
	if (!(e->flags & GC_NESTED))
		follow_course(c, e, t, allocated, promoted);
	add_full(c, e);
	add_meta(c, e, t);
	if (e->kind == GC_INITIAL_MARK)
		begin_cycle(c, e, t);
	add_cpu(c, e);
}

static void add_concurrent(struct gc_counter *c, const struct gc_event *e, double t)
{
	add_named(c->s.phases, &c->s.phase_count, e->name, e);
	add_cpu(c, e);
	c->s.due_to_time += (e->flags & GC_DUE_TO_TIME) != 0;
	if (e->kind == GC_SWEEP)
		c->swept = true;
	// The last phase of a cycle: whatever comes last counts.
	if (!isnan(t))
		c->cycle_end_s = t + (isnan(e->duration_s) ? 0 : e->duration_s);
}

void gc_counter_add(struct gc_counter *c, const struct gc_event *e)
{
	double t = clock_of(c, e);

	c->s.events++;
	follow_clock(c, e, t);
	burdens_add(&c->burdens, e, t);
	switch (e->type) {
	case GC_PAUSE:
		add_floors(c, e, t);
		add_pause(c, e, t);
		break;
	case GC_CONCURRENT:
		add_floors(c, e, t);
		add_concurrent(c, e, t);
		break;
	case GC_CYCLE:
		add_floors(c, e, t);
		add_allocated(c, e, t);
		break;
	case GC_STALL:
		add(&c->s.stalls, e, e->duration_s);
		break;
	case GC_STOP:
		add(&c->s.stop, e, e->duration_s);
		if (!isnan(e->reach_s))
			add(&c->s.reach, e, e->reach_s);
		if (e->name[0])
			add_named(c->s.stops, &c->s.stop_count, e->name, e);
		break;
	case GC_TYPE_COUNT:
		break;
	}
}

static int by_sum(const void *a, const void *b)
{
	double x = ((const struct gc_named_sum *)a)->sum.sum_s,
	       y = ((const struct gc_named_sum *)b)->sum.sum_s;

	return (x < y) - (x > y);
}

static int by_value(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

static void judge_pauses(struct gc_counter *c, struct gc_pauses *p)
{
	p->exact = !c->pauses.bucket;
	p->p50_s = durations_percentile(&c->pauses, 0.5);
	p->p90_s = durations_percentile(&c->pauses, 0.9);
	p->p95_s = durations_percentile(&c->pauses, 0.95);
	p->p99_s = durations_percentile(&c->pauses, 0.99);
	p->p999_s = durations_percentile(&c->pauses, 0.999);
}

// What is full rises no more, and collections come one after the other: how it got there is the course that counts.
static void cut_when_full(struct trend *s, uint64_t capacity)
{
	static const double TOP = 0.98, STAYS = 0.95, FULL = 0.80;
	double most = 0;
	size_t first;

	for (size_t i = 0; i < s->count; i++)
		most = fmax(most, s->at[i].value);
	if (capacity == UNKNOWN_BYTES || most < FULL * (double)capacity)
		return;
	for (first = 0; s->at[first].value < TOP * most; first++)
		;
	for (size_t i = first; i < s->count; i++)
		if (s->at[i].value < STAYS * most)
			return;
	if (first + 1 >= TREND_NEEDED) {
		s->skipped -= s->count - first - 1;
		s->count = first + 1;
	}
}

static void judge_live(struct gc_counter *c, const struct gclog_facts *log, struct gc_stats *s)
{
	uint64_t heap = log->max_heap != UNKNOWN_BYTES ? log->max_heap
			: s->heap_capacity             ? s->heap_capacity
						       : UNKNOWN_BYTES;

	bool of_fulls = c->fulls.skipped >= TREND_NEEDED || c->floors.skipped < c->fulls.skipped;
	struct trend until = of_fulls ? c->fulls : c->floors;
	const struct trend *points = &until;

	cut_when_full(&until, !of_fulls && c->floors_of_old ? c->old_capacity : heap);
	trend_judge(points, !of_fulls && c->floors_of_old ? c->old_capacity : heap, &s->live);
	burdens_judge(&c->burdens, points, &s->burdens);
}

static double median_period(const struct gc_counter *c)
{
	size_t n = c->period_count < PERIODS ? c->period_count : PERIODS;
	double sorted[PERIODS];

	if (!n)
		return NAN;
	memcpy(sorted, c->periods, n * sizeof(*sorted));
	qsort(sorted, n, sizeof(*sorted), by_value);
	return sorted[n / 2];
}

void gc_counter_judge(struct gc_counter *c, const struct gclog_facts *log, struct gc_stats *s)
{
	*s = c->s;
	s->dialect = gclog_dialect_name(log->dialect);
	s->collector = gclog_collector_name(log->collector);
	memcpy(s->jdk, log->jdk, sizeof(s->jdk));
	s->lines = log->lines;
	s->unknown_lines = log->unknown;
	s->damaged = log->damaged;
	memcpy(s->strangers, log->strangers, sizeof(s->strangers));
	s->stranger_count = log->stranger_count;
	s->stamped = c->has_time;
	s->max_heap = log->max_heap;
	s->max_meta = log->max_meta;
	s->swap = log->swap;
	s->swap_free = log->swap_free;
	s->cpus = log->cpus;
	s->runs += s->events > 0;
	s->span_s = c->has_time ? c->span_s + (c->last_s - c->first_s) : NAN;
	s->throughput = s->span_s > 0 ? 1 - s->pauses.all.sum_s / s->span_s : NAN;
	if (s->throughput < 0)
		s->throughput = 0;
	judge_pauses(c, &s->pauses);
	judge_live(c, log, s);
	s->allocated.mean =
		s->allocated.over_s > 0 ? (double)s->allocated.bytes / s->allocated.over_s : NAN;
	s->promoted.over_s = s->allocated.over_s;
	s->promoted.mean = s->promoted.count && s->allocated.over_s > 0
				   ? (double)s->promoted.bytes / s->allocated.over_s
				   : NAN;
	s->cpu.cores = s->cpu.measured && s->span_s > 0
			       ? (s->cpu.pauses_s + s->cpu.concurrent_s) / s->span_s
			       : NAN;
	s->explicit_period_s = median_period(c);
	s->other_stops_s = fmax(0, s->stop.sum_s - s->reach.sum_s - s->pauses.all.sum_s);
	qsort(s->names, s->name_count, sizeof(*s->names), by_sum);
	qsort(s->causes, s->cause_count, sizeof(*s->causes), by_sum);
	qsort(s->phases, s->phase_count, sizeof(*s->phases), by_sum);
	qsort(s->stops, s->stop_count, sizeof(*s->stops), by_sum);
}
