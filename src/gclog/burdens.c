// SPDX-License-Identifier: Apache-2.0
#include "gclog/burdens.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static const double FULL = 0.80;     // of the capacity: a heap that a Full GC leaves so is full
static const double ROW_S = 10;      // Full GCs further apart are no row
static const double NOTHING = 0.02;  // of the heap: a collection that frees less freed nothing
static const double SLOW_S = 0.1;    // to come to a safepoint
static const double WAITED_S = 0.05; // the times have ticks of 10 ms, each rounded
static const double START_S = 300;   // a JVM this old has started
static const unsigned LOW_AGE = 2;

void burdens_init(struct burdens *b)
{
	memset(b, 0, sizeof(*b));
	b->last_pause_s = b->sum.meta_full_last_s = NAN;
	b->sum.first_half = b->sum.second_half = NAN;
	b->sum.failed_free = b->sum.failed_young = UNKNOWN_BYTES;
}

static void end_row(struct burdens *b)
{
	if (b->row.count > 1 && b->row.paused_s > b->sum.full.paused_s)
		b->sum.full = b->row;
	memset(&b->row, 0, sizeof(b->row));
}

void burdens_restart(struct burdens *b)
{
	end_row(b);
	b->last_pause_s = NAN;
	memset(&b->final_refs, 0, sizeof(b->final_refs));
}

static void add(struct gc_sum *to, const struct gc_event *e, double seconds)
{
	struct gc_place at = { e->file, e->line };

	if (!to->count++)
		to->first = at;
	to->last = at;
	if (isnan(seconds))
		return;
	to->sum_s += seconds;
	if (seconds > to->max_s || !to->worst.line) {
		to->max_s = seconds;
		to->worst = at;
	}
}

static bool knows(const struct gc_change *c)
{
	return c->before != UNKNOWN_BYTES && c->after != UNKNOWN_BYTES;
}

static bool frees_nothing(const struct gc_event *e)
{
	return knows(&e->heap) && (double)e->heap.after > (1 - NOTHING) * (double)e->heap.before;
}

// A row goes on as long as each Full GC leaves a full heap and the next comes soon.
static void add_to_row(struct burdens *b, const struct gc_event *e, double t)
{
	double duration = isnan(e->duration_s) ? 0 : e->duration_s;
	bool known = knows(&e->heap) && e->heap.capacity != UNKNOWN_BYTES && !isnan(t);

	if (!known || e->flags & (GC_EXPLICIT | GC_METADATA) ||
	    (double)e->heap.after < FULL * (double)e->heap.capacity) {
		end_row(b);
		return;
	}
	if (b->row.count && t - b->row.end_s > ROW_S)
		end_row(b);
	if (!b->row.count++) {
		b->row.first = (struct gc_place){ e->file, e->line };
		b->row.begin_s = t;
		b->row.used = e->heap.after;
		b->row_base_s = b->paused_s;
	}
	b->row.last = (struct gc_place){ e->file, e->line };
	b->row.end_s = t + duration;
	if (e->heap.after < b->row.used)
		b->row.used = e->heap.after;
	b->row.capacity = e->heap.capacity;
}

static void add_full(struct burdens *b, const struct gc_event *e, double t)
{
	if (e->flags & GC_METADATA) {
		add(&b->sum.meta_full, e, e->duration_s);
		b->sum.meta_full_last_s = e->uptime_s;
	}
	if (e->flags & GC_EXPLICIT && !strncmp(e->cause, "System", 6))
		add(&b->sum.explicit_full, e, e->duration_s);
	if (!(e->flags & (GC_EXPLICIT | GC_METADATA)) && knows(&e->heap) &&
	    e->heap.capacity != UNKNOWN_BYTES && e->heap.capacity &&
	    (double)e->heap.before < FULL * (double)e->heap.capacity)
		add(&b->sum.full_with_room, e, e->duration_s);
	add_to_row(b, e, t);
}

static void add_failure(struct burdens *b, const struct gc_event *e)
{
	add(&b->sum.failed, e, e->duration_s);
	if (e->old.before == UNKNOWN_BYTES || e->old.capacity == UNKNOWN_BYTES ||
	    e->old.before > e->old.capacity || e->young.before == UNKNOWN_BYTES)
		return;
	b->sum.failed_free = e->old.capacity - e->old.before;
	b->sum.failed_young = e->young.before;
}

static void add_lacks(struct burdens *b, const struct gc_event *e)
{
	bool collects = e->kind == GC_YOUNG || e->kind == GC_FULL || e->kind == GC_MIXED;

	b->sum.no_cause += collects && !e->cause[0];
	b->sum.no_cpu += collects && !(e->flags & GC_CPU);
	b->sum.no_heap += collects && !knows(&e->heap);
}

static void add_cpu(struct burdens *b, const struct gc_event *e)
{
	double cpu = e->user_s + e->sys_s;

	if (e->flags & GC_CPU && e->real_s > 1.5 * cpu && e->real_s - cpu >= WAITED_S)
		add(&b->sum.starved, e, e->real_s - cpu);
	if (e->flags & GC_CPU && e->sys_s > e->user_s && e->real_s > 1.5 * cpu &&
	    e->real_s - cpu >= 0.1)
		add(&b->sum.swap_like, e, e->real_s - cpu);
}

static void add_pause(struct burdens *b, const struct gc_event *e, double t)
{
	enum { FAILED = GC_PROMOTION_FAILED | GC_CONCURRENT_FAILED | GC_TO_SPACE };
	double duration = isnan(e->duration_s) ? 0 : e->duration_s;

	if (t - b->last_pause_s > b->sum.gap_s) {
		b->sum.gap_s = t - b->last_pause_s;
		b->sum.gap = (struct gc_place){ e->file, e->line };
	}
	if (!isnan(t))
		b->last_pause_s = t + duration;
	if (e->kind == GC_FULL || e->flags & GC_CONCURRENT_FAILED)
		add_full(b, e, t);
	b->paused_s += duration;
	if (b->row.count && b->row.last.line == e->line && b->row.last.file == e->file)
		b->row.paused_s = b->paused_s - b->row_base_s; // up to its last Full GC
	if (e->flags & FAILED)
		add_failure(b, e);
	if (e->flags & GC_METADATA && knows(&e->meta) && e->uptime_s > START_S &&
	    (double)e->meta.after >= (1 - NOTHING) * (double)e->meta.before)
		add(&b->sum.meta_futile_late, e, e->duration_s);
	if (e->flags & GC_HUMONGOUS && frees_nothing(e))
		add(&b->sum.humongous_futile, e, e->duration_s);
	if (e->flags & GC_LOCKER && frees_nothing(e))
		add(&b->sum.locker_futile, e, e->duration_s);
	if (e->tenuring && (e->kind == GC_YOUNG || e->kind == GC_INITIAL_MARK)) {
		b->sum.tenured++;
		b->sum.tenured_low += e->tenuring <= LOW_AGE;
	}
	add_lacks(b, e);
	add_cpu(b, e);
}

void burdens_add(struct burdens *b, const struct gc_event *e, double t)
{
	if (e->final_refs != UNKNOWN_BYTES)
		trend_add(&b->final_refs, t, e->final_refs);
	if (e->type == GC_PAUSE && !(e->flags & GC_NESTED))
		add_pause(b, e, t);
	if (e->type != GC_STOP)
		return;
	if (e->reach_s > SLOW_S)
		add(&b->sum.slow_reach, e, e->reach_s);
	if (e->name[0] && gc_stop_is_other(e->name))
		add(&b->sum.other_stops, e, e->duration_s - (isnan(e->reach_s) ? 0 : e->reach_s));
}

static double slope_of(const struct trend *s, size_t from, size_t to)
{
	struct trend half = { 0 };
	struct gc_trend out;

	for (size_t i = from; i < to; i++)
		trend_add(&half, s->at[i].t, (uint64_t)s->at[i].value);
	trend_judge(&half, UNKNOWN_BYTES, &out);
	return out.slope;
}

void burdens_judge(const struct burdens *b, const struct trend *live, struct gc_burdens *out)
{
	struct burdens copy = *b;

	end_row(&copy);
	*out = copy.sum;
	trend_judge(&b->final_refs, UNKNOWN_BYTES, &out->final_refs);
	out->first_half = slope_of(live, 0, (live->count + 1) / 2);
	out->second_half = slope_of(live, live->count / 2, live->count);
}
