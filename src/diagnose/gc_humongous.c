// SPDX-License-Identifier: Apache-2.0
// By a GC log: collections for humongous objects that free nothing, and Full GCs of a heap that has room.
#include "diagnose/logged.h"
#include "diagnose/weigh.h"

enum { LEAST = 3 };
static const double PART = 0.30, COST = 0.01; // of all pauses; their share of the log's time

static enum verdict judge_log(const struct evidence *e, struct arena *mem, struct finding *out)
{
	const struct gc_stats *s = e->log;
	const struct gc_sum *h = &s->humongous, *futile = &s->burdens.humongous_futile,
			    *room = &s->burdens.full_with_room;
	double part = s->pauses.all.count ? (double)h->count / (double)s->pauses.all.count : 0;

	if (!logged_is(e, "G1"))
		return *s->collector
			       ? ruled_out(out, mem, "the log is of the collector %s", s->collector)
			       : cannot_tell(out, mem, "the collector: the log does not name it",
					     "jledger gc FILE");
	if (!h->count && s->burdens.no_cause && s->burdens.no_cause * 2 >= s->pauses.all.count)
		return cannot_tell(out, mem, "the causes of the collections: the log has none",
				   "-XX:+PrintGCCause");
	if (h->count < LEAST || (futile->count < LEAST && !room->count && part < PART))
		return ruled_out(
			out, mem,
			"%llu of %llu pauses were caused by humongous objects, %llu of them freed "
			"nothing",
			(unsigned long long)h->count, (unsigned long long)s->pauses.all.count,
			(unsigned long long)futile->count);
	out->culprit.kind = "flag";
	out->culprit.name = "G1HeapRegionSize";
	add_evidence(out, mem, "gclog.humongous", (double)h->count, logged_sum(e, mem, h),
		     "%llu of %llu pauses had the cause G1 Humongous Allocation: %.2f s",
		     (unsigned long long)h->count, (unsigned long long)s->pauses.all.count,
		     h->sum_s);
	if (futile->count)
		add_evidence(out, mem, "gclog.humongous_futile", (double)futile->count,
			     logged_sum(e, mem, futile),
			     "%llu of them freed less than 2 %% of the heap",
			     (unsigned long long)futile->count);
	if (room->count)
		add_evidence(out, mem, "gclog.full_with_room", (double)room->count,
			     logged_sum(e, mem, room),
			     "%llu Full GCs came although a fifth of the heap and more was free: "
			     "%.2f s",
			     (unsigned long long)room->count, room->sum_s);
	if (s->humongous_regions)
		add_evidence(out, mem, "gclog.humongous_regions", (double)s->humongous_regions,
			     logged_whole(e, mem),
			     "up to %llu humongous regions after a collection",
			     (unsigned long long)s->humongous_regions);
	weigh_remedy(out, mem, out->cause->remedy);
	if (room->count || logged_share(e, h->sum_s) >= COST)
		return confirmed(
			out, mem,
			"Objects of half a region and more drive the collector: they caused %llu "
			"of %llu pauses (%.2f s), %llu of which freed nothing.",
			(unsigned long long)h->count, (unsigned long long)s->pauses.all.count,
			h->sum_s, (unsigned long long)futile->count);
	return likely(
		out, mem,
		"Objects of half a region and more caused %llu of %llu pauses, though these took "
		"%.2f s in all.",
		(unsigned long long)h->count, (unsigned long long)s->pauses.all.count, h->sum_s);
}

const struct rule rule_gc_humongous = { .cause = "gc-humongous", .judge_log = judge_log };
