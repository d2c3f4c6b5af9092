// SPDX-License-Identifier: Apache-2.0
#include "collect/cgroup_processes.h"

#include <string.h>
#include <sys/stat.h>

#include "base/arena.h"
#include "collect/collector.h"
#include "parse/keyvalue.h"
#include "parse/status.h"

enum { DEPTH = 12, DIRECTORIES = 2000, PROCESSES = 2000 };

struct walk {
	const struct look *look;
	size_t directories;
	bool complete;
	VEC(uint64_t) pids;
};

static bool read_text(const struct look *look, const char *dir, const char *name, struct span *out)
{
	return tree_read(look->target->files, arena_format(look->mem, "%s/%s", dir, name),
			 look->mem, out, NULL);
}

// Controllers name their files "memory.stat"; asking for the kind of each would be a call a file.
static bool is_a_file(const char *name)
{
	static const char *const STARTS[] = {
		"memory.",
		"cgroup.",
		"cpu.",
		"cpuacct.",
		"cpuset.",
		"pids.",
		"io.",
		"hugetlb.",
		"rdma.",
		"misc.",
		"irq.",
		"devices.",
		"blkio.",
		"net_",
		"dmem.",
		"tasks",
		"notify_on_release",
		"release_agent",
	};

	for (size_t i = 0; i < sizeof(STARTS) / sizeof(STARTS[0]); i++)
		if (span_starts(span_of(name), STARTS[i]))
			return true;
	return false;
}

static void take_pids(struct walk *w, struct span text)
{
	struct span line;
	uint64_t pid;

	while (span_take_line(&text, &line)) {
		if (!span_take_dec(&line, &pid))
			continue;
		if (!pid || w->pids.count == PROCESSES)
			w->complete = false; // 0: of another PID namespace
		else
			vec_push(w->look->mem, &w->pids, pid);
	}
}

static bool has_children(const struct walk *w, const char *dir)
{
	struct span text;
	uint64_t n;

	// v2 counts them; v1 must be looked through.
	return !read_text(w->look, dir, "cgroup.stat", &text) ||
	       !keyvalue_find_number(text, "nr_descendants", &n) || n > 0;
}

// NOLINTNEXTLINE(misc-no-recursion): DEPTH bounds it
static void visit(struct walk *w, const char *dir, int depth)
{
	const struct look *look = w->look;
	struct tree_names names;
	struct span text;

	if (w->directories++ == DIRECTORIES || depth == DEPTH) {
		w->complete = false;
		return;
	}
	if (!read_text(look, dir, "cgroup.procs", &text)) {
		w->complete = false;
		return;
	}
	take_pids(w, text);
	if (!has_children(w, dir) || !tree_list(look->target->files, dir, look->mem, &names, NULL))
		return;
	for (size_t i = 0; i < names.count && w->directories < DIRECTORIES; i++) {
		const char *path = arena_format(look->mem, "%s/%s", dir, names.at[i]);
		struct tree_stat st;

		if (!is_a_file(names.at[i]) && tree_stat(look->target->files, path, &st, NULL) &&
		    S_ISDIR(st.mode))
			visit(w, path, depth + 1);
	}
}

static void add_process(const struct look *look, uint64_t pid, struct container_facts *out)
{
	const char *path = arena_format(look->mem, "/proc/%llu/status", (unsigned long long)pid);
	struct status status;
	struct span text;
	uint64_t n, own = 0;

	if (!tree_read(look->target->files, path, look->mem, &text, NULL))
		return; // it ended meanwhile
	if (keyvalue_find_number(text, "RssAnon", &n)) {
		out->others_rss_anon += n;
		own += n;
	}
	if (keyvalue_find_number(text, "RssFile", &n))
		out->others_rss_file += n;
	if (keyvalue_find_number(text, "RssShmem", &n)) {
		out->others_rss_shmem += n;
		own += n;
	}
	if (own <= out->other_rss)
		return;
	out->other_rss = own;
	out->other_pid = (int)pid;
	out->other_name = "?";
	if (status_parse(text, &status, NULL))
		out->other_name = arena_text(look->mem, status.name);
}

void cgroup_processes_read(const struct look *look, const char *dir, struct container_facts *out)
{
	struct walk w = { .look = look, .complete = true };

	out->other_pid = 0;
	out->other_name = NULL;
	out->other_rss = 0;
	visit(&w, dir, 0);
	for (size_t i = 0; i < w.pids.count; i++)
		if (w.pids.at[i] != (uint64_t)look->target->pid)
			out->processes++;
	if (!w.complete)
		return;
	out->others_rss_anon = out->others_rss_file = out->others_rss_shmem = 0;
	for (size_t i = 0; i < w.pids.count; i++)
		if (w.pids.at[i] != (uint64_t)look->target->pid)
			add_process(look, w.pids.at[i], out);
}
