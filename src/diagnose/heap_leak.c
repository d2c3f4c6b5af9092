// SPDX-License-Identifier: Apache-2.0
// What lives in the heap rises from collection to collection.
//
// Only a collection of the old generation tells what lives there: after such ones the levels are compared.
// Where none came, a rise of the old generation may be garbage as well: then it takes a heap that was never
// collected, an even pace and a good part of the maximum to speak of a likely leak.
#include <math.h>

#include "base/units.h"
#include "diagnose/collections.h"
#include "diagnose/logged.h"
#include "diagnose/rule.h"
#include "diagnose/weigh.h"

enum {
	LEAST_FULL = 3,  // levels after old collections that make a slope ...
	MANY_FULL = 4,   // ... where young ones came since and may have added garbage
	LEAST_YOUNG = 3, // levels of young ones
	MANY_YOUNG = 6,
	LEAST_RISE_KB = 512,
	SINCE_CYCLE = 3,      // levels that a cycle's garbage would be gone from
	SOAK_S = 5,           // a JVM this old still starts ...
	STARTS_CLASSES = 200, // ... and one that loads so many classes within the window
};
// Of the heap's maximum.
static const double LEAST_PART = 0.01, YOUNG_RISE = 0.04, YOUNG_LEVEL = 0.20;
// Full collections that tell: so much of the window lies between the first and the last, and what they left is that
// part of the heap's maximum.
static const double SPAN = 0.3, LEVEL = 0.05;
static const double SECOND_HALF = 0.6; // of the pace of the first
static const double DROPS = 0.15;      // of the rise: what young collections may have taken back

// What lives goes up and down a little by what is just in use: how seldom levels rise so by chance (Mann and
// Kendall's test, standard deviations), or that part of the first level, which is more than a little.
static const double SURELY = 2.2, PERHAPS = 1.65, CLEARLY = 0.25;

struct rise {
	uint64_t count, first, last;
	double first_s, last_s;
	uint64_t dropped;   // sum of what levels are below the one before
	size_t falls;       // levels clearly below the one before
	size_t after_cycle; // levels since pauses of a concurrent cycle, 0: none came
	bool apart;         // each level of the last third is above each of the first
	double trend;       // of Mann and Kendall
};

enum kind {
	ALL,
	FULL,
	EXACT // nothing but full collections since the level before
};

static bool is_of(const struct collection_level *l, enum kind kind)
{
	return kind == ALL || (kind == FULL ? l->full : l->exact);
}

// What lives in a tight heap goes up and down by what is just in use: only levels that lie apart are a rise.
static bool lie_apart(const struct collections *c, enum kind kind, size_t count)
{
	uint64_t highest = 0, lowest = UINT64_MAX;
	size_t third = (count + 2) / 3, seen = 0;

	for (size_t i = 0; i < c->levels.count; i++) {
		const struct collection_level *l = &c->levels.at[i];

		if (!is_of(l, kind))
			continue;
		if (seen < third && l->old_used > highest)
			highest = l->old_used;
		if (seen + third >= count && l->old_used < lowest)
			lowest = l->old_used;
		seen++;
	}
	return lowest > highest;
}

static double trend_of(const struct collections *c, enum kind kind, size_t count)
{
	double n = (double)count, sum = 0;

	for (size_t i = 0; i < c->levels.count; i++)
		for (size_t k = i + 1; is_of(&c->levels.at[i], kind) && k < c->levels.count; k++)
			if (is_of(&c->levels.at[k], kind))
				sum += (c->levels.at[k].old_used > c->levels.at[i].old_used) -
				       (c->levels.at[k].old_used < c->levels.at[i].old_used);
	return count < 3 ? 0 : (sum - 1) / sqrt(n * (n - 1) * (2 * n + 5) / 18);
}

static struct rise rise_of(const struct collections *c, enum kind kind)
{
	struct rise r = { 0 };
	uint64_t before = 0;

	for (size_t i = 0; i < c->levels.count; i++) {
		const struct collection_level *l = &c->levels.at[i];

		if (!is_of(l, kind))
			continue;
		if (!r.count++) {
			r.first = l->old_used;
			r.first_s = l->at_s;
		}
		r.dropped += l->old_used < before ? before - l->old_used : 0;
		r.falls += l->old_used + before / 50 < before;
		if (l->cycle)
			r.after_cycle = 1;
		else if (r.after_cycle)
			r.after_cycle++;
		before = r.last = l->old_used;
		r.last_s = l->at_s;
	}
	r.apart = lie_apart(c, kind, r.count);
	r.trend = kind == ALL ? 0 : trend_of(c, kind, r.count);
	return r;
}

// Whether the second half of the time rises about as fast as the first: a cache that has filled, or a start that
// ends, does not.
static bool still_rises(const struct collections *c, const struct rise *r, enum kind kind)
{
	double half_s = (r->first_s + r->last_s) / 2, first, second;
	const struct collection_level *middle = NULL;

	for (size_t i = 0; i < c->levels.count; i++) {
		const struct collection_level *l = &c->levels.at[i];

		if (is_of(l, kind) && (l->at_s <= half_s || !middle || middle->at_s <= r->first_s))
			middle = l;
	}
	if (!middle || middle->at_s <= r->first_s || r->last_s <= middle->at_s)
		return false;
	first = ((double)middle->old_used - (double)r->first) / (middle->at_s - r->first_s);
	second = ((double)r->last - (double)middle->old_used) / (r->last_s - middle->at_s);
	return second > 0 && second >= SECOND_HALF * first;
}

// What lives may have come at start for the most part: then many levels have to show that more comes evenly.
static bool goes_on(const struct evidence *e, const struct rise *r)
{
	return weigh_pace(e, (double)r->first, (double)r->last - (double)r->first) ==
		       PACE_GOES_ON ||
	       r->count >= MANY_YOUNG;
}

static void describe(const struct evidence *e, struct arena *mem, const struct rise *r,
		     const char *kind, struct finding *out)
{
	double seconds = r->last_s - r->first_s;
	uint64_t max = snapshot_get(e->now, F_HEAP_MAX, 0);

	out->bytes = r->last;
	out->has_growth = true;
	out->growth_per_s = seconds > 0 ? (double)(r->last - r->first) / seconds : 0;
	out->collectable = COLLECTABLE_UNKNOWN;
	add_evidence(out, mem, "heap.old_used", (double)r->last, "hsperf",
		     "after %llu %s collections the old generation holds %s, %s before",
		     (unsigned long long)r->count, kind, weigh_size(mem, r->last),
		     weigh_size(mem, r->first));
	add_evidence(out, mem, "heap.max", (double)max, weigh_source(e->now, F_HEAP_MAX),
		     "%.0f %% of the heap's maximum of %s", 100 * (double)r->last / (double)max,
		     weigh_size(mem, max));
	weigh_confused(out, mem, "gc-thrash", "what lives in the heap is not flat");
	weigh_remedy(out, mem, out->cause->remedy);
	weigh_remedy(
		out, mem,
		arena_format(mem, "which class grows: %s",
			     weigh_command(mem, "jledger heap PID histo --for 30s", e->now->pid)));
	out->experiment = weigh_command(mem, "jledger try PID gc", e->now->pid);
}

static const char *until_full(const struct evidence *e, struct arena *mem, const struct finding *f)
{
	double left = (double)snapshot_get(e->now, F_HEAP_MAX, 0) - (double)f->bytes;

	if (f->growth_per_s <= 0 || left <= 0)
		return "";
	if (left / f->growth_per_s > 7200)
		return arena_format(mem, "; at this pace the heap is full in %.0f h",
				    left / f->growth_per_s / 3600);
	return arena_format(mem, "; at this pace the heap is full in %.0f s",
			    left / f->growth_per_s);
}

// By what full collections left.
static enum verdict judge_full(const struct evidence *e, struct arena *mem, const struct rise *r,
			       bool even, struct finding *out)
{
	uint64_t max = snapshot_get(e->now, F_HEAP_MAX, 0);
	double risen = (double)r->last - (double)r->first;
	const char *text;

	if (risen < LEAST_PART * (double)max || risen < KIB(LEAST_RISE_KB) ||
	    (!r->apart && r->falls * 3 <= r->count))
		return ruled_out(out, mem, "%llu full collections left %s, then %s",
				 (unsigned long long)r->count, weigh_size(mem, r->first),
				 weigh_size(mem, r->last));
	if (r->last_s - r->first_s < SPAN * e->window_s || (double)r->last < LEVEL * (double)max ||
	    !even)
		return cannot_tell(
			out, mem,
			arena_format(mem,
				     "whether what lives in the heap goes on to rise: %s, then %s "
				     "after %llu full collections in %.0f s",
				     weigh_size(mem, r->first), weigh_size(mem, r->last),
				     (unsigned long long)r->count, r->last_s - r->first_s),
			"jledger doctor PID --for 120s");
	if (r->falls * 3 > r->count)
		return cannot_tell(
			out, mem,
			"whether what lives in the heap rises: it goes up and down from one full "
			"collection to the next",
			"jledger doctor PID --for 120s");
	if (r->trend < PERHAPS && risen < CLEARLY * (double)r->first)
		return cannot_tell(
			out, mem,
			arena_format(
				mem,
				"whether what lives in the heap rises: %s, then %s after %llu full "
				"collections, which may be what is just in use",
				weigh_size(mem, r->first), weigh_size(mem, r->last),
				(unsigned long long)r->count),
			"jledger doctor PID --for 120s");
	describe(e, mem, r, "full", out);
	text = arena_format(
		mem,
		"What lives in the heap rises from collection to collection: %s, then %s after "
		"%llu full collections in %.0f s%s.",
		weigh_size(mem, r->first), weigh_size(mem, r->last), (unsigned long long)r->count,
		r->last_s - r->first_s, until_full(e, mem, out));
	return r->trend >= SURELY || risen >= CLEARLY * (double)r->first
		       ? confirmed(out, mem, "%s", text)
		       : likely(out, mem, "%s", text);
}

// By what young collections left, where the old generation was never collected before the window, or a concurrent
// cycle came by within it.
static enum verdict judge_young(const struct evidence *e, struct arena *mem, const struct rise *r,
				bool even, struct finding *out)
{
	double max = (double)snapshot_get(e->now, F_HEAP_MAX, 0),
	       risen = (double)r->last - (double)r->first;
	bool collected = snapshot_get(e->first, F_GC_FULL_COUNT, 0) ||
			 snapshot_get(e->first, F_GC_CYCLES, 0);
	const char *again = "jledger doctor PID --for 120s";
	double loaded = 0;

	if (risen < LEAST_PART * max)
		return ruled_out(out, mem,
				 "%llu collections left %s, then %s in the old generation",
				 (unsigned long long)r->count, weigh_size(mem, r->first),
				 weigh_size(mem, r->last));
	if (weigh_fact(e, F_CLASSES_LOADED, &loaded) && loaded >= STARTS_CLASSES)
		return cannot_tell(
			out, mem,
			arena_format(
				mem,
				"whether what lives in the heap goes on to rise: the old "
				"generation went from %s to %s while %.0f classes were loaded, "
				"as in a program that still starts",
				weigh_size(mem, r->first), weigh_size(mem, r->last), loaded),
			again);
	if ((!collected || r->after_cycle >= SINCE_CYCLE) && risen >= YOUNG_RISE * max &&
	    (double)r->last >= YOUNG_LEVEL * max && weigh_uptime(e) >= SOAK_S &&
	    r->last_s - r->first_s >= SPAN * e->window_s && (double)r->dropped <= DROPS * risen &&
	    even && goes_on(e, r)) {
		describe(e, mem, r, "young", out);
		return likely(
			out, mem,
			"The old generation rises evenly%s: %s, then %s after %llu young "
			"collections in %.0f s%s. %s",
			collected ? "" : " since the start", weigh_size(mem, r->first),
			weigh_size(mem, r->last), (unsigned long long)r->count,
			r->last_s - r->first_s, until_full(e, mem, out),
			collected ? "A concurrent cycle came by and gave none of it back."
				  : "Whether all of it lives, no collection of it has shown yet.");
	}
	return cannot_tell(
		out, mem,
		arena_format(mem,
			     "whether what lives in the heap rises: the old generation went from "
			     "%s to %s, and no collection of it has shown what lives",
			     weigh_size(mem, r->first), weigh_size(mem, r->last)),
		again);
}

static enum verdict judge(const struct evidence *e, struct arena *mem, struct finding *out)
{
	struct collections c;
	struct rise full, all;
	enum kind kind;
	size_t enough;

	collections_sum(e, mem, &c);
	if (!c.known || !snapshot_get(e->now, F_HEAP_MAX, 0))
		return cannot_tell(out, mem, "what collections leave in the heap, in a window",
				   "jledger doctor PID --for 60s");
	full = rise_of(&c, EXACT);
	enough = LEAST_FULL;
	kind = EXACT;
	if (full.count < LEAST_FULL) {
		full = rise_of(&c, FULL);
		enough = MANY_FULL;
		kind = FULL;
	}
	all = rise_of(&c, ALL);
	if (full.count >= enough)
		return judge_full(e, mem, &full, still_rises(&c, &full, kind), out);
	if (all.count >= LEAST_YOUNG)
		return judge_young(e, mem, &all, still_rises(&c, &all, ALL), out);
	return cannot_tell(
		out, mem,
		arena_format(mem,
			     "whether what lives in the heap rises: only %llu collections came "
			     "within the window",
			     (unsigned long long)c.count),
		"jledger doctor PID --for 120s");
}

const struct rule rule_heap_leak = { .cause = "heap-leak",
				     .judge = judge,
				     .judge_log = heap_leak_logged };
