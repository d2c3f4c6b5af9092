// SPDX-License-Identifier: Apache-2.0
// By a GC log: the VM stops all threads for other ends than collections.
#include <math.h>
#include <string.h>

#include "diagnose/logged.h"
#include "diagnose/weigh.h"

enum { SHOWN = 4 };
static const double PART = 0.10;                        // of the stops' time
static const double LEAST_S = 0.2, LEAST_SHARE = 0.001; // below, nobody notices
static const double LONG_S = 1, COST = 0.01;            // seconds; of the log's time

static enum verdict judge_log(const struct evidence *e, struct arena *mem, struct finding *out)
{
	const struct gc_stats *s = e->log;
	const struct gc_sum *named = &s->burdens.other_stops;
	bool by_name = s->stop_count > 0;
	double other = by_name ? named->sum_s : s->other_stops_s;
	double part = s->stop.sum_s > 0 ? other / s->stop.sum_s : 0;
	size_t shown = 0;

	if (!s->stop.count)
		return cannot_tell(
			out, mem, "the stops beside those of collections",
			"-Xlog:safepoint, or -XX:+PrintGCApplicationStoppedTime of JDK 8");
	if (!by_name && !s->pauses.all.count)
		return cannot_tell(out, mem, "what the stops were for: the log has no collections",
				   "-Xlog:gc*,safepoint");
	if (part < PART || other < LEAST_S || logged_share(e, other) < LEAST_SHARE ||
	    (other < LONG_S && logged_share(e, other) < COST))
		return ruled_out(out, mem,
				 "stops for other ends than collections took %.3f s of %.3f s",
				 other, s->stop.sum_s);
	for (size_t i = 0; i < s->stop_count && shown < SHOWN; i++) {
		const struct gc_named_sum *n = &s->stops[i];

		if (!gc_stop_is_other(n->name))
			continue;
		if (!shown++) {
			out->culprit.kind = "operation";
			out->culprit.name = arena_text(mem, n->name);
		}
		add_evidence(out, mem, "gclog.stop", n->sum.sum_s, logged_sum(e, mem, &n->sum),
			     "%llu stops for %s: %.3f s, %.3f s at most",
			     (unsigned long long)n->sum.count, arena_text(mem, n->name),
			     n->sum.sum_s, n->sum.max_s);
	}
	if (!shown)
		add_evidence(
			out, mem, "gclog.stops", other, logged_whole(e, mem),
			"stops took %.2f s, of which pauses were %.2f s and the way to them %.2f s",
			s->stop.sum_s, s->pauses.all.sum_s, s->reach.sum_s);
	weigh_remedy(out, mem, out->cause->remedy);
	if (!shown)
		return likely(
			out, mem,
			"All threads stand for other ends than collections: %.2f s of %.2f s of "
			"stops; the log does not name these.",
			other, s->stop.sum_s);
	return confirmed(
		out, mem,
		"All threads stand for other ends than collections: %.2f s of %.2f s of stops, "
		"most of it for %s.",
		other, s->stop.sum_s, out->culprit.name);
}

const struct rule rule_gc_other_stops = { .cause = "gc-other-stops", .judge_log = judge_log };
