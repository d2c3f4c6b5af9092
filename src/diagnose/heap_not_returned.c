// SPDX-License-Identifier: Apache-2.0
// The heap keeps its pages after a peak.
//
// A heap that is quiet and resident far beyond what is used holds memory for nothing.  What is used may be garbage as
// well, or a cache that is needed tomorrow: only a collection shows, so there the experiment is named, and nobody is
// accused.
#include "base/units.h"
#include "diagnose/rule.h"
#include "diagnose/weigh.h"

enum { LEAST_MB = 64, LEAST_WINDOW_S = 5 };
static const double HALF = 0.5;   // of what is resident: used
static const double QUIET = 0.02; // of what is used: allocated within the window

static enum verdict judge(const struct evidence *e, struct arena *mem, struct finding *out)
{
	const struct snapshot *now = e->now;
	uint64_t resident = snapshot_get(now, F_HEAP_RESIDENT, 0),
		 used = snapshot_get(now, F_HEAP_USED, 0);
	uint64_t max = snapshot_get(now, F_HEAP_MAX, 0),
		 initial = snapshot_get(now, F_HEAP_INITIAL, 0);
	double gcs = 0, allocated = 0;

	if (!now->fact[F_HEAP_RESIDENT].known || !now->fact[F_HEAP_USED].known)
		return cannot_tell(out, mem, "what of the heap is resident and used",
				   out->cause->how);
	if (resident < MIB(LEAST_MB))
		return ruled_out(out, mem, "%s of the heap are resident",
				 weigh_size(mem, resident));
	if (initial && initial == max)
		return ruled_out(out, mem, "the heap has a fixed size (-Xms equals -Xmx)");
	if (now->fact[F_HEAP_PRETOUCH].known && now->fact[F_HEAP_PRETOUCH].value)
		return ruled_out(out, mem, "the heap was touched at start, as asked for");
	if (!weigh_has_window(e) || e->window_s < LEAST_WINDOW_S ||
	    !weigh_fact(e, F_GC_COUNT, &gcs) || !weigh_fact(e, F_HEAP_USED, &allocated))
		return cannot_tell(out, mem, "whether the heap is quiet, in a window",
				   "jledger doctor PID --for 30s");
	if (gcs >= 1)
		return ruled_out(out, mem, "%s came within the window: the heap is in use",
				 weigh_count(mem, (uint64_t)gcs, "collection"));
	if (allocated > QUIET * (double)used && allocated > (double)MIB(1))
		return ruled_out(out, mem, "the heap is in use: %s were allocated in %s",
				 weigh_size(mem, (uint64_t)allocated), weigh_window_text(mem, e));
	out->experiment = weigh_command(mem, "jledger try PID gc", now->pid);
	if ((double)used > HALF * (double)resident)
		return cannot_tell(
			out, mem,
			arena_format(mem,
				     "what of the quiet heap lives: %s resident, %s used, and no "
				     "collection came; one would show it",
				     weigh_size(mem, resident), weigh_size(mem, used)),
			"jledger try PID gc");
	out->bytes = resident > used ? resident - used : 0;
	out->culprit.kind = "collector";
	out->culprit.name = now->fact[F_COLLECTOR].known
				    ? arena_format(mem, "%s heap", now->fact[F_COLLECTOR].text)
				    : "Java heap";
	add_evidence(out, mem, "heap.resident", (double)resident,
		     weigh_source(now, F_HEAP_RESIDENT),
		     "%s of the heap resident, %s used; no collection in %s",
		     weigh_size(mem, resident), weigh_size(mem, used), weigh_window_text(mem, e));
	weigh_remedy(out, mem, out->cause->remedy);
	weigh_confused(out, mem, "heap-leak", "little of the heap is used");
	return likely(out, mem,
		      "The heap is quiet and keeps its pages: %s resident, %s used, and no "
		      "collection in %s "
		      "that would give any back.",
		      weigh_size(mem, resident), weigh_size(mem, used), weigh_window_text(mem, e));
}

const struct rule rule_heap_not_returned = { .cause = "heap-not-returned", .judge = judge };
