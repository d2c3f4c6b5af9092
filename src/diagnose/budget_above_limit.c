// SPDX-License-Identifier: Apache-2.0
// Heap and all the rest may add up to more than the container holds.
//
// A risk.  What somebody limited counts with its limit, what nobody limited with what is in use
// now.  A heap that does not fit by itself is heap-limit-above-container.
#include <string.h>

#include "base/units.h"
#include "diagnose/budget.h"
#include "diagnose/rule.h"
#include "diagnose/weigh.h"

enum { PARTS_NAMED = 3 };

static const struct budget_part *largest_below(const struct budget *b, uint64_t below)
{
	const struct budget_part *found = NULL;

	for (size_t i = 0; i < b->parts.count; i++) {
		const struct budget_part *p = &b->parts.at[i];

		if (p->max != UNKNOWN_BYTES && p->max < below && (!found || p->max > found->max))
			found = p;
	}
	return found;
}

static void add_parts(const struct budget *b, struct arena *mem, struct finding *out)
{
	const struct budget_part *p = largest_below(b, UNKNOWN_BYTES);

	for (int i = 0; p && i < PARTS_NAMED; i++, p = largest_below(b, p->max))
		add_evidence(out, mem, "budget.part", (double)p->max, "ledger", "%s: %s (%s)",
			     p->account, weigh_size(mem, p->max), p->source);
}

static enum verdict judge(const struct evidence *e, struct arena *mem, struct finding *out)
{
	uint64_t limit = e->now->container.limit, heap = snapshot_get(e->now, F_HEAP_MAX, 0);
	struct budget b;
	enum verdict none;

	if (weigh_no_container(e, mem, out, &none))
		return none;
	if (!heap)
		return cannot_tell(out, mem, "the heap's maximum", out->cause->how);
	if (heap >= limit)
		return ruled_out(out, mem,
				 "the heap alone is above the limit: "
				 "heap-limit-above-container");
	budget_of(e->now, e->ledger, limit, mem, &b);
	if (b.total <= limit)
		return b.whole ? ruled_out(out, mem, "%s may be needed, of %s",
					   weigh_size(mem, b.total), weigh_size(mem, limit))
			       : cannot_tell(out, mem, "a part of the memory budget",
					     out->cause->how);
	out->culprit.kind = "flag";
	out->culprit.name = "MaxHeapSize";
	add_parts(&b, mem, out);
	weigh_remedy(out, mem, out->cause->remedy);
	weigh_remedy(out, mem,
		     arena_format(mem, "the whole budget: %s",
				  weigh_command(mem, "jledger flags PID", e->now->pid)));
	return confirmed(out, mem,
			 "The heap may grow to %s, and with all the rest, as it is now, %s may be "
			 "needed in a container of %s.",
			 weigh_size(mem, heap), weigh_size(mem, b.total), weigh_size(mem, limit));
}

const struct rule rule_budget_above_limit = { .cause = "budget-above-limit", .judge = judge };
