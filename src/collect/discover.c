// SPDX-License-Identifier: Apache-2.0
#include "collect/discover.h"

#include <inttypes.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/fail.h"
#include "base/memory.h"
#include "collect/collector.h"
#include "collect/jvms.h"
#include "collect/mappings.h"
#include "os/live.h"
#include "os/ownheap.h"
#include "os/remote.h"
#include "os/rights.h"
#include "parse/status.h"

enum {
	SHORTEST_ID = 4,      // of a container id prefix
	LOOK_BYTES = 4 << 20, // what a look at a JVM of usual size takes
};

const struct tree *discover_live_lean(struct arena *mem)
{
	struct tree *files = arena_new(mem, struct tree);

	*files = live_tree(arena_new(mem, struct live), "");
	return files;
}

const struct tree *discover_live(struct arena *mem)
{
	ownheap_populate(LOOK_BYTES);
	return discover_live_lean(mem);
}

// ---- opening

static enum tier tier_of(const struct rights *r)
{
	static const enum tier TIERS[] = {
		[RIGHTS_A] = TIER_A,
		[RIGHTS_B] = TIER_B,
		[RIGHTS_C] = TIER_C,
		[RIGHTS_D] = TIER_D,
	};

	return TIERS[r->tier];
}

// Why a process that can be read is none that we can explain.
static bool fail_foreign(const struct tree *files, int pid, const struct maps *maps,
			 struct arena *mem, struct fail *why)
{
	switch (jvms_kind(files, pid, maps, mem)) {
	case JVM_HOTSPOT:
		return true;
	case JVM_OPENJ9:
		return fail(why, FAIL_ABSENT,
			    "process %d runs OpenJ9; jledger reads HotSpot JVMs only", pid);
	case JVM_NATIVE_IMAGE:
		return fail(why, FAIL_ABSENT,
			    "process %d is a GraalVM native image: it has no HotSpot VM to read",
			    pid);
	case JVM_UNKNOWN:
		break;
	}
	return fail(why, FAIL_ABSENT, "process %d is not a Java process: it maps no libjvm.so",
		    pid);
}

static bool read_file(const struct tree *files, int pid, const char *name, struct arena *mem,
		      struct span *out, struct fail *why)
{
	return tree_read(files, arena_format(mem, "/proc/%d/%s", pid, name), mem, out, why);
}

// Whether a process without a VM's mappings is one that ends: then it has none, or the list stopped
// early.  Threads of the kernel, which never have memory, are number 2 and its children.
static bool ends(const struct tree *files, int pid, const struct status *before, struct arena *mem)
{
	enum { KTHREADD = 2 };
	struct status now;
	struct span text;

	if (!before->has_memory)
		return before->ppid != KTHREADD && before->pid != KTHREADD;
	return !read_file(files, pid, "status", mem, &text, NULL) ||
	       !status_parse(text, &now, NULL) || !now.has_memory;
}

// What both kinds of target share: rights, maps, ids.  `any`: also of a process that is no JVM.
static bool open_files(const struct tree *files, int pid, bool any, struct arena *mem,
		       struct target *t, struct maps *maps, struct fail *why)
{
	struct status status;
	struct rights rights;
	struct span text;

	*t = (struct target){ .pid = pid, .files = files, .may_attach = true };
	if (!rights_read(files, pid, mem, &rights, why) ||
	    !read_file(files, pid, "status", mem, &text, why) || !status_parse(text, &status, why))
		return false;
	t->ns_pid = status.ns_pid;
	t->tier = tier_of(&rights);
	t->memory_denied = rights.memory_denied;
	t->pages_denied = rights.pages_denied;
	t->tier_gain = rights.gain;
	if (status.state == 'Z' || status.state == 'X')
		return fail(why, FAIL_GONE, "process %d has exited (state %c)", pid, status.state);
	if (t->tier == TIER_D)
		return fail(why, FAIL_DENIED, "process %d can't be inspected: %s; %s", pid,
			    rights.maps_denied ? rights.maps_denied : "its maps can't be read",
			    rights.gain ? rights.gain : "nothing would help");
	if (!mappings_read(files, pid, mem, maps, why))
		return false;
	if (fail_foreign(files, pid, maps, mem, why))
		return true;
	if (any && status.has_memory) {
		t->plain = true;
		return true;
	}
	if (any && !ends(files, pid, &status, mem))
		return fail(why, FAIL_ABSENT, "process %d has no memory of its own", pid);
	if (ends(files, pid, &status, mem))
		return fail(why, FAIL_GONE, "process %d has exited", pid);
	return false;
}

static bool open_live(const struct tree *files, int pid, bool any, struct arena *mem,
		      struct target *out, struct fail *why)
{
	struct target t;
	struct maps maps;

	if (!open_files(files, pid, any, mem, &t, &maps, why))
		return false;
	t.live = true;
	t.memory = arena_new(mem, struct memory);
	memory_init(t.memory, mem);
	if (!t.memory_denied) {
		t.remote = remote_open(pid, mem);
		memory_add_segment(t.memory, 0, REMOTE_END, &REMOTE_SOURCE, t.remote);
		mappings_hand_over(&t, &maps, mem);
	}
	*out = t;
	return true;
}

bool discover_open(const struct tree *files, int pid, struct arena *mem, struct target *out,
		   struct fail *why)
{
	return open_live(files, pid, false, mem, out, why);
}

bool discover_open_any(const struct tree *files, int pid, struct arena *mem, struct target *out,
		       struct fail *why)
{
	return open_live(files, pid, true, mem, out, why);
}

bool discover_open_recorded(const struct tree *files, struct memory *memory, int pid,
			    struct arena *mem, struct target *out, struct fail *why)
{
	struct target t;
	struct maps maps;

	if (!open_files(files, pid, false, mem, &t, &maps, why))
		return false;
	t.memory = memory;
	*out = t;
	return true;
}

void discover_close(struct target *target)
{
	remote_close(target->remote);
	target->remote = NULL;
}

// ---- finding

static bool parse_pid(const char *text, int *pid)
{
	struct span s = span_of(text);
	uint64_t n;

	if (!s.len || *s.at < '0' || *s.at > '9' || !span_take_dec(&s, &n) || s.len || n > INT_MAX)
		return false;
	*pid = (int)n;
	return n > 0;
}

static int compare_rows(const void *a, const void *b)
{
	return ((const struct jvm_row *)a)->pid - ((const struct jvm_row *)b)->pid;
}

bool discover_all(const struct tree *files, struct arena *mem, struct jvm_rows *out,
		  struct fail *why)
{
	VEC(struct jvm_row) rows = { 0 };
	struct tree_names names;

	if (!tree_list(files, "/proc", mem, &names, why))
		return false;
	for (size_t i = 0; i < names.count; i++) {
		struct jvm_row row;
		int pid;

		if (parse_pid(names.at[i], &pid) && jvms_describe(files, pid, mem, &row))
			vec_push(mem, &rows, row);
	}
	if (rows.count)
		qsort(rows.at, rows.count, sizeof(*rows.at), compare_rows);
	*out = (struct jvm_rows){ rows.at, rows.count };
	return true;
}

static bool is_readable(const struct jvm_row *row)
{
	return row->kind != JVM_OPENJ9 && row->kind != JVM_NATIVE_IMAGE;
}

static bool matches(const struct jvm_row *row, const char *text)
{
	if (row->main && strstr(row->main, text))
		return true;
	return row->container && strlen(text) >= SHORTEST_ID &&
	       !strncmp(row->container, text, strlen(text));
}

// Rows that a name fits, as text for a message.
struct candidates {
	const char *list;
	size_t count;
	int pid; // of the last
};

static void add_candidate(struct candidates *c, const struct jvm_row *row, struct arena *mem)
{
	c->list = arena_format(mem, "%s%s%d %s", c->count ? c->list : "", c->count ? ", " : "",
			       row->pid, row->main ? row->main : "?");
	c->pid = row->pid;
	c->count++;
}

static bool find_by_name(const struct tree *files, const char *text, struct arena *mem, int *pid,
			 struct fail *why)
{
	struct candidates all = { 0 }, readable = { 0 }, others = { 0 };
	const struct candidates *meant = &readable;
	struct jvm_rows rows;

	if (!discover_all(files, mem, &rows, why))
		return false;
	for (size_t i = 0; i < rows.count; i++) {
		const struct jvm_row *row = &rows.at[i];

		add_candidate(&all, row, mem);
		if (*text && matches(row, text))
			add_candidate(is_readable(row) ? &readable : &others, row, mem);
	}
	// One that can be read is meant rather than one that can't.
	if (!readable.count)
		meant = &others;
	if (meant->count > 1)
		return fail(why, FAIL_CORRUPT, "'%s' is ambiguous: %s", text, meant->list);
	if (!meant->count && parse_pid(text, pid))
		return fail(why, FAIL_GONE, "there is no process %d", *pid);
	if (!meant->count)
		return fail(why, FAIL_ABSENT, "no JVM matches '%s'; running: %s", text,
			    all.count ? all.list : "none");
	*pid = meant->pid;
	return true;
}

bool discover_find(const struct tree *files, const char *text, struct arena *mem, int *pid,
		   struct fail *why)
{
	struct fail no_process;
	struct tree_stat st;
	int n, found = 0;

	if (parse_pid(text, &n)) {
		if (tree_stat(files, arena_format(mem, "/proc/%d", n), &st, &no_process)) {
			*pid = n;
			return true;
		}
		// A number may still be the start of a container's id, unless /proc hides the
		// process.
		if (no_process.kind == FAIL_DENIED)
			return fail(why, FAIL_DENIED, "%s", no_process.text);
	}
	if (!find_by_name(files, text, mem, &found, why))
		return false;
	*pid = found;
	return true;
}
