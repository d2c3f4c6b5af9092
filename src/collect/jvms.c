// SPDX-License-Identifier: Apache-2.0
#include "collect/jvms.h"

#include <string.h>

#include "base/arena.h"
#include "base/fail.h"
#include "base/mask.h"
#include "base/tree.h"
#include "collect/cgroup_limit.h"
#include "collect/hsperf.h"
#include "facts/jvms.h"
#include "os/rights.h"
#include "parse/cgroup_dir.h"
#include "parse/cmdline.h"
#include "parse/maps.h"
#include "parse/status.h"

enum { NEAR_LIMIT_PERCENT = 90 };

struct seen { // of one process
	const struct tree *files;
	int pid;
	struct arena *mem;     // of what the row keeps
	struct arena *scratch; // of the files, most of which are those of no JVM
	bool has_maps;
	struct span maps;
	struct status status;
};

static bool read_file(const struct seen *s, const char *name, struct span *out, struct fail *why)
{
	return tree_read(s->files, arena_format(s->scratch, "/proc/%d/%s", s->pid, name),
			 s->scratch, out, why);
}

static bool read_status(struct seen *s)
{
	struct span text;

	return read_file(s, "status", &text, NULL) && status_parse(text, &s->status, NULL);
}

// Who maps the library is one; of those whose maps are closed to us, who is called java.
static bool is_jvm(struct seen *s)
{
	struct fail why = { 0 };
	size_t offset;

	s->has_maps = read_file(s, "maps", &s->maps, &why);
	if (s->has_maps)
		return span_find(s->maps, "/libjvm.so", &offset) && read_status(s);
	return why.kind == FAIL_DENIED && read_status(s) && !strcmp(s->status.name, "java");
}

static const char *read_main(const struct seen *s)
{
	struct span bytes;
	char *copy;

	if (!read_file(s, "cmdline", &bytes, NULL) || !bytes.len)
		return NULL;
	copy = arena_copy(s->scratch, bytes.at, bytes.len);
	mask_bytes(copy, bytes.len, MASK_ARGUMENTS, NULL, NULL);
	return cmdline_main((struct span){ copy, bytes.len }, s->mem);
}

// ---- the JDK's version: from the jvmstat file, else from the file `release` of the JDK

// "/usr/lib/jvm/17/lib/server/libjvm.so" -> "/usr/lib/jvm/17/release"
static const char *release_path(const struct seen *s)
{
	struct maps maps;

	if (!s->has_maps || !maps_parse(s->maps, s->scratch, &maps, NULL))
		return NULL;
	for (size_t i = 0; i < maps.count; i++) {
		char *home, *cut;

		if (strcmp(mapping_file_name(&maps.at[i]), "libjvm.so") != 0)
			continue;
		home = arena_text(s->scratch, maps.at[i].path);
		cut = strstr(home, "/jre/lib/"); // JDK 8 has one more level
		if (!cut)
			cut = strstr(home, "/lib/server/");
		if (!cut)
			cut = strstr(home, "/lib/client/");
		if (!cut)
			return NULL;
		*cut = '\0';
		return arena_format(s->scratch, "/proc/%d/root%s/release", s->pid, home);
	}
	return NULL;
}

static const char *read_release(const struct seen *s)
{
	const char *path = release_path(s);
	struct span text, line, version;

	if (!path || !tree_read(s->files, path, s->scratch, &text, NULL))
		return NULL;
	while (span_take_line(&text, &line))
		if (span_take_text(&line, "JAVA_VERSION=\"") &&
		    span_take_until(&line, '"', &version))
			return arena_copy(s->mem, version.at, version.len);
	return NULL;
}

static void add_counters(const struct seen *s, struct jvm_row *row)
{
	struct hsperf_heap heap;
	struct hsperf h;

	if (hsperf_read_file(s->files, s->pid, s->status.ns_pid, s->status.euid, s->scratch, &h,
			     NULL)) {
		hsperf_sum_heap(&h, &heap);
		row->heap_used = heap.used;
		row->heap_committed = heap.committed;
		row->heap_max = heap.max;
		row->jdk = hsperf_jdk_version(&h, s->mem);
	}
	if (!row->jdk)
		row->jdk = read_release(s);
}

// ---- the container

// The smallest limit of its cgroup and those above, and the usage where that is.
static void add_container(const struct seen *s, struct jvm_row *row, uint64_t *usage)
{
	struct cgroup_paths paths;
	struct mountinfo mounts;
	struct cgroup_dir d;
	struct span text;
	const char *dir;

	if (!read_file(s, "cgroup", &text, NULL) ||
	    !cgroup_path_parse(text, s->scratch, &paths, NULL))
		return;
	row->container = cgroup_path_find_container(&paths, s->mem);
	if (!tree_read(s->files, "/proc/self/mountinfo", s->scratch, &text, NULL) ||
	    !mountinfo_parse(text, "cgroup", s->scratch, &mounts, NULL) ||
	    !cgroup_dir_find(&paths, &mounts, "", "memory", s->scratch, &d))
		return;
	dir = cgroup_limit_find(s->files, &d, s->scratch, &row->limit);
	if (row->limit != UNKNOWN_BYTES)
		cgroup_limit_read(s->files, dir, d.v2 ? "memory.current" : "memory.usage_in_bytes",
				  s->scratch, usage);
}

static const char *state_of(const struct seen *s, const struct jvm_row *row, uint64_t usage)
{
	switch (s->status.state) {
	case 'Z':
	case 'X':
		return "exiting";
	case 'T':
	case 't':
		return "stopped";
	default:
		break;
	}
	if (row->tier == TIER_D)
		return "denied";
	if (row->limit != UNKNOWN_BYTES && usage != UNKNOWN_BYTES &&
	    usage / NEAR_LIMIT_PERCENT >= row->limit / 100)
		return "near-limit";
	return "ok";
}

static void fill(const struct seen *s, struct jvm_row *row)
{
	uint64_t usage = UNKNOWN_BYTES;

	row->ns_pid = s->status.ns_pid;
	row->rss = s->status.vm_rss;
	row->main = read_main(s);
	add_container(s, row, &usage);
	if (row->tier != TIER_D)
		add_counters(s, row);
	row->state = state_of(s, row, usage);
}

bool jvms_describe(const struct tree *files, int pid, struct arena *mem, struct jvm_row *out)
{
	struct arena scratch = { 0 };
	struct seen s = { .files = files, .pid = pid, .mem = mem, .scratch = &scratch };
	struct rights rights;
	bool found = is_jvm(&s) && rights_read(files, pid, &scratch, &rights, NULL);

	if (found) {
		*out = (struct jvm_row){
			.pid = pid,
			.tier = (enum tier)rights.tier,
			.limit = UNKNOWN_BYTES,
			.heap_used = UNKNOWN_BYTES,
			.heap_committed = UNKNOWN_BYTES,
			.heap_max = UNKNOWN_BYTES,
		};
		fill(&s, out);
	}
	arena_drop(&scratch);
	return found;
}
