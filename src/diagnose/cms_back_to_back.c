// SPDX-License-Identifier: Apache-2.0
// CMS starts one cycle after the other: what lives in the old generation is above the occupancy that starts a
// cycle, so that the end of one is the start of the next.
#include <string.h>

#include "diagnose/collections.h"
#include "diagnose/logged.h"
#include "diagnose/rule.h"
#include "diagnose/weigh.h"

enum {
	LEAST = 4,           // pauses of the old collector in the window: a cycle has two
	USUAL_FRACTION = 92, // where CMSInitiatingOccupancyFraction is not set
};
static const double CYCLES_PER_S = 0.1; // pauses: a cycle each 20 s is often

static enum verdict judge(const struct evidence *e, struct arena *mem, struct finding *out)
{
	const struct fact *gc = &e->now->fact[F_COLLECTOR];
	const struct flag_row *flag = snapshot_find_flag(e->now, "CMSInitiatingOccupancyFraction");
	double fraction = flag && (int64_t)flag->number > 0 ? (double)flag->number : USUAL_FRACTION;
	double capacity = (double)snapshot_get(e->now, F_OLD_COMMITTED, 0);
	double used = (double)snapshot_get(e->now, F_OLD_USED, 0);
	struct collections c;

	if (!gc->known)
		return cannot_tell(out, mem, "the collector", out->cause->how);
	if (strcmp(gc->text, "CMS") != 0)
		return ruled_out(out, mem, "the collector is %s", gc->text);
	collections_sum(e, mem, &c);
	if (!c.known || capacity <= 0)
		return cannot_tell(out, mem, "the cycles of CMS in a window",
				   "jledger doctor PID --for 30s");
	if (c.full < LEAST || (double)c.full < CYCLES_PER_S * c.seconds)
		return ruled_out(out, mem, "CMS paused %llu times in %.0f s",
				 (unsigned long long)c.full, c.seconds);
	if (100 * used < fraction * capacity)
		return ruled_out(
			out, mem,
			"the old generation is filled to %.0f %%, and cycles start at %.0f %%",
			100 * used / capacity, fraction);
	out->bytes = (uint64_t)used;
	out->culprit.kind = "flag";
	out->culprit.name = "CMSInitiatingOccupancyFraction";
	add_evidence(out, mem, "gc.cycles", (double)c.full, "hsperf",
		     "%llu pauses of CMS cycles in %.0f s", (unsigned long long)c.full, c.seconds);
	add_evidence(out, mem, "heap.old_used", used, "hsperf",
		     "the old generation is filled to %.0f %% of %s; a cycle starts at %.0f %%",
		     100 * used / capacity, weigh_size(mem, (uint64_t)capacity), fraction);
	weigh_remedy(out, mem, out->cause->remedy);
	return confirmed(
		out, mem,
		"CMS runs one cycle after the other: %llu of its pauses in %.0f s, and the old "
		"generation stays at %.0f %%, above the %.0f %% that start a cycle.",
		(unsigned long long)c.full, c.seconds, 100 * used / capacity, fraction);
}

const struct rule rule_cms_back_to_back = { .cause = "cms-back-to-back",
					    .judge = judge,
					    .judge_log = cms_back_to_back_logged };
