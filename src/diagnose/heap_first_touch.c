// SPDX-License-Identifier: Apache-2.0
// Pages of the heap are touched for the first time.
//
// A note: RSS climbs in a straight line for as long as committed memory is not all resident, and then stops.
#include "base/units.h"
#include "diagnose/rule.h"
#include "diagnose/weigh.h"

enum { LEAST_MB = 4, LEAST_PERCENT = 1 }; // growth of the resident heap that is worth a word

static enum verdict judge(const struct evidence *e, struct arena *mem, struct finding *out)
{
	uint64_t resident = snapshot_get(e->now, F_HEAP_RESIDENT, 0);
	uint64_t committed = snapshot_get(e->now, F_HEAP_COMMITTED, 0);
	double grown = 0, more = 0;

	if (!e->now->fact[F_HEAP_RESIDENT].known || !committed)
		return cannot_tell(out, mem, "how much of the committed heap is resident",
				   e->now->tier_gain ? e->now->tier_gain : "jledger map PID");
	if (!weigh_has_window(e) || !weigh_fact(e, F_HEAP_RESIDENT, &grown))
		return cannot_tell(out, mem, "whether the resident heap grows", out->cause->how);
	weigh_fact(e, F_HEAP_COMMITTED, &more);
	if (grown < (double)MIB(LEAST_MB) || grown * 100 < (double)resident * LEAST_PERCENT)
		return ruled_out(out, mem, "the resident heap grew by %s",
				 weigh_signed_size(mem, grown));
	if (grown <= more)
		return ruled_out(out, mem, "the heap was extended: %s resident, %s committed",
				 weigh_signed_size(mem, grown), weigh_signed_size(mem, more));
	out->bytes = (uint64_t)grown;
	out->has_growth = true;
	out->growth_per_s = grown / e->window_s;
	out->culprit.kind = "account";
	out->culprit.name = "Java heap";
	add_evidence(out, mem, "heap.resident", (double)resident,
		     weigh_source(e->now, F_HEAP_RESIDENT),
		     "%s of the committed %s are resident, %s in %s", weigh_size(mem, resident),
		     weigh_size(mem, committed), weigh_signed_size(mem, grown),
		     weigh_window_text(mem, e));
	weigh_confused(out, mem, "heap-leak", "first touch ends at what is committed");
	weigh_remedy(out, mem, out->cause->remedy);
	return confirmed(
		out, mem,
		"The heap is touched for the first time: %s more of it became resident in %s, and "
		"at most %s will.",
		weigh_size(mem, (uint64_t)grown), weigh_window_text(mem, e),
		weigh_size(mem, committed > resident ? committed - resident : 0));
}

const struct rule rule_heap_first_touch = { .cause = "heap-first-touch", .judge = judge };
