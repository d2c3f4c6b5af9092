// SPDX-License-Identifier: Apache-2.0
// By the log: Full GCs for Metaspace in the first minutes and never again.
#include "diagnose/logged.h"
#include "diagnose/weigh.h"

enum { LEAST = 2 };
static const double START_S = 300, COST_S = 0.5, PART = 0.10;

enum verdict metaspace_initial_low_logged(const struct evidence *e, struct arena *mem,
					  struct finding *out)
{
	const struct gc_stats *s = e->log;
	const struct gc_burdens *b = &s->burdens;
	double part = s->pauses.all.sum_s > 0 ? b->meta_full.sum_s / s->pauses.all.sum_s : 0;

	if (!b->meta_full.count)
		return ruled_out(out, mem, "%llu collections for Metaspace, none of them full",
				 (unsigned long long)s->meta.by_cause);
	if (s->meta.last_ditch || b->meta_full_last_s > START_S)
		return ruled_out(out, mem,
				 "Full GCs for Metaspace go on after the start (at %.0f s)",
				 b->meta_full_last_s);
	if (s->runs > 1 || !(b->meta_full_last_s <= START_S) || s->span_s < START_S)
		return cannot_tell(
			out, mem,
			"whether the Full GCs for Metaspace end with the start: the log is "
			"too short for that, has no stamps, or holds several runs",
			"a longer log");
	if (b->meta_full.count < LEAST || (b->meta_full.sum_s < COST_S && part < PART))
		return ruled_out(out, mem, "%llu Full GCs for Metaspace at start cost %.2f s",
				 (unsigned long long)b->meta_full.count, b->meta_full.sum_s);
	out->culprit.kind = "flag";
	out->culprit.name = "MetaspaceSize";
	add_evidence(
		out, mem, "gclog.metadata", (double)b->meta_full.count,
		logged_sum(e, mem, &b->meta_full),
		"%llu Full GCs for Metaspace up to %.0f s after the start, %.2f s in all; none in "
		"the %s since",
		(unsigned long long)b->meta_full.count, b->meta_full_last_s, b->meta_full.sum_s,
		logged_seconds(mem, s->span_s - b->meta_full_last_s));
	weigh_remedy(out, mem, out->cause->remedy);
	return confirmed(
		out, mem,
		"Metaspace's initial threshold costs %llu Full GCs at start (%.2f s); none "
		"comes later.",
		(unsigned long long)b->meta_full.count, b->meta_full.sum_s);
}
