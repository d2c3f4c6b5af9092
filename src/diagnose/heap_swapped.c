// SPDX-License-Identifier: Apache-2.0
// Parts of the Java heap are swapped out: a collection reads them all.
#include "base/units.h"
#include "diagnose/logged.h"
#include "diagnose/rule.h"
#include "diagnose/weigh.h"

enum { LEAST_MB = 4, LEAST_PERCENT = 1 }; // of the resident heap: less is swapped out for good

static enum verdict judge(const struct evidence *e, struct arena *mem, struct finding *out)
{
	uint64_t all = snapshot_get(e->now, F_SWAP, 0), heap, resident;

	if (!e->now->fact[F_SWAP].known || !e->ledger)
		return cannot_tell(out, mem, "how much is swapped out", out->cause->how);
	if (all < MIB(LEAST_MB))
		return ruled_out(out, mem, "%s of the process are swapped out",
				 weigh_size(mem, all));
	if (!e->ledger->by_page)
		return cannot_tell(out, mem, "which pages are swapped out", out->cause->how);
	heap = ledger_row(e->ledger, "java-heap")->swap;
	resident = ledger_row(e->ledger, "java-heap")->resident;
	if (heap < MIB(LEAST_MB) || heap * 100 < (heap + resident) * LEAST_PERCENT)
		return ruled_out(out, mem, "%s of the Java heap are swapped out",
				 weigh_size(mem, heap));
	out->bytes = 0; // none of it is resident
	out->culprit.kind = "account";
	out->culprit.name = "Java heap";
	add_evidence(out, mem, "heap.swapped", (double)heap, "pagemap",
		     "%s of the heap are swapped out, %s resident", weigh_size(mem, heap),
		     weigh_size(mem, resident));
	weigh_remedy(out, mem, out->cause->remedy);
	return confirmed(
		out, mem,
		"%s of the Java heap are swapped out (%s are resident): each collection reads "
		"them back.",
		weigh_size(mem, heap), weigh_size(mem, resident));
}

const struct rule rule_heap_swapped = { .cause = "heap-swapped",
					.judge = judge,
					.judge_log = heap_swapped_logged };
