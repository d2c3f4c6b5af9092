// SPDX-License-Identifier: Apache-2.0
// The heap is too small for what lives in it: collections take the time and free next to nothing.
#include "diagnose/collections.h"
#include "diagnose/logged.h"
#include "diagnose/rule.h"
#include "diagnose/weigh.h"

enum { LEAST = 3 }; // collections of the old generation in the window
// Of the time: from the first on collections are a burden, below the second nobody complains.  Of the old
// generation's capacity: what a collection left.
static const double MUCH_TIME = 0.15, LITTLE_TIME = 0.05, FULL = 0.80, FLAT = 0.05;
// Of the heap's maximum: below, only the old generation's room is full, and young objects have theirs; each collection is
// a full one then, which is a fault only where they take most of the time, or come each second.
static const double TIGHT = 0.72, MOST_TIME = 0.50, OFTEN = 1.0;

struct left {
	uint64_t count, lowest, highest, first,
		last; // bytes after collections of the old generation
};

static struct left left_after_old(const struct collections *c)
{
	struct left l = { .lowest = UINT64_MAX };

	for (size_t i = 0; i < c->levels.count; i++) {
		uint64_t used = c->levels.at[i].old_used;

		if (!c->levels.at[i].full)
			continue;
		if (!l.count++)
			l.first = used;
		l.last = used;
		l.lowest = used < l.lowest ? used : l.lowest;
		l.highest = used > l.highest ? used : l.highest;
	}
	return l;
}

static enum verdict judge(const struct evidence *e, struct arena *mem, struct finding *out)
{
	uint64_t capacity = snapshot_get(e->now, F_OLD_COMMITTED, 0);
	uint64_t max = snapshot_get(e->now, F_HEAP_MAX, 0);
	struct collections c;
	struct left l;

	collections_sum(e, mem, &c);
	if (!c.known)
		return cannot_tell(out, mem,
				   "the share of the time that collections take, in a window",
				   "jledger doctor PID --for 30s");
	if (c.share < LITTLE_TIME)
		return ruled_out(out, mem, "collections took %.1f %% of the time", 100 * c.share);
	l = left_after_old(&c);
	if (!capacity || l.count < LEAST)
		return c.share < MUCH_TIME
			       ? ruled_out(out, mem,
					   "collections took %.1f %% of the time, %llu of them of "
					   "the "
					   "old generation",
					   100 * c.share, (unsigned long long)l.count)
			       : cannot_tell(
					 out, mem,
					 arena_format(mem,
						      "what lives in the heap: collections took "
						      "%.0f %% of the time, but too few were full",
						      100 * c.share),
					 "jledger doctor PID --for 120s");
	if ((double)l.lowest < FULL * (double)capacity)
		return ruled_out(out, mem, "a full collection left %s of %s in the old generation",
				 weigh_size(mem, l.lowest), weigh_size(mem, capacity));
	if ((double)l.last > (double)l.first * (1 + FLAT))
		return ruled_out(
			out, mem,
			"what lives in the heap still grows: %s, then %s after full collections",
			weigh_size(mem, l.first), weigh_size(mem, l.last));
	if (max && (double)l.lowest < TIGHT * (double)max && c.full_share < MOST_TIME &&
	    (double)c.full < OFTEN * c.seconds)
		return ruled_out(
			out, mem,
			"a full collection left %s, %.0f %% of the heap's maximum of %s, and "
			"collections took %.0f %% of the time",
			weigh_size(mem, l.lowest), 100 * (double)l.lowest / (double)max,
			weigh_size(mem, max), 100 * c.share);
	out->bytes = l.last;
	out->culprit.kind = "flag";
	out->culprit.name = "MaxHeapSize";
	add_evidence(out, mem, "gc.share", 100 * c.share, "hsperf",
		     "collections took %.0f %% of the time: %llu in %.0f s, %llu of them full",
		     100 * c.share, (unsigned long long)c.count, c.seconds,
		     (unsigned long long)c.full);
	add_evidence(out, mem, "heap.old_used", (double)l.last, "hsperf",
		     "each full collection left %s to %s of %s in the old generation",
		     weigh_size(mem, l.lowest), weigh_size(mem, l.highest),
		     weigh_size(mem, capacity));
	weigh_confused(out, mem, "heap-leak", "what lives in the heap is flat");
	weigh_remedy(out, mem, out->cause->remedy);
	if (c.share < MUCH_TIME)
		return likely(
			out, mem,
			"The heap is tight: full collections leave %s of %s in the old generation "
			"and take %.0f %% of the time with the others.",
			weigh_size(mem, l.last), weigh_size(mem, capacity), 100 * c.share);
	return confirmed(
		out, mem,
		"The heap of %s is too small for what lives in it: %llu full collections in "
		"%.0f s left %s of %s in the old generation, and collections took %.0f %% of "
		"the time.",
		weigh_size(mem, max), (unsigned long long)c.full, c.seconds,
		weigh_size(mem, l.last), weigh_size(mem, capacity), 100 * c.share);
}

const struct rule rule_gc_thrash = { .cause = "gc-thrash",
				     .judge = judge,
				     .judge_log = gc_thrash_logged };
