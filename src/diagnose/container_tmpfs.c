// SPDX-License-Identifier: Apache-2.0
// Files in a tmpfs fill the container.
//
// They belong to no process: shmem of the cgroup above what its processes have mapped of shared
// memory.  A restart does not take them away.
#include <string.h>

#include "base/units.h"
#include "diagnose/rule.h"
#include "diagnose/weigh.h"

// Of the limit: what makes a tmpfs worth a word, and what of usage makes it a fault.
static const double MUCH = 0.20, FULL = 0.75;

static const char HEAP_FILE[] = "/memfd:java_heap";

// ZGC's heap of before JDK 26 is a memory file: what is committed of it is charged, mapped or not.
static uint64_t heap_beyond_mapped(const struct snapshot *s)
{
	uint64_t committed = snapshot_get(s, F_HEAP_COMMITTED, 0);
	uint64_t resident = snapshot_get(s, F_HEAP_RESIDENT, 0);

	for (size_t i = 0; i < s->mappings.count; i++)
		if (s->mappings.at[i].shared &&
		    !strncmp(s->mappings.at[i].path, HEAP_FILE, sizeof(HEAP_FILE) - 1))
			return committed > resident ? committed - resident : 0;
	return 0;
}

static enum verdict judge(const struct evidence *e, struct arena *mem, struct finding *out)
{
	const struct container_facts *c = &e->now->container, *was = &e->first->container;
	uint64_t mapped = snapshot_get(e->now, F_RSS_SHMEM, 0), files;
	double fill = weigh_container_fill(e->now), growth = 0;
	enum verdict none;

	if (weigh_no_container(e, mem, out, &none))
		return none;
	if (c->shmem == UNKNOWN_BYTES)
		return cannot_tell(out, mem, "the container's shared memory (shmem of memory.stat)",
				   out->cause->how);
	mapped += heap_beyond_mapped(e->now);
	mapped += c->others_rss_shmem != UNKNOWN_BYTES ? c->others_rss_shmem : 0;
	files = c->shmem > mapped ? c->shmem - mapped : 0;
	if ((double)files < MUCH * (double)c->limit)
		return ruled_out(out, mem, "files in a tmpfs have %s of the container's %s",
				 weigh_size(mem, files), weigh_size(mem, c->limit));
	if (weigh_has_window(e) && was->known && was->shmem != UNKNOWN_BYTES)
		growth = (double)c->shmem - (double)was->shmem;
	out->bytes = files;
	out->has_growth = weigh_has_window(e);
	out->growth_per_s = out->has_growth ? growth / e->window_s : 0;
	out->culprit.kind = "mount";
	out->culprit.name = "tmpfs (/dev/shm, or an emptyDir in memory)";
	add_evidence(out, mem, "container.shmem", (double)c->shmem, "cgroup",
		     "%s of shared memory are charged, of which processes have mapped %s",
		     weigh_size(mem, c->shmem), weigh_size(mem, mapped));
	add_evidence(out, mem, "container.usage", (double)c->usage, "cgroup",
		     "the container uses %s of %s", weigh_size(mem, c->usage),
		     weigh_size(mem, c->limit));
	weigh_confused(out, mem, "container-page-cache",
		       "the kernel can't take pages of a tmpfs back");
	weigh_remedy(out, mem, out->cause->remedy);
	weigh_remedy(out, mem,
		     arena_format(mem,
				  "which files: du -a /proc/%d/root/dev/shm, and its other tmpfs "
				  "mounts",
				  e->now->pid));
	if (fill >= FULL)
		return confirmed(
			out, mem,
			"Files in a tmpfs have %s of the container's %s, and it is filled to "
			"%.0f %%: no process has them mapped, so that no restart of one "
			"frees them.",
			weigh_size(mem, files), weigh_size(mem, c->limit), 100 * fill);
	return likely(out, mem, "Files in a tmpfs have %s of the container's %s%s.",
		      weigh_size(mem, files), weigh_size(mem, c->limit),
		      growth > 0 ? arena_format(mem, ", %s in %s", weigh_signed_size(mem, growth),
						weigh_window_text(mem, e))
				 : "");
}

const struct rule rule_container_tmpfs = { .cause = "container-tmpfs", .judge = judge };
