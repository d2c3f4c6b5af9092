// SPDX-License-Identifier: Apache-2.0
// By a GC log: the stop is long because some thread comes late to it.
#include "diagnose/logged.h"
#include "diagnose/weigh.h"

enum { MANY = 3 };
static const double PART = 0.20;   // of the stops' time
static const double LEAST_S = 0.2; // below, nobody notices
static const double LONG_S = 1, COST = 0.01;

static enum verdict judge_log(const struct evidence *e, struct arena *mem, struct finding *out)
{
	const struct gc_stats *s = e->log;
	const struct gc_sum *slow = &s->burdens.slow_reach;
	double part = s->stop.sum_s > 0 ? s->reach.sum_s / s->stop.sum_s : 0;
	bool costly = part >= PART &&
		      (s->reach.sum_s >= LONG_S ||
		       (s->reach.sum_s >= LEAST_S && logged_share(e, s->reach.sum_s) >= COST));

	if (!s->reach.count)
		return cannot_tell(
			out, mem, "how long threads took to come to safepoints",
			"-Xlog:safepoint, or -XX:+PrintGCApplicationStoppedTime of JDK 8");
	if (slow->count < MANY && slow->max_s < LONG_S && !costly && !(slow->count && part >= PART))
		return ruled_out(
			out, mem,
			"threads took %.3f s of %.3f s of stops to come to them, %.3f s at most",
			s->reach.sum_s, s->stop.sum_s, s->reach.max_s);
	out->culprit.kind = "thread";
	out->culprit.name = NULL;
	add_evidence(out, mem, "gclog.reach", s->reach.sum_s,
		     logged_place(e, mem, s->reach.worst, s->reach.worst),
		     "%.2f s of %.2f s of stops passed until all threads stood (%.0f %%), %.2f s "
		     "at most",
		     s->reach.sum_s, s->stop.sum_s, 100 * part, s->reach.max_s);
	if (slow->count)
		add_evidence(out, mem, "gclog.slow_reach", (double)slow->count,
			     logged_sum(e, mem, slow), "%llu stops took more than 0.1 s to come to",
			     (unsigned long long)slow->count);
	weigh_remedy(out, mem, out->cause->remedy);
	if ((slow->count >= MANY && part >= PART) || slow->max_s >= LONG_S || costly)
		return confirmed(
			out, mem,
			"Threads come late to safepoints: %.2f s of %.2f s of stops, %.2f s at "
			"most, were waited for them.",
			s->reach.sum_s, s->stop.sum_s, s->reach.max_s);
	return likely(
		out, mem,
		"Some thread comes late to safepoints: %llu times more than 0.1 s, %.2f s at most.",
		(unsigned long long)slow->count, s->reach.max_s);
}

const struct rule rule_gc_time_to_safepoint = { .cause = "gc-time-to-safepoint",
						.judge_log = judge_log };
