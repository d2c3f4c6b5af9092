// SPDX-License-Identifier: Apache-2.0
// The heap may grow beyond the container, with garbage alone.
//
// A risk.  Whether the JDK saw the container's limit is container-unaware; here somebody gave a heap that does not
// fit.
#include "base/units.h"
#include "diagnose/rule.h"
#include "diagnose/weigh.h"

static enum verdict judge(const struct evidence *e, struct arena *mem, struct finding *out)
{
	const struct container_facts *c = &e->now->container;
	const struct flag_row *flag = snapshot_find_flag(e->now, "MaxHeapSize");
	uint64_t max = snapshot_get(e->now, F_HEAP_MAX, 0);
	enum verdict none;

	if (weigh_no_container(e, mem, out, &none))
		return none;
	if (!max)
		return cannot_tell(out, mem, "the heap's maximum", out->cause->how);
	if (max < c->limit)
		return ruled_out(out, mem, "a heap of at most %s fits into %s",
				 weigh_size(mem, max), weigh_size(mem, c->limit));
	out->culprit.kind = "flag";
	out->culprit.name = "MaxHeapSize";
	add_evidence(out, mem, "heap.max", (double)max, weigh_source(e->now, F_HEAP_MAX),
		     "the heap may grow to %s%s%s, the container's limit is %s",
		     weigh_size(mem, max), flag && flag->origin ? " by " : "",
		     flag && flag->origin ? flag->origin : "", weigh_size(mem, c->limit));
	weigh_remedy(out, mem, out->cause->remedy);
	return confirmed(
		out, mem,
		"The heap may grow to %s in a container of %s: it will be killed before the "
		"collector is in need.",
		weigh_size(mem, max), weigh_size(mem, c->limit));
}

const struct rule rule_heap_limit_above_container = { .cause = "heap-limit-above-container",
						      .judge = judge };
