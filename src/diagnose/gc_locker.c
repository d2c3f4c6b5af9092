// SPDX-License-Identifier: Apache-2.0
// By a GC log: collections that had to wait for threads in JNI critical sections.
#include "diagnose/logged.h"
#include "diagnose/weigh.h"

enum { LEAST = 3 };
static const double PART = 0.10, SOME = 0.02; // of all pauses

static enum verdict judge_log(const struct evidence *e, struct arena *mem, struct finding *out)
{
	const struct gc_stats *s = e->log;
	const struct gc_sum *l = &s->locker, *futile = &s->burdens.locker_futile;
	double part = s->pauses.all.count ? (double)l->count / (double)s->pauses.all.count : 0;

	if (!l->count && s->burdens.no_cause && s->burdens.no_cause * 2 >= s->pauses.all.count)
		return cannot_tell(out, mem, "the causes of the collections: the log has none",
				   "-XX:+PrintGCCause");
	if (l->count < LEAST || (part < PART && (futile->count < LEAST || part < SOME)))
		return ruled_out(out, mem, "%llu of %llu pauses had the cause GCLocker",
				 (unsigned long long)l->count,
				 (unsigned long long)s->pauses.all.count);
	out->culprit.kind = "call";
	out->culprit.name = "JNI critical sections";
	add_evidence(
		out, mem, "gclog.locker", (double)l->count, logged_sum(e, mem, l),
		"%llu of %llu pauses had the cause GCLocker Initiated GC: %.2f s, %.2f s at most",
		(unsigned long long)l->count, (unsigned long long)s->pauses.all.count, l->sum_s,
		l->max_s);
	if (futile->count)
		add_evidence(out, mem, "gclog.locker_futile", (double)futile->count,
			     logged_sum(e, mem, futile),
			     "%llu of them freed less than 2 %% of the heap",
			     (unsigned long long)futile->count);
	weigh_remedy(out, mem, out->cause->remedy);
	if (futile->count >= LEAST)
		return confirmed(
			out, mem,
			"Threads in JNI critical sections hold the collector off: %llu of %llu "
			"pauses came late for them, and %llu of these freed nothing.",
			(unsigned long long)l->count, (unsigned long long)s->pauses.all.count,
			(unsigned long long)futile->count);
	return likely(
		out, mem,
		"Threads in JNI critical sections hold the collector off: %llu of %llu pauses came "
		"late for them (%.2f s).",
		(unsigned long long)l->count, (unsigned long long)s->pauses.all.count, l->sum_s);
}

const struct rule rule_gc_locker = { .cause = "gc-locker", .judge_log = judge_log };
