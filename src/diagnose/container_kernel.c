// SPDX-License-Identifier: Apache-2.0
// The kernel's own memory fills the container: directory entries, page tables, sockets, stacks.
#include "base/units.h"
#include "diagnose/rule.h"
#include "diagnose/weigh.h"

// Of the limit.  Slab of files is reclaimed under pressure: below a full container it is no fault.
static const double MUCH = 0.25, FULL = 0.75;

static uint64_t or_none(uint64_t bytes)
{
	return bytes != UNKNOWN_BYTES ? bytes : 0;
}

static uint64_t kernel_part(const struct container_facts *c)
{
	uint64_t sum = or_none(c->slab) + or_none(c->page_tables) + or_none(c->kernel_stacks) +
		       or_none(c->sockets) + or_none(c->percpu);

	// v1 counts all of it in one figure and nothing by kind, and v2 kinds that have no name here.
	return or_none(c->kernel) > sum ? c->kernel : sum;
}

static enum verdict judge(const struct evidence *e, struct arena *mem, struct finding *out)
{
	const struct container_facts *c = &e->now->container;
	double fill = weigh_container_fill(e->now);
	uint64_t part;
	enum verdict none;

	if (weigh_no_container(e, mem, out, &none))
		return none;
	if (c->slab == UNKNOWN_BYTES && c->kernel == UNKNOWN_BYTES)
		return cannot_tell(out, mem, "the kernel's memory in the container (memory.stat)",
				   out->cause->how);
	part = kernel_part(c);
	if ((double)part < MUCH * (double)c->limit || fill < FULL)
		return ruled_out(out, mem,
				 "the kernel has %s of the container's %s, which is filled to "
				 "%.0f %%",
				 weigh_size(mem, part), weigh_size(mem, c->limit), 100 * fill);
	out->bytes = part;
	out->culprit.kind = "container";
	out->culprit.name = "kernel memory";
	add_evidence(out, mem, "container.kernel", (double)part, "cgroup",
		     "%s of kernel memory: slab %s, page tables %s, stacks %s, sockets %s",
		     weigh_size(mem, part), weigh_size(mem, or_none(c->slab)),
		     weigh_size(mem, or_none(c->page_tables)),
		     weigh_size(mem, or_none(c->kernel_stacks)),
		     weigh_size(mem, or_none(c->sockets)));
	weigh_remedy(out, mem, out->cause->remedy);
	return confirmed(out, mem,
			 "The kernel's own memory has %s of the container's %s, which is filled to "
			 "%.0f %%.",
			 weigh_size(mem, part), weigh_size(mem, c->limit), 100 * fill);
}

const struct rule rule_container_kernel = { .cause = "container-kernel", .judge = judge };
