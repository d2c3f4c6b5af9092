// SPDX-License-Identifier: Apache-2.0
#include "collect/jvms.h"

#include <string.h>

#include "base/arena.h"
#include "base/fail.h"
#include "base/mask.h"
#include "base/tree.h"
#include "collect/cgroup_limit.h"
#include "collect/hsperf.h"
#include "os/exe.h"
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
	struct maps maps;      // empty where they are closed to us
	enum jvm_kind kind;
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

static bool maps_library(const struct maps *maps, const char *start)
{
	for (size_t i = 0; i < maps->count; i++)
		if (!strncmp(mapping_file_name(&maps->at[i]), start, strlen(start)))
			return true;
	return false;
}

enum jvm_kind jvms_kind(const struct tree *files, int pid, const struct maps *maps,
			struct arena *mem)
{
	if (maps_library(maps, "libj9vm"))
		return JVM_OPENJ9;
	if (maps_library(maps, "libjvm.so"))
		return JVM_HOTSPOT;
	return exe_has_section(files, pid, ".svm_heap", mem) ? JVM_NATIVE_IMAGE : JVM_UNKNOWN;
}

// Of those whose maps are closed to us, who is called java is one.
static bool is_jvm(struct seen *s)
{
	struct fail why = { 0 };
	struct span text;
	size_t offset;

	if (!read_file(s, "maps", &text, &why))
		return why.kind == FAIL_DENIED && read_status(s) && !strcmp(s->status.name, "java");
	if (!text.len) // a thread of the kernel, or a process that ends
		return false;
	if (maps_parse(text, s->scratch, &s->maps, NULL))
		s->kind = jvms_kind(s->files, s->pid, &s->maps, s->scratch);
	else if (span_find(text, "/libjvm.so", &offset)) // torn
		s->kind = JVM_HOTSPOT;
	return s->kind != JVM_UNKNOWN && read_status(s);
}

static const char *read_main(const struct seen *s)
{
	struct span bytes, program;
	char *copy;

	if (!read_file(s, "cmdline", &bytes, NULL) || !bytes.len)
		return NULL;
	// Arguments of a native image are none of a launcher.
	if (s->kind == JVM_NATIVE_IMAGE && span_take_until(&bytes, '\0', &program))
		bytes = program;
	copy = arena_copy(s->scratch, bytes.at, bytes.len);
	mask_bytes(copy, bytes.len, MASK_ARGUMENTS, NULL, NULL);
	return cmdline_main((struct span){ copy, bytes.len }, s->mem);
}

// ---- the JDK's version: from the jvmstat file, else from the file `release` of the JDK

static char *find_last(char *text, const char *part)
{
	char *last = NULL;

	for (char *at = text; (at = strstr(at, part)) != NULL; at++)
		last = at;
	return last;
}

// "/usr/lib/jvm/17/lib/server/libjvm.so" -> "/usr/lib/jvm/17", or NULL.
static const char *java_home(const char *library, struct arena *mem)
{
	char *home = arena_text(mem, library);
	char *cut = find_last(home, "/jre/lib/"); // JDK 8 has one more level

	if (!cut)
		cut = find_last(home, "/lib/");
	if (!cut)
		return NULL;
	*cut = '\0';
	return home;
}

// Paths of maps are the reader's where the target lives in a chroot, else the target's.  What lies
// at ours is another JDK's unless it is the very file.
static bool is_ours(const struct seen *s, const struct mapping *m)
{
	struct tree_stat st;

	return tree_stat(s->files, m->path, &st, NULL) && st.inode == m->inode &&
	       st.dev_major == m->dev_major && st.dev_minor == m->dev_minor;
}

static bool read_version(const struct seen *s, const char *path, const char **out)
{
	struct span text, line, version;

	if (!tree_read(s->files, path, s->scratch, &text, NULL))
		return false;
	*out = NULL;
	while (span_take_line(&text, &line))
		if (span_take_text(&line, "JAVA_VERSION=\"") &&
		    span_take_until(&line, '"', &version))
			*out = arena_copy(s->mem, version.at, version.len);
	return true;
}

// What lies there now is of another JDK when the library was replaced.
static const char *read_release(const struct seen *s)
{
	const struct mapping *m = NULL;
	const char *home, *version = NULL;

	for (size_t i = 0; i < s->maps.count && !m; i++)
		if (!strcmp(mapping_file_name(&s->maps.at[i]), "libjvm.so"))
			m = &s->maps.at[i];
	home = m && !m->deleted ? java_home(m->path, s->scratch) : NULL;
	if (!home)
		return NULL;
	if (!read_version(s, arena_format(s->scratch, "/proc/%d/root%s/release", s->pid, home),
			  &version) &&
	    is_ours(s, m))
		read_version(s, arena_format(s->scratch, "%s/release", home), &version);
	return version;
}

static void add_counters(const struct seen *s, struct jvm_row *row)
{
	struct hsperf_heap heap;
	struct hsperf h;

	if (s->kind != JVM_OPENJ9 && s->kind != JVM_NATIVE_IMAGE &&
	    hsperf_read_file(s->files, s->pid, s->status.ns_pid, s->status.euid, s->scratch, &h,
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
	if (row->kind == JVM_OPENJ9 || row->kind == JVM_NATIVE_IMAGE)
		return "unsupported";
	if (row->limit != UNKNOWN_BYTES && usage != UNKNOWN_BYTES &&
	    usage / NEAR_LIMIT_PERCENT >= row->limit / 100)
		return "near-limit";
	return "ok";
}

static void fill(const struct seen *s, struct jvm_row *row)
{
	uint64_t usage = UNKNOWN_BYTES;

	row->kind = s->kind;
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
