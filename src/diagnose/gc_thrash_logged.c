// SPDX-License-Identifier: Apache-2.0
// By the log: Full GCs one after the other that leave a full heap.
#include <math.h>

#include "diagnose/logged.h"
#include "diagnose/weigh.h"

enum { LEAST = 3 };
// Of the time of the row: from the second on HotSpot's own overhead limit is on its way.
static const double MUCH_TIME = 0.15, MOST_TIME = 0.50;
static const double ALL = 0.90;   // of the largest heap that the log shows or names
static const double PASSED = 0.5; // of what the row left
static const double CALM = 0.05;  // of the log's time: nobody complains below

static uint64_t largest_heap(const struct gc_stats *s)
{
	return s->max_heap != UNKNOWN_BYTES && s->max_heap > s->heap_capacity ? s->max_heap
									      : s->heap_capacity;
}

enum verdict gc_thrash_logged(const struct evidence *e, struct arena *mem, struct finding *out)
{
	const struct gc_stats *s = e->log;
	const struct gc_row *r = &s->burdens.full;
	double span = r->end_s - r->begin_s, share = span > 0 ? r->paused_s / span : 0;
	double all = 100 * logged_share(e, s->pauses.all.sum_s);
	uint64_t heap = largest_heap(s);
	bool passed;
	bool grown = r->count && (double)r->capacity >= ALL * (double)heap;

	if (!s->stamped || !(s->span_s > 0))
		return cannot_tell(out, mem, "times: the log has no stamps", "jledger gc FILE");
	if (r->count < LEAST || !grown || share < MUCH_TIME) {
		if (all < 100 * CALM || s->full.count)
			return ruled_out(out, mem, "pauses took %.1f %% of %s%s", all,
					 logged_seconds(mem, s->span_s),
					 s->full.count
						 ? arena_format(mem,
								"; the last Full GC left %s of %s",
								weigh_size(mem, s->full.heap.after),
								weigh_size(mem, heap))
						 : "");
		return cannot_tell(
			out, mem,
			arena_format(mem,
				     "what lives in the heap: pauses took %.1f %% of the "
				     "time, but the log has no Full GC with sizes",
				     all),
			"jledger doctor PID --for 120s");
	}
	out->bytes = r->used;
	out->culprit.kind = "flag";
	out->culprit.name = "MaxHeapSize";
	add_evidence(out, mem, "gclog.full_row", (double)r->count,
		     logged_place(e, mem, r->first, r->last),
		     "%llu Full GCs in %s left %s of %s and more; pauses took %.0f %% of that time",
		     (unsigned long long)r->count, logged_seconds(mem, span),
		     weigh_size(mem, r->used), weigh_size(mem, r->capacity), 100 * share);
	add_evidence(out, mem, "gclog.pause_share", all, logged_whole(e, mem),
		     "pauses took %.1f %% of the whole log", all);
	if (!(s->live.low > 0))
		weigh_confused(out, mem, "heap-leak",
			       "what lives in the heap does not rise over the log");
	weigh_remedy(out, mem, out->cause->remedy);
	passed = s->full.count && (double)s->full.heap.after < PASSED * (double)r->used;
	if (passed)
		add_evidence(out, mem, "gclog.last_full", (double)s->full.heap.after,
			     logged_place(e, mem, s->full.place, s->full.place),
			     "against it: it passed, the last Full GC left %s",
			     weigh_size(mem, s->full.heap.after));
	if (share < MOST_TIME || passed)
		return likely(
			out, mem,
			"The heap of %s was tight: %llu Full GCs in %s left it filled to %.0f %%, "
			"and pauses took %.0f %% of that time.",
			weigh_size(mem, heap), (unsigned long long)r->count,
			logged_seconds(mem, span), 100 * (double)r->used / (double)heap,
			100 * share);
	return confirmed(
		out, mem,
		"The heap of %s is too small for what lives in it: %llu Full GCs in %s left it "
		"filled to %.0f %%, and pauses took %.0f %% of that time.",
		weigh_size(mem, heap), (unsigned long long)r->count, logged_seconds(mem, span),
		100 * (double)r->used / (double)heap, 100 * share);
}
