// SPDX-License-Identifier: Apache-2.0
// By a GC log: G1 marks again and again, and frees nothing by it.
#include <math.h>
#include <string.h>

#include "diagnose/logged.h"
#include "diagnose/weigh.h"

enum { LEAST = 3, LEAST_UNDO = 5 };
static const double HALF = 0.5;

static const struct gc_sum *find_phase(const struct gc_stats *s, const char *name)
{
	for (size_t i = 0; i < s->phase_count; i++)
		if (!strcmp(s->phases[i].name, name))
			return &s->phases[i].sum;
	return NULL;
}

static enum verdict judge_log(const struct evidence *e, struct arena *mem, struct finding *out)
{
	const struct gc_stats *s = e->log;
	const struct gc_cycles *c = &s->cycles;
	const struct gc_sum *undo = find_phase(s, "Concurrent Undo Cycle");
	uint64_t undone = undo ? undo->count : 0;
	bool row = c->longest_row >= LEAST;

	if (!logged_is(e, "G1"))
		return *s->collector
			       ? ruled_out(out, mem, "the log is of the collector %s", s->collector)
			       : cannot_tell(out, mem, "the collector: the log does not name it",
					     "jledger gc FILE");
	if (!row && (undone < LEAST_UNDO || (double)undone < HALF * (double)c->count))
		return ruled_out(
			out, mem,
			"%llu concurrent cycles; of %llu pairs %llu followed at once and %llu "
			"freed nothing, %llu both in a row",
			(unsigned long long)c->count, (unsigned long long)c->pairs,
			(unsigned long long)c->back_to_back, (unsigned long long)c->freed_nothing,
			(unsigned long long)c->longest_row);
	out->culprit.kind = "flag";
	out->culprit.name = "InitiatingHeapOccupancyPercent";
	if (row)
		add_evidence(
			out, mem, "gclog.cycles", (double)c->longest_row + 1,
			logged_place(e, mem, c->row_first, c->row_last),
			"%llu concurrent cycles, each at once after the one before, freed nothing "
			"of the old generation%s",
			(unsigned long long)c->longest_row + 1,
			c->row_s > 0 ? arena_format(mem, ", in %s", logged_seconds(mem, c->row_s))
				     : "");
	if (undone)
		add_evidence(out, mem, "gclog.undo", (double)undone, logged_sum(e, mem, undo),
			     "%llu of %llu cycles were given up as soon as they began (Undo Cycle)",
			     (unsigned long long)undone, (unsigned long long)c->count);
	if (s->humongous.count)
		add_evidence(out, mem, "gclog.humongous", (double)s->humongous.count,
			     logged_sum(e, mem, &s->humongous),
			     "%llu pauses were caused by humongous objects",
			     (unsigned long long)s->humongous.count);
	logged_contradiction(e, mem, out);
	weigh_remedy(out, mem, out->cause->remedy);
	if (!row)
		return likely(out, mem,
			      "G1 begins cycles for nothing: %llu of %llu were given up at once.",
			      (unsigned long long)undone, (unsigned long long)c->count);
	return confirmed(
		out, mem,
		"G1 marks without end: %llu cycles, each at once after the one before, freed "
		"nothing of the old generation.",
		(unsigned long long)c->longest_row + 1);
}

const struct rule rule_gc_mark_thrash = { .cause = "gc-mark-thrash", .judge_log = judge_log };
