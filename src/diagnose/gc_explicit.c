// SPDX-License-Identifier: Apache-2.0
// Somebody calls System.gc().
//
// The VM words the cause of each collection.  One call an hour (RMI) falls into no window: there the number of
// full collections stands for the period.
#include <string.h>

#include "diagnose/collections.h"
#include "diagnose/logged.h"
#include "diagnose/rule.h"
#include "diagnose/weigh.h"

enum {
	LEAST = 3,        // in the window: one or two may be an operator's
	LEAST_HOURLY = 3, // full collections since the start, at least, to speak of a period
};
static const double HALF = 0.5, HOUR_S = 3600;
static const char EXPLICIT[] = "System.gc()";

static bool has_thread(const struct snapshot *s, const char *name)
{
	for (size_t i = 0; i < s->threads.count; i++)
		if (s->threads.at[i].name && !strcmp(s->threads.at[i].name, name))
			return true;
	return false;
}

static void describe(const struct evidence *e, struct arena *mem, const struct collections *c,
		     struct finding *out)
{
	uint64_t count = collections_for(c, EXPLICIT);

	out->culprit.kind = "call";
	out->culprit.name = has_thread(e->now, "GC Daemon") ? "thread GC Daemon (RMI)" : EXPLICIT;
	add_evidence(out, mem, "gc.explicit", (double)count, "hsperf",
		     "%llu of %llu collections in %.0f s had the cause %s",
		     (unsigned long long)count, (unsigned long long)c->count, c->seconds, EXPLICIT);
	add_evidence(out, mem, "gc.share", 100 * c->share, "hsperf",
		     "collections took %.1f %% of the time", 100 * c->share);
	weigh_remedy(out, mem, out->cause->remedy);
	weigh_remedy(out, mem,
		     "who calls it: a Java stack of a thread in java.lang.Runtime.gc "
		     "(jstack), or -Xlog:gc* with its times");
}

static enum verdict judge_hourly(const struct evidence *e, struct arena *mem,
				 const struct collections *c, struct finding *out)
{
	const struct fact *cause = &e->now->fact[F_GC_CAUSE];
	double full = (double)snapshot_get(e->now, F_GC_FULL_COUNT, 0);
	double uptime = (double)snapshot_get(e->now, F_UPTIME, 0) / 1000;

	if (cause->known && !strcmp(cause->text, EXPLICIT) && full >= LEAST_HOURLY &&
	    full >= HALF * uptime / HOUR_S && has_thread(e->now, "GC Daemon")) {
		describe(e, mem, c, out);
		return likely(out, mem,
			      "RMI's thread GC Daemon collects the heap at a period: %.0f full "
			      "collections in %.1f h, the last one by System.gc().",
			      full, uptime / HOUR_S);
	}
	if (!c->count)
		return ruled_out(out, mem, "no collection came within the window%s",
				 cause->known ? arena_format(mem, "; the last one's cause was %s",
							     cause->text)
					      : "");
	return ruled_out(
		out, mem, "%llu of %llu collections in the window had the cause System.gc()",
		(unsigned long long)collections_for(c, EXPLICIT), (unsigned long long)c->count);
}

static enum verdict judge(const struct evidence *e, struct arena *mem, struct finding *out)
{
	struct collections c;
	uint64_t count;

	collections_sum(e, mem, &c);
	if (!weigh_has_window(e) && !e->now->fact[F_GC_CAUSE].known)
		return cannot_tell(out, mem, "the causes of the collections (jvmstat counters)",
				   "jledger doctor PID --for 30s");
	if (weigh_has_window(e) && !c.known)
		return cannot_tell(out, mem, "the collections' counters (-XX:-UsePerfData?)",
				   out->cause->how);
	count = collections_for(&c, EXPLICIT);
	if (count < LEAST || (double)count < HALF * (double)c.count)
		return judge_hourly(e, mem, &c, out);
	describe(e, mem, &c, out);
	return confirmed(out, mem,
			 "System.gc() is called again and again: it is the cause of %llu of %llu "
			 "collections in %.0f s, one each %.1f s.",
			 (unsigned long long)count, (unsigned long long)c.count, c.seconds,
			 c.seconds / (double)count);
}

const struct rule rule_gc_explicit = { .cause = "gc-explicit",
				       .judge = judge,
				       .judge_log = gc_explicit_logged };
