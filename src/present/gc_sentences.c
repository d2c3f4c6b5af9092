// SPDX-License-Identifier: Apache-2.0
#include <inttypes.h>
#include <math.h>

#include "base/units.h"
#include "present/gc.h"
#include "present/words.h"

__attribute__((format(printf, 5, 6))) static void say(struct gc_sentences *out, struct arena *mem,
						      struct gc_place from, struct gc_place to,
						      const char *format, ...)
{
	va_list arguments;
	struct gc_sentence s = { .from = from, .to = to };

	va_start(arguments, format);
	s.text = arena_format_list(mem, format, arguments);
	va_end(arguments);
	vec_push(mem, out, s);
}

static const struct gc_place NOWHERE;

static const char *size(uint64_t bytes, struct arena *mem)
{
	char text[16];

	return arena_text(mem, bytes == UNKNOWN_BYTES ? "?" : units_print_size(bytes, text));
}

static const char *duration(double seconds, struct arena *mem)
{
	char text[16];

	return arena_text(mem, words_duration(seconds, text));
}

static const char *times(uint64_t count, struct arena *mem)
{
	return count == 1 ? "Once" : arena_format(mem, "%" PRIu64 " times", count);
}

static double percent(double share)
{
	return 100 * share;
}

static void say_cycles(const struct gc_stats *s, struct arena *mem, struct gc_sentences *out)
{
	const struct gc_cycles *c = &s->cycles;
	const char *burnt = "";

	if (c->row_cores > 0)
		burnt = arena_format(mem, ". They burnt %.2f cores for %s", c->row_cores,
				     duration(c->row_s, mem));
	if (c->longest_row)
		say(out, mem, c->row_first, c->row_last,
		    "%" PRIu64 " of %" PRIu64 " concurrent cycles freed less than 2 %% of the old "
		    "generation, %" PRIu64
		    " of them in a row, each at once after the one before: what "
		    "is in use there stands above the point where a cycle starts (%s of %s)%s.",
		    c->freed_nothing, c->pairs, c->longest_row, size(c->last_used, mem),
		    size(c->capacity, mem), burnt);
	else if (c->freed_nothing)
		say(out, mem, NOWHERE, NOWHERE,
		    "%" PRIu64 " of %" PRIu64 " concurrent cycles freed less than 2 %% of the old "
		    "generation, though not one at once after the other.",
		    c->freed_nothing, c->pairs);
}

static void say_full(const struct gc_stats *s, struct arena *mem, struct gc_sentences *out)
{
	const struct gc_full *f = &s->full;
	const char *of_old = "";

	if (!f->count)
		return;
	if (!isnan(f->old_freed_share))
		of_old = arena_format(mem, "%.0f %% of the old generation (%s -> %s) and ",
				      percent(f->old_freed_share), size(f->old.before, mem),
				      size(f->old.after, mem));
	if (f->freed_share >= 0.5 && (s->cycles.freed_nothing || s->concurrent_failed.count))
		say(out, mem, f->place, f->place,
		    "The last Full GC freed %s%.0f %% of the whole heap (%s -> %s), which "
		    "contradicts "
		    "that it was held for ever: what concurrent cycles could not free was not "
		    "strongly "
		    "reachable (classes that are not unloaded, soft or weak references, "
		    "finalizers) or "
		    "had been let go just before.",
		    of_old, percent(f->freed_share), size(f->heap.before, mem),
		    size(f->heap.after, mem));
	else
		say(out, mem, f->place, f->place,
		    "The last Full GC freed %s%.0f %% of the heap (%s -> "
		    "%s).",
		    of_old, percent(f->freed_share), size(f->heap.before, mem),
		    size(f->heap.after, mem));
}

static void say_failures(const struct gc_stats *s, struct arena *mem, struct gc_sentences *out)
{
	const struct {
		const struct gc_sum *sum;
		const char *what;
	} ROWS[] = {
		{ &s->concurrent_failed, "the concurrent collector came too late (concurrent mode "
					 "failure or interruption)" },
		{ &s->promotion_failed,
		  "the old generation had no room for what was to be promoted" },
		{ &s->to_space, "survivors had no room (to-space exhausted, evacuation failure)" },
		{ &s->degenerated,
		  "a concurrent cycle had to be finished in a pause (degenerated)" },
		{ &s->stalls, "a thread had to wait for memory (allocation stall)" },
	};

	for (size_t i = 0; i < sizeof(ROWS) / sizeof(ROWS[0]); i++)
		if (ROWS[i].sum->count)
			say(out, mem, ROWS[i].sum->first, ROWS[i].sum->last,
			    "%s %s: %.3f s, at most %.3f s.", times(ROWS[i].sum->count, mem),
			    ROWS[i].what, ROWS[i].sum->sum_s, ROWS[i].sum->max_s);
}

static void say_live(const struct gc_stats *s, struct arena *mem, struct gc_sentences *out)
{
	const struct gc_trend *t = &s->live;

	if (isnan(t->slope) || t->slope <= 0 || t->low <= 0)
		return;
	if (isfinite(t->until_full_s))
		say(out, mem, NOWHERE, NOWHERE,
		    "What collections leave grew by %s an hour (%s to %s; R2 %.2f): at that pace "
		    "%s is "
		    "full in %s (%s to %s).",
		    size((uint64_t)(t->slope * 3600), mem), size((uint64_t)(t->low * 3600), mem),
		    size((uint64_t)(t->high * 3600), mem), t->r2, size(t->capacity, mem),
		    duration(t->until_full_s, mem), duration(t->until_full_low_s, mem),
		    isfinite(t->until_full_high_s) ? duration(t->until_full_high_s, mem) : "never");
	else
		say(out, mem, NOWHERE, NOWHERE,
		    "What collections leave grew by %s an hour (R2 %.2f).",
		    size((uint64_t)(t->slope * 3600), mem), t->r2);
}

static void say_meta(const struct gc_stats *s, struct arena *mem, struct gc_sentences *out)
{
	const struct gc_meta *m = &s->meta;
	const char *what = m->perm ? "The permanent generation" : "Metaspace";

	if (m->by_cause_freed_nothing)
		say(out, mem, NOWHERE, NOWHERE,
		    "%s caused %" PRIu64 " collections, %" PRIu64
		    " of which freed nothing of it (%s -> "
		    "%s at the last): its class loaders are alive%s.",
		    what, m->by_cause, m->by_cause_freed_nothing, size(m->last.before, mem),
		    size(m->last.after, mem),
		    m->last_ditch ? ", and the VM dropped soft references already" : "");
	else if (m->by_cause)
		say(out, mem, NOWHERE, NOWHERE, "%s caused %" PRIu64 " collections.", what,
		    m->by_cause);
}

static void say_cpu(const struct gc_stats *s, struct arena *mem, struct gc_sentences *out)
{
	const struct gc_cpu *c = &s->cpu;

	if (c->cores >= 0.2)
		say(out, mem, NOWHERE, NOWHERE,
		    "Collections used %.2f cores all the time (%.1f s in pauses, %.1f s beside the "
		    "program).",
		    c->cores, c->pauses_s, c->concurrent_s);
	if (c->sys_heavy.count)
		say(out, mem, c->sys_heavy.first, c->sys_heavy.worst,
		    "%" PRIu64
		    " pauses spent more time in the kernel than in the collector (%.2f s at "
		    "most): pages touched for the first time, huge pages, swapping.",
		    c->sys_heavy.count, c->sys_heavy.max_s);
	if (c->waited.count)
		say(out, mem, c->waited.first, c->waited.worst,
		    "%" PRIu64
		    " pauses took longer than their CPU time accounts for (%.2f s at most): "
		    "the CPU was taken away, or the log or the swap was waited for.",
		    c->waited.count, c->waited.max_s);
}

static void say_rest(const struct gc_stats *s, struct arena *mem, struct gc_sentences *out)
{
	if (s->explicit_gc.count)
		say(out, mem, s->explicit_gc.first, s->explicit_gc.last,
		    "%" PRIu64
		    " collections were asked for (System.gc() and its like), %.3f s%s%s.",
		    s->explicit_gc.count, s->explicit_gc.sum_s,
		    isnan(s->explicit_period_s) ? "" : ", mostly every ",
		    isnan(s->explicit_period_s) ? "" : duration(s->explicit_period_s, mem));
	if (s->humongous.count)
		say(out, mem, s->humongous.first, s->humongous.last,
		    "%" PRIu64
		    " pauses were caused by objects of half a region and more (humongous).",
		    s->humongous.count);
	if (s->locker.count)
		say(out, mem, s->locker.first, s->locker.last,
		    "%" PRIu64 " collections had waited for JNI critical sections (GCLocker).",
		    s->locker.count);
	if (s->reach.count && (s->reach.max_s > 0.1 ||
			       (s->reach.sum_s > 0.1 && s->reach.sum_s > 0.2 * s->stop.sum_s)))
		say(out, mem, s->reach.worst, s->reach.worst,
		    "Threads took %.3f s to come to safepoints, %.3f s at most.", s->reach.sum_s,
		    s->reach.max_s);
	if (s->other_stops_s > 0.1 && s->other_stops_s > 0.1 * s->stop.sum_s)
		say(out, mem, NOWHERE, NOWHERE,
		    "Stops for other ends than collections took %.3f s of %.3f s.",
		    s->other_stops_s, s->stop.sum_s);
	if (s->pauses.unmeasured)
		say(out, mem, NOWHERE, NOWHERE,
		    "Of %" PRIu64
		    " pauses the log does not say how long they were: it is cut there.",
		    s->pauses.unmeasured);
	if (s->damaged)
		say(out, mem, NOWHERE, NOWHERE, "%" PRIu64 " records are damaged and not counted.",
		    s->damaged);
	if (s->runs > 1)
		say(out, mem, NOWHERE, NOWHERE, "The log holds %" PRIu64 " runs of a JVM.",
		    s->runs);
}

void gc_sentences_of(const struct gc_stats *s, struct arena *mem, struct gc_sentences *out)
{
	say_cycles(s, mem, out);
	say_full(s, mem, out);
	say_failures(s, mem, out);
	say_live(s, mem, out);
	say_meta(s, mem, out);
	say_cpu(s, mem, out);
	say_rest(s, mem, out);
}
