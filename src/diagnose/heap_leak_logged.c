// SPDX-License-Identifier: Apache-2.0
// By the log: what collections leave rises, evenly, from the first to the last of many of them.
#include <math.h>

#include "diagnose/logged.h"
#include "diagnose/weigh.h"

static const double STRAIGHT = 0.7;    // R2
static const double LEAST_PART = 0.05; // of the capacity: the rise
static const double SECOND_HALF =
	0.4; // of the slope of the first half: a cache that fills slows down
static const double LEVEL = 0.30, HIGH = 0.60; // of the capacity, at the end
static const double LONG_S = 300;              // a start takes less

static const char *until(const struct evidence *e, struct arena *mem)
{
	const struct gc_trend *t = &e->log->live;

	if (!isfinite(t->until_full_s))
		return "";
	return arena_format(
		mem, "; at that pace %s is full in %s (%s to %s)", weigh_size(mem, t->capacity),
		logged_seconds(mem, t->until_full_s), logged_seconds(mem, t->until_full_low_s),
		isfinite(t->until_full_high_s) ? logged_seconds(mem, t->until_full_high_s)
					       : "never");
}

static enum verdict too_little(struct arena *mem, const struct gc_trend *t, struct finding *out)
{
	return cannot_tell(out, mem,
			   arena_format(mem,
					"what lives in the heap at five moments: the log has %zu "
					"collections of the old generation that show it",
					t->points),
			   "a longer log");
}

enum verdict heap_leak_logged(const struct evidence *e, struct arena *mem, struct finding *out)
{
	const struct gc_stats *s = e->log;
	const struct gc_trend *t = &s->live;
	double risen = (double)t->last - (double)t->first, capacity = (double)t->capacity;
	bool freed = s->full.count && s->full.freed_share >= 0.5 &&
		     (double)s->full.heap.after < 0.5 * (double)t->last;

	if (isnan(t->slope) || t->capacity == UNKNOWN_BYTES)
		return too_little(mem, t, out);
	if (!(t->low > 0) || t->r2 < STRAIGHT || risen < LEAST_PART * capacity)
		return ruled_out(
			out, mem,
			"what %zu collections left went from %s to %s: %+.1f MB an hour (%+.1f to "
			"%+.1f), R2 %.2f",
			t->points, weigh_size(mem, t->first), weigh_size(mem, t->last),
			t->slope * 3600 / 1048576, t->low * 3600 / 1048576,
			t->high * 3600 / 1048576, t->r2);
	if (freed)
		return ruled_out(
			out, mem,
			"the last Full GC freed %.0f %% of the heap (%s): what rose was not held",
			100 * s->full.freed_share, logged_change(mem, &s->full.heap));
	if (!(s->burdens.second_half > SECOND_HALF * s->burdens.first_half))
		return ruled_out(
			out, mem,
			"the rise ends: %.1f MB an hour in the first half of the log, %.1f in the "
			"second, as of a cache that fills",
			s->burdens.first_half * 3600 / 1048576,
			s->burdens.second_half * 3600 / 1048576);
	if ((double)t->last < LEVEL * capacity || t->span_s < LONG_S)
		return cannot_tell(
			out, mem,
			arena_format(mem, "whether the rise goes on: %s to %s of %s in %s",
				     weigh_size(mem, t->first), weigh_size(mem, t->last),
				     weigh_size(mem, t->capacity), logged_seconds(mem, t->span_s)),
			"a longer log");
	out->bytes = t->last;
	out->has_growth = true;
	out->growth_per_s = t->slope;
	out->collectable = COLLECTABLE_UNKNOWN;
	add_evidence(out, mem, "gclog.live", (double)t->last, logged_whole(e, mem),
		     "%zu collections left %s at first and %s at the end of %s: %+.1f MB an hour "
		     "(95 %%: %+.1f to %+.1f), R2 %.2f",
		     t->points, weigh_size(mem, t->first), weigh_size(mem, t->last),
		     logged_seconds(mem, t->span_s), t->slope * 3600 / 1048576,
		     t->low * 3600 / 1048576, t->high * 3600 / 1048576, t->r2);
	weigh_confused(out, mem, "gc-thrash", "what lives in the heap is not flat");
	weigh_remedy(out, mem, out->cause->remedy);
	weigh_remedy(out, mem, "what grows: two heap dumps hours apart, jledger heap NEW diff OLD");
	if ((double)t->last < HIGH * capacity)
		return likely(out, mem, "What lives in the heap rises: %s, then %s%s.",
			      weigh_size(mem, t->first), weigh_size(mem, t->last), until(e, mem));
	return confirmed(
		out, mem,
		"What lives in the heap rises from collection to collection: %s, then %s%s.",
		weigh_size(mem, t->first), weigh_size(mem, t->last), until(e, mem));
}
