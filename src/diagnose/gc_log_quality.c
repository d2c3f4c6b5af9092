// SPDX-License-Identifier: Apache-2.0
// What a GC log lacks, so that it could not be judged by all rules.
#include <inttypes.h>
#include <math.h>

#include "diagnose/logged.h"
#include "diagnose/weigh.h"

static const double GAP = 0.2, GAP_S = 60; // of the log's time; times the usual distance of pauses
enum { TIMES = 20 };

static void lack(const struct evidence *e, struct arena *mem, struct finding *out, double value,
		 const char *where, const char *text)
{
	add_evidence(out, mem, "gclog.lack", value, where ? where : logged_whole(e, mem), "%s",
		     text);
}

static enum verdict judge_log(const struct evidence *e, struct arena *mem, struct finding *out)
{
	const struct gc_stats *s = e->log;
	const struct gc_burdens *b = &s->burdens;
	uint64_t pauses = s->pauses.all.count;
	double usual = pauses > 1 ? s->span_s / (double)pauses : NAN;

	if (!s->events)
		return ruled_out(out, mem, "there is no event that could be judged");
	if (!s->stamped)
		lack(e, mem, out, 0, NULL,
		     "no times: no rate, no share of time and no trend can be told "
		     "(-XX:+PrintGCDateStamps, the decorations uptime and time)");
	if (b->no_cause * 2 > pauses)
		lack(e, mem, out, (double)b->no_cause, NULL,
		     "no causes of collections (-XX:+PrintGCCause)");
	if (b->no_heap * 2 > pauses)
		lack(e, mem, out, (double)b->no_heap, NULL,
		     "no sizes of the heap at most collections (-XX:+PrintGCDetails, -Xlog:gc*)");
	if (pauses && !s->cpu.measured)
		lack(e, mem, out, 0, NULL, "no CPU times (-XX:+PrintGCDetails, -Xlog:gc*)");
	if (pauses && !s->stop.count)
		lack(e, mem, out, 0, NULL,
		     "no stops (-XX:+PrintGCApplicationStoppedTime, -Xlog:safepoint)");
	if (s->pauses.unmeasured || s->damaged)
		lack(e, mem, out, (double)(s->pauses.unmeasured + s->damaged), NULL,
		     arena_format(mem, "%" PRIu64 " records are damaged or cut off",
				  s->pauses.unmeasured + s->damaged));
	if (s->unknown_lines)
		lack(e, mem, out, (double)s->unknown_lines,
		     logged_place(e, mem,
				  (struct gc_place){ s->strangers[0].file, s->strangers[0].line },
				  (struct gc_place){ 0 }),
		     arena_format(mem, "%" PRIu64 " lines are not of a GC log", s->unknown_lines));
	if (s->runs > 1)
		lack(e, mem, out, (double)s->runs, NULL,
		     arena_format(mem, "%" PRIu64 " runs of a JVM are in it", s->runs));
	if (s->span_s > 0 && b->gap_s > GAP * s->span_s && b->gap_s > GAP_S &&
	    b->gap_s > TIMES * usual)
		lack(e, mem, out, b->gap_s, logged_place(e, mem, b->gap, b->gap),
		     arena_format(mem,
				  "no pause for %s, while one comes each %s usually: a part may be "
				  "missing",
				  logged_seconds(mem, b->gap_s), logged_seconds(mem, usual)));
	if (!out->evidence.count)
		return ruled_out(out, mem,
				 "it has times, causes, sizes, CPU times and stops, and is whole");
	weigh_remedy(out, mem, out->cause->remedy);
	return confirmed(out, mem, "The log does not say everything: %s%s.",
			 out->evidence.at[0].text,
			 out->evidence.count > 1
				 ? arena_format(mem, ", and %zu more", out->evidence.count - 1)
				 : "");
}

const struct rule rule_gc_log_quality = { .cause = "gc-log-quality", .judge_log = judge_log };
