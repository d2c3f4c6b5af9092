// SPDX-License-Identifier: Apache-2.0
// The container of the target: the memory cgroup whose limit would end it, v1 or v2.
//
// That is the nearest of its cgroup and those above it which has the smallest limit; without any
// limit, its own.  Shared memory is counted by itself: `file` here is the page cache without it, in
// both versions (v2's "file" and v1's "cache" include it).
#include <stddef.h>
#include <string.h>
#include <sys/stat.h>

#include "base/arena.h"
#include "base/fail.h"
#include "collect/cgroup_limit.h"
#include "collect/cgroup_processes.h"
#include "collect/collector.h"
#include "parse/cgroup_dir.h"
#include "parse/keyvalue.h"
#include "parse/psi.h"

// Where a figure stands: a key of memory.stat in either version; NULL: that version has none.
static const struct {
	size_t at;
	const char *v1, *v2;
} STATS[] = {
#define AT(member) offsetof(struct container_facts, member)
	{ AT(anon), "total_rss", "anon" },
	{ AT(file), "total_cache", "file" },
	{ AT(shmem), "total_shmem", "shmem" },
	{ AT(file_mapped), "total_mapped_file", "file_mapped" },
	{ AT(active_file), "total_active_file", "active_file" },
	{ AT(inactive_file), "total_inactive_file", "inactive_file" },
	{ AT(swap), "total_swap", NULL },
	{ AT(slab), NULL, "slab" },
	{ AT(page_tables), NULL, "pagetables" },
	{ AT(kernel_stacks), NULL, "kernel_stack" },
	{ AT(sockets), NULL, "sock" },
	{ AT(percpu), NULL, "percpu" },
	{ AT(kernel), NULL, "kernel" }, // 5.18
};

// Files of one number each.
static const struct {
	size_t at;
	const char *v1, *v2;
} FILES[] = {
	{ AT(usage), "memory.usage_in_bytes", "memory.current" },
	{ AT(swap), NULL, "memory.swap.current" },
	{ AT(kernel), "memory.kmem.usage_in_bytes", NULL },
	{ AT(sockets), "memory.kmem.tcp.usage_in_bytes", NULL },
	{ AT(limit_hits), "memory.failcnt", NULL },
};
#undef AT

static uint64_t *field(struct container_facts *c, size_t at)
{
	return (uint64_t *)((char *)c + at);
}

static bool read_file(const struct look *look, const char *dir, const char *name, struct span *out)
{
	return tree_read(look->target->files, arena_format(look->mem, "%s/%s", dir, name),
			 look->mem, out, NULL);
}

static bool read_limit(const struct look *look, const char *dir, const char *name, uint64_t *out)
{
	return cgroup_limit_read(look->target->files, dir, name, look->mem, out);
}

static bool read_paths(const struct look *look, struct cgroup_paths *out, struct fail *why)
{
	const char *path = arena_format(look->mem, "/proc/%d/cgroup", look->target->pid);
	struct span text;

	return tree_read(look->target->files, path, look->mem, &text, why) &&
	       cgroup_path_parse(text, look->mem, out, why);
}

// Up from the process's cgroup to the nearest that has the controller's files: v2 leaves them out
// where the cgroup above did not hand the controller on.
static bool climb_to(const struct look *look, const char *witness, struct cgroup_dir *d)
{
	const char *dir = d->dir;
	struct span got;

	for (int i = 0; dir && i < CGROUP_ANCESTORS; i++) {
		if (read_file(look, dir, witness, &got)) {
			d->dir = dir;
			return true;
		}
		dir = cgroup_dir_parent(d, dir, look->mem);
	}
	return false;
}

// By the first mount, of the reader's, the target's or PID 1's, in which it can be read.
// `witnesses` are a file of the controller's in v1 and in v2.
static bool find_dir(const struct look *look, const struct cgroup_paths *paths,
		     const char *controller, const char *const witnesses[2], struct cgroup_dir *out)
{
	const char *views[] = { "self", arena_format(look->mem, "%d", look->target->pid), "1" };

	for (size_t i = 0; i < sizeof(views) / sizeof(views[0]); i++) {
		const char *prefix = i ? arena_format(look->mem, "/proc/%s/root", views[i]) : "";
		struct mountinfo mounts;
		struct span text;

		if (tree_read(look->target->files,
			      arena_format(look->mem, "/proc/%s/mountinfo", views[i]), look->mem,
			      &text, NULL) &&
		    mountinfo_parse(text, "cgroup", look->mem, &mounts, NULL) &&
		    cgroup_dir_find(paths, &mounts, prefix, controller, look->mem, out) &&
		    climb_to(look, witnesses[out->v2], out))
			return true;
	}
	return false;
}

static void read_stats(const struct look *look, const char *dir, struct container_facts *c)
{
	struct span text;
	uint64_t n;

	if (read_file(look, dir, "memory.stat", &text))
		for (size_t i = 0; i < sizeof(STATS) / sizeof(STATS[0]); i++) {
			const char *key = c->v2 ? STATS[i].v2 : STATS[i].v1;

			if (key && keyvalue_find_number(text, key, &n))
				*field(c, STATS[i].at) = n;
		}
	for (size_t i = 0; i < sizeof(FILES) / sizeof(FILES[0]); i++) {
		const char *name = c->v2 ? FILES[i].v2 : FILES[i].v1;

		if (name && read_limit(look, dir, name, &n))
			*field(c, FILES[i].at) = n;
	}
	if (c->file != UNKNOWN_BYTES && c->shmem != UNKNOWN_BYTES)
		c->file = c->file > c->shmem ? c->file - c->shmem : 0;
	if (c->usage != UNKNOWN_BYTES && c->inactive_file != UNKNOWN_BYTES)
		c->working_set = c->usage > c->inactive_file ? c->usage - c->inactive_file : 0;
}

static void read_events(const struct look *look, const char *dir, struct container_facts *c)
{
	struct span text;
	struct psi psi;

	if (c->v2 && read_file(look, dir, "memory.events", &text)) {
		keyvalue_find_number(text, "oom_kill", &c->oom_kills);
		keyvalue_find_number(text, "max", &c->limit_hits);
	}
	if (!c->v2 && read_file(look, dir, "memory.oom_control", &text))
		keyvalue_find_number(text, "oom_kill", &c->oom_kills);
	if (read_file(look, dir, "memory.pressure", &text) && psi_parse(text, &psi, NULL)) {
		c->some_avg10 = psi.some.avg10;
		c->full_avg10 = psi.has_full ? psi.full.avg10 : -1;
	}
}

static void read_pids(const struct look *look, const struct cgroup_paths *paths,
		      struct container_facts *c)
{
	static const char *const WITNESSES[] = { "pids.current", "pids.current" };
	struct cgroup_dir d;

	if (!find_dir(look, paths, "pids", WITNESSES, &d))
		return;
	read_limit(look, d.dir, "pids.current", &c->pids_current);
	read_limit(look, d.dir, "pids.max", &c->pids_max);
}

static struct container_facts nothing_known(void)
{
	struct container_facts c;

	// Every size starts as "not known", which is all ones.
	memset(&c, 0xff, sizeof(c));
	c.known = c.v2 = false;
	c.path = c.dir = NULL;
	c.other_name = NULL;
	c.some_avg10 = c.full_avg10 = -1;
	c.processes = 0;
	c.other_pid = 0;
	return c;
}

static bool run(struct look *look, struct fail *why)
{
	static const char *const WITNESSES[] = { "memory.usage_in_bytes", "memory.stat" };
	struct container_facts c = nothing_known();
	struct cgroup_paths paths;
	struct cgroup_dir d;
	const char *dir;

	if (!read_paths(look, &paths, why))
		return false;
	if (!find_dir(look, &paths, "memory", WITNESSES, &d))
		return fail(why, FAIL_ABSENT,
			    "the memory cgroup of process %d is not mounted where we can read it",
			    look->target->pid);
	c.v2 = d.v2;
	dir = cgroup_limit_find(look->target->files, &d, look->mem, &c.limit);
	c.path = d.path;
	read_stats(look, dir, &c);
	read_events(look, dir, &c);
	c.dir = dir;
	if (!look->briefly) {
		read_pids(look, &paths, &c);
		cgroup_processes_read(look, dir, &c);
	}
	c.known = true;
	look->out->container = c;
	return true;
}

const struct collector collector_cgroup = {
	.name = "cgroup",
	.sentence = "the container's limit, usage and parts, and its other processes",
	.needs = TIER_C,
	.run = run,
};
