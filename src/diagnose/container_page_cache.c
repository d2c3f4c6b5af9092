// SPDX-License-Identifier: Apache-2.0
// The container is charged for page cache.
//
// A note: usage at the limit looks like an approaching kill, but the kernel takes clean pages of files back
// before it kills.  Files in a tmpfs are counted as cache too, and are not taken back.
#include "base/units.h"
#include "diagnose/rule.h"
#include "diagnose/weigh.h"

// Below the first nobody is alarmed; below the second the cache is not what fills the container.
static const double FULL = 0.80, MUCH_CACHE = 0.25;

static enum verdict judge(const struct evidence *e, struct arena *mem, struct finding *out)
{
	const struct container_facts *c = &e->now->container;
	double fill = weigh_container_fill(e->now);
	enum verdict none;
	uint64_t cache;

	if (weigh_no_container(e, mem, out, &none))
		return none;
	if (fill < FULL)
		return ruled_out(out, mem, "the container uses %s of %s", weigh_size(mem, c->usage),
				 weigh_size(mem, c->limit));
	// Without shared memory, which counts as cache and is none.
	if (c->file == UNKNOWN_BYTES || c->shmem == UNKNOWN_BYTES)
		return cannot_tell(out, mem, "the page cache of the container (memory.stat)",
				   out->cause->how);
	cache = c->file;
	if ((double)cache < MUCH_CACHE * (double)c->limit)
		return ruled_out(out, mem, "only %s of the container's %s are page cache",
				 weigh_size(mem, cache), weigh_size(mem, c->usage));
	out->bytes = cache;
	out->culprit.kind = "container";
	out->culprit.name = "page cache";
	add_evidence(out, mem, "container.cache", (double)cache, "cgroup",
		     "%s of the charged %s are pages of files that the kernel can take back",
		     weigh_size(mem, cache), weigh_size(mem, c->usage));
	if (c->working_set != UNKNOWN_BYTES)
		add_evidence(out, mem, "container.working_set", (double)c->working_set, "cgroup",
			     "the working set is %s of the limit of %s",
			     weigh_size(mem, c->working_set), weigh_size(mem, c->limit));
	weigh_remedy(out, mem, out->cause->remedy);
	return confirmed(
		out, mem,
		"The container is charged for %s of %s, of which %s are page cache that the "
		"kernel takes back before it kills.",
		weigh_size(mem, c->usage), weigh_size(mem, c->limit), weigh_size(mem, cache));
}

const struct rule rule_container_page_cache = { .cause = "container-page-cache", .judge = judge };
