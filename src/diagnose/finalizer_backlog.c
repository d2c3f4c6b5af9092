// SPDX-License-Identifier: Apache-2.0
// By a GC log: more and more objects with finalizers are found by the collections.
#include <math.h>

#include "diagnose/logged.h"
#include "diagnose/weigh.h"

static const double STRAIGHT = 0.7, TWICE = 2;
enum { MANY = 1000 };

static enum verdict judge_log(const struct evidence *e, struct arena *mem, struct finding *out)
{
	const struct gc_trend *t = &e->log->burdens.final_refs;

	if (isnan(t->slope))
		return cannot_tell(
			out, mem, "the numbers of objects that wait for finalization",
			"-XX:+PrintReferenceGC on JDK 8, -Xlog:gc+ref=debug; or jledger heap PID "
			"finalizers");
	if (!(t->low > 0) || t->r2 < STRAIGHT || t->last < MANY ||
	    (double)t->last < TWICE * (double)t->first)
		return ruled_out(
			out, mem,
			"%zu collections found from %llu to %llu objects with finalizers, and "
			"their number does not rise evenly",
			t->points, (unsigned long long)t->first, (unsigned long long)t->last);
	add_evidence(
		out, mem, "gclog.final_references", (double)t->last, logged_whole(e, mem),
		"%zu collections found %llu FinalReferences at first and %llu at the end: %+.1f a "
		"second (95 %%: %+.1f to %+.1f)",
		t->points, (unsigned long long)t->first, (unsigned long long)t->last, t->slope,
		t->low, t->high);
	weigh_remedy(out, mem, out->cause->remedy);
	return likely(out, mem,
		      "Collections find more and more objects with finalizers: %llu, then %llu.",
		      (unsigned long long)t->first, (unsigned long long)t->last);
}

const struct rule rule_finalizer_backlog = { .cause = "finalizer-backlog", .judge_log = judge_log };
