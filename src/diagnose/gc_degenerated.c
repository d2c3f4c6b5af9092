// SPDX-License-Identifier: Apache-2.0
// By a GC log: Shenandoah's cycles are finished in pauses, because the program was faster.
#include <string.h>

#include "diagnose/logged.h"
#include "diagnose/weigh.h"

enum { MANY = 3 };
static const double LONG_S = 0.5;

static enum verdict judge_log(const struct evidence *e, struct arena *mem, struct finding *out)
{
	const struct gc_stats *s = e->log;
	const struct gc_sum *d = &s->degenerated;
	double part = s->pauses.all.sum_s > 0 ? d->sum_s / s->pauses.all.sum_s : 0;

	if (*s->collector && !logged_is(e, "Shenandoah"))
		return ruled_out(out, mem, "the log is of the collector %s", s->collector);
	if (!d->count)
		return ruled_out(out, mem, "no cycle was finished in a pause");
	if (logged_negligible(e, d))
		return ruled_out(out, mem, "a cycle was finished in a pause %s, %.3f s in all",
				 logged_times(mem, d->count), d->sum_s);
	out->culprit.kind = "flag";
	out->culprit.name = "MaxHeapSize";
	for (size_t i = 0; i < s->name_count; i++)
		if (strstr(s->names[i].name, "egenerated"))
			add_evidence(out, mem, "gclog.degenerated", (double)s->names[i].sum.count,
				     logged_sum(e, mem, &s->names[i].sum),
				     "%llu times %s: %.3f s, %.3f s at most",
				     (unsigned long long)s->names[i].sum.count,
				     arena_text(mem, s->names[i].name), s->names[i].sum.sum_s,
				     s->names[i].sum.max_s);
	if (s->full.count)
		add_evidence(out, mem, "gclog.full", (double)s->full.count,
			     logged_place(e, mem, s->full.place, s->full.place),
			     "%llu Full GCs besides; the last freed %.0f %% of the heap",
			     (unsigned long long)s->full.count, 100 * s->full.freed_share);
	weigh_remedy(out, mem, out->cause->remedy);
	if (d->count < MANY && d->sum_s < LONG_S)
		return likely(out, mem, "A cycle had to be finished in a pause %s: %.3f s.",
			      logged_times(mem, d->count), d->sum_s);
	return confirmed(
		out, mem,
		"The program is faster than its collector: %llu cycles were finished in a pause "
		"(degenerated), %.3f s in all, %.0f %% of all pauses' time.",
		(unsigned long long)d->count, d->sum_s, 100 * part);
}

const struct rule rule_gc_degenerated = { .cause = "gc-degenerated", .judge_log = judge_log };
