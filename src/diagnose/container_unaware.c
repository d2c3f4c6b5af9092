// SPDX-License-Identifier: Apache-2.0
// The JDK does not see the container's limit: it sized its heap by the machine.
#include <string.h>

#include "base/units.h"
#include "diagnose/rule.h"
#include "diagnose/weigh.h"

// A quarter of the memory is the VM's own choice; alignment moves it a little.
static const double QUARTER = 0.25, NEAR = 0.03;

static enum verdict judge(const struct evidence *e, struct arena *mem, struct finding *out)
{
	const struct container_facts *c = &e->now->container;
	const struct flag_row *flag = snapshot_find_flag(e->now, "MaxHeapSize");
	double machine = (double)snapshot_get(e->now, F_MEMORY, 0);
	double max = (double)snapshot_get(e->now, F_HEAP_MAX, 0), quarter;
	enum verdict none;

	if (weigh_no_container(e, mem, out, &none))
		return none;
	if (!flag || max <= 0 || machine <= 0)
		return cannot_tell(out, mem,
				   "where the heap's maximum comes from, and the machine's memory",
				   out->cause->how);
	if (!flag->origin ||
	    (strcmp(flag->origin, "ergonomic") != 0 && strcmp(flag->origin, "default") != 0))
		return ruled_out(out, mem, "the heap's maximum was given (%s)",
				 flag->origin ? flag->origin : "origin not known");
	if (max <= (double)c->limit)
		return ruled_out(out, mem, "the heap's maximum of %s is below the limit of %s",
				 weigh_size(mem, (uint64_t)max), weigh_size(mem, c->limit));
	quarter = QUARTER * machine;
	out->culprit.kind = "jdk";
	out->culprit.name = e->now->fact[F_JDK_VERSION].known
				    ? arena_format(mem, "JDK %s", e->now->fact[F_JDK_VERSION].text)
				    : "JDK";
	add_evidence(out, mem, "heap.max", max, weigh_source(e->now, F_HEAP_MAX),
		     "the VM chose a heap of %s in a container of %s on a machine of %s",
		     weigh_size(mem, (uint64_t)max), weigh_size(mem, c->limit),
		     weigh_size(mem, (uint64_t)machine));
	weigh_remedy(out, mem, out->cause->remedy);
	if (max > quarter * (1 - NEAR) && max < quarter * (1 + NEAR))
		return confirmed(out, mem,
				 "%s does not see the container's limit of %s: it sized its heap "
				 "(%s) by the "
				 "machine's %s.",
				 out->culprit.name, weigh_size(mem, c->limit),
				 weigh_size(mem, (uint64_t)max),
				 weigh_size(mem, (uint64_t)machine));
	return likely(out, mem, "%s chose a heap of %s in a container of %s.", out->culprit.name,
		      weigh_size(mem, (uint64_t)max), weigh_size(mem, c->limit));
}

const struct rule rule_container_unaware = { .cause = "container-unaware", .judge = judge };
