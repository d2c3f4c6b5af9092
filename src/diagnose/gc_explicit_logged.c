// SPDX-License-Identifier: Apache-2.0
// By the log: Full GCs with the cause System.gc(), often or at a period.
#include <math.h>

#include "diagnose/logged.h"
#include "diagnose/weigh.h"

enum { LEAST = 3 };
static const double COST_S = 1;
static const double PART = 0.20;                // of all pauses' time
static const double SHARE = 0.01;               // of the log's time
static const double HOUR_S = 3600, NEAR = 0.02; // RMI's usual interval

enum verdict gc_explicit_logged(const struct evidence *e, struct arena *mem, struct finding *out)
{
	const struct gc_stats *s = e->log;
	const struct gc_sum *full = &s->burdens.explicit_full;
	double part = s->pauses.all.sum_s > 0 ? full->sum_s / s->pauses.all.sum_s : 0;
	bool hourly = fabs(s->explicit_period_s - HOUR_S) < NEAR * HOUR_S;
	const char *period = isnan(s->explicit_period_s)
				     ? ""
				     : arena_format(mem, ", mostly one each %s",
						    logged_seconds(mem, s->explicit_period_s));

	if (s->burdens.no_cause && s->burdens.no_cause >= s->pauses.all.count / 2 && !full->count)
		return cannot_tell(out, mem, "the causes of the collections: the log has none",
				   "-XX:+PrintGCCause");
	if (full->count < LEAST || (!hourly && (part < PART || full->sum_s < COST_S) &&
				    logged_share(e, full->sum_s) < SHARE))
		return ruled_out(
			out, mem,
			"%llu Full GCs were asked for with System.gc(): %.2f s of %.2f s of "
			"pauses",
			(unsigned long long)full->count, full->sum_s, s->pauses.all.sum_s);
	out->culprit.kind = "call";
	out->culprit.name = "System.gc()";
	add_evidence(out, mem, "gclog.explicit", (double)full->count, logged_sum(e, mem, full),
		     "%llu Full GCs by System.gc(): %.2f s, %.0f %% of all pauses' time%s",
		     (unsigned long long)full->count, full->sum_s, 100 * part, period);
	weigh_remedy(out, mem, out->cause->remedy);
	if (hourly)
		weigh_remedy(out, mem,
			     "an hour is RMI's interval: -Dsun.rmi.dgc.server.gcInterval and "
			     "client.gcInterval");
	weigh_remedy(out, mem,
		     "don't forbid them (DisableExplicitGC) where direct buffers are used: "
		     "java.nio.Bits calls it to get memory back");
	return confirmed(
		out, mem,
		"System.gc() is called again and again: %llu Full GCs in %s took %.2f s%s.",
		(unsigned long long)full->count, logged_seconds(mem, s->span_s), full->sum_s,
		period);
}
