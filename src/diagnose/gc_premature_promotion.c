// SPDX-License-Identifier: Apache-2.0
// By a GC log: objects are promoted young, and the old generation gives them back soon.
#include <math.h>

#include "diagnose/logged.h"
#include "diagnose/weigh.h"

enum { FULL_HEAP = 3 };
enum { LEAST = 20 };              // young collections: fewer are a start
static const double MUCH = 0.20;  // promoted, of what was allocated
static const double YOUNG = 0.50; // collections with a threshold of 1 or 2, of those that say it
static const double GIVEN_BACK = 0.4; // of the old generation, by a Full GC

static enum verdict judge_log(const struct evidence *e, struct arena *mem, struct finding *out)
{
	const struct gc_stats *s = e->log;
	const struct gc_burdens *b = &s->burdens;
	const struct gc_cycles *c = &s->cycles;
	double part =
		s->allocated.bytes ? (double)s->promoted.bytes / (double)s->allocated.bytes : 0;
	double low = b->tenured ? (double)b->tenured_low / (double)b->tenured : 0;
	bool by_full = s->full.count && s->full.old_freed_share >= GIVEN_BACK;
	bool by_cycles = c->pairs >= 2 && c->freed_nothing * 2 <= c->pairs;

	if (s->promoted.count < LEAST || !s->allocated.bytes)
		return cannot_tell(
			out, mem,
			"what twenty young collections promoted: the log is short or has no "
			"sizes of the generations",
			"jledger gc FILE");
	if (part < MUCH)
		return ruled_out(out, mem, "%.1f %% of what was allocated was promoted",
				 100 * part);
	if (!by_full && !by_cycles)
		return cannot_tell(
			out, mem,
			arena_format(mem,
				     "whether the old generation gives back soon what it "
				     "got: %.0f %% of what was allocated was promoted",
				     100 * part),
			"a log with collections of the old generation");
	if (!b->tenured)
		return cannot_tell(
			out, mem,
			arena_format(mem,
				     "the age at promotion: %.0f %% of what was allocated "
				     "was promoted, and the old generation gave it back",
				     100 * part),
			"-XX:+PrintTenuringDistribution, or -Xlog:gc+age=debug");
	if (low < YOUNG)
		return ruled_out(out, mem, "the threshold was 1 or 2 at %llu of %llu collections",
				 (unsigned long long)b->tenured_low,
				 (unsigned long long)b->tenured);
	if (b->full.count >= FULL_HEAP)
		return ruled_out(
			out, mem,
			"the heap is full: %llu Full GCs in a row left %s of %s, so nothing "
			"stays young",
			(unsigned long long)b->full.count, weigh_size(mem, b->full.used),
			weigh_size(mem, b->full.capacity));
	out->culprit.kind = "flag";
	out->culprit.name = "SurvivorRatio";
	add_evidence(out, mem, "gclog.promoted", (double)s->promoted.bytes, logged_whole(e, mem),
		     "%s of %s that were allocated were promoted (%.0f %%)",
		     weigh_size(mem, s->promoted.bytes), weigh_size(mem, s->allocated.bytes),
		     100 * part);
	add_evidence(
		out, mem, "gclog.tenuring", (double)b->tenured_low, logged_whole(e, mem),
		"at %llu of %llu collections the survivor space was too small for an age above 2",
		(unsigned long long)b->tenured_low, (unsigned long long)b->tenured);
	if (by_full)
		add_evidence(out, mem, "gclog.last_full", 100 * s->full.old_freed_share,
			     logged_place(e, mem, s->full.place, s->full.place),
			     "the last Full GC freed %.0f %% of the old generation",
			     100 * s->full.old_freed_share);
	if (by_cycles)
		add_evidence(out, mem, "gclog.cycles", (double)(c->pairs - c->freed_nothing),
			     logged_whole(e, mem),
			     "%llu of %llu concurrent cycles freed what had come",
			     (unsigned long long)(c->pairs - c->freed_nothing),
			     (unsigned long long)c->pairs);
	weigh_remedy(out, mem, out->cause->remedy);
	return confirmed(
		out, mem,
		"Objects are promoted too young: %.0f %% of what was allocated went to the old "
		"generation, mostly after two collections and less, and came back from there as "
		"garbage.",
		100 * part);
}

const struct rule rule_gc_premature_promotion = { .cause = "gc-premature-promotion",
						  .judge_log = judge_log };
