// SPDX-License-Identifier: Apache-2.0
// By a GC log: threads wait for memory because ZGC's cycle is not done in time.
#include "diagnose/logged.h"
#include "diagnose/weigh.h"

enum { MANY = 3 };
static const double LONG_S = 0.1;

// A log's numbers may be of any size.
static uint64_t bytes_of(double rate)
{
	return rate > 0 && rate < 1e18 ? (uint64_t)rate : UNKNOWN_BYTES;
}

static enum verdict judge_log(const struct evidence *e, struct arena *mem, struct finding *out)
{
	const struct gc_stats *s = e->log;
	const struct gc_sum *w = &s->stalls;

	if (*s->collector && !logged_is(e, "ZGC"))
		return ruled_out(out, mem, "the log is of the collector %s", s->collector);
	if (!w->count)
		return ruled_out(out, mem, "no thread waited for memory");
	if (logged_negligible(e, w))
		return ruled_out(out, mem, "threads waited for memory %s, %.3f s in all",
				 logged_times(mem, w->count), w->sum_s);
	out->culprit.kind = "flag";
	out->culprit.name = "MaxHeapSize";
	add_evidence(out, mem, "gclog.stalls", (double)w->count, logged_sum(e, mem, w),
		     "%llu times a thread waited for memory: %.2f s in all, %.2f s at most",
		     (unsigned long long)w->count, w->sum_s, w->max_s);
	if (s->allocated.mean > 0)
		add_evidence(out, mem, "gclog.allocated", s->allocated.mean, logged_whole(e, mem),
			     "%s were allocated a second, at most %s",
			     weigh_size(mem, bytes_of(s->allocated.mean)),
			     weigh_size(mem, bytes_of(s->allocated.max)));
	weigh_remedy(out, mem, out->cause->remedy);
	if (w->count < MANY && w->max_s < LONG_S)
		return likely(out, mem, "Threads waited for memory %s, %.3f s in all.",
			      logged_times(mem, w->count), w->sum_s);
	return confirmed(out, mem,
			 "Threads wait for memory: %s, %.2f s in all; the collector's cycles end "
			 "later than the heap is full.",
			 logged_times(mem, w->count), w->sum_s);
}

const struct rule rule_gc_allocation_stall = { .cause = "gc-allocation-stall",
					       .judge_log = judge_log };
