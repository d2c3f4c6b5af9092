// SPDX-License-Identifier: Apache-2.0
#include "collect/fate.h"

#include <string.h>
#include <sys/wait.h>

#include "base/arena.h"
#include "base/fail.h"
#include "base/mask.h"
#include "base/tree.h"
#include "collect/watchpoint.h"
#include "facts/snapshot.h"
#include "os/kernellog.h"
#include "os/process.h"
#include "parse/oomline.h"
#include "parse/procstat.h"

enum {
	KILLS_KEPT = 256,  // of the kernel's log
	SAYS_LINES = 4,    // of a crash log
	SAYS_BYTES = 4096, // of it that are looked at
	HS_ERR_MAX = 4 << 20,
};

struct fates {
	const struct tree *files;
	struct kernellog log;
	struct fail log_denied;
	struct oomline kill[KILLS_KEPT]; // a ring
	size_t kills;
};

struct fate {
	struct process process;
	int ns_pid;
	uint64_t started_ns;
	const char *hs_err, *heap_dump; // where they would lie; NULL: not to be seen from here
	const char *no_files_why;
	bool had_hs_err, had_dump; // before
};

struct fates *fates_open(const struct tree *files, struct arena *mem)
{
	struct fates *all = arena_new(mem, struct fates);

	*all = (struct fates){ .files = files, .log = { -1 } };
	kernellog_open(&all->log, &all->log_denied);
	return all;
}

const char *fates_log_denied(const struct fates *all)
{
	return all->log.fd < 0 ? all->log_denied.text : NULL;
}

void fates_close(struct fates *all)
{
	kernellog_close(&all->log);
}

// ---- one process

static bool read_start(const struct tree *files, int pid, struct arena *mem, uint64_t *out,
		       struct fail *why)
{
	struct procstat stat;
	struct span text;

	if (!tree_read(files, arena_format(mem, "/proc/%d/stat", pid), mem, &text, why) ||
	    !procstat_parse(text, &stat, why))
		return false;
	*out = stat.started_ns;
	return true;
}

static bool exists(const struct tree *files, const char *path)
{
	struct tree_stat st;

	return path && tree_stat(files, path, &st, NULL);
}

// Where the JVM would write, by its working directory.  In another mount namespace its paths are not
// ours, and the way through /proc/PID/root ends with it.
static void find_places(const struct tree *files, struct fate *f, struct arena *mem)
{
	const char *own, *its, *cwd;
	int pid = f->process.pid;

	if (!tree_link(files, "/proc/self/ns/mnt", mem, &own, NULL) ||
	    !tree_link(files, arena_format(mem, "/proc/%d/ns/mnt", pid), mem, &its, NULL) ||
	    !tree_link(files, arena_format(mem, "/proc/%d/cwd", pid), mem, &cwd, NULL)) {
		f->no_files_why = "its working directory could not be seen";
		return;
	}
	if (strcmp(own, its) != 0) {
		f->no_files_why = "its files lie in its container, which is gone with it";
		return;
	}
	f->hs_err = arena_format(mem, "%s/hs_err_pid%d.log", cwd, f->ns_pid);
	f->heap_dump = arena_format(mem, "%s/java_pid%d.hprof", cwd, f->ns_pid);
	f->had_hs_err = exists(files, f->hs_err);
	f->had_dump = exists(files, f->heap_dump);
}

bool fate_begin(struct fates *all, int pid, int ns_pid, struct arena *mem, struct fate **out,
		struct fail *why)
{
	struct fate *f = arena_new(mem, struct fate);
	uint64_t again;

	f->ns_pid = ns_pid;
	// The same before and after: what is held is the process that was read.
	if (!read_start(all->files, pid, mem, &f->started_ns, why) ||
	    !process_open(pid, &f->process, why))
		return false;
	if (!read_start(all->files, pid, mem, &again, why) || again != f->started_ns) {
		process_close(&f->process);
		return fail(why, FAIL_GONE, "there is no process %d any more", pid);
	}
	find_places(all->files, f, mem);
	*out = f;
	return true;
}

int fate_fd(const struct fate *f)
{
	return f->process.fd;
}

bool fate_is_over(const struct fate *f)
{
	return process_is_gone(&f->process);
}

uint64_t fate_started_ns(const struct fate *f)
{
	return f->started_ns;
}

bool fate_is_settled(const struct fate *f)
{
	struct fail why;
	int status;

	return process_exit_status(&f->process, &status, &why);
}

static void keep_kill(void *arg, const char *text)
{
	struct fates *all = arg;
	struct oomline line;

	if (oomline_parse(span_of(text), &line))
		all->kill[all->kills++ % KILLS_KEPT] = line;
}

static void find_kill(struct fates *all, int pid, struct end_evidence *out)
{
	size_t kept = all->kills < KILLS_KEPT ? all->kills : KILLS_KEPT;

	kernellog_read(&all->log, keep_kill, all);
	kept = all->kills < KILLS_KEPT ? all->kills : KILLS_KEPT;
	for (size_t i = 0; i < kept; i++) {
		struct oomline *line = &all->kill[i];

		if (line->pid != pid)
			continue;
		out->oom_line = true;
		out->oom_line_cgroup = line->cgroup;
		out->oom_line_anon = line->anon_rss;
		line->pid = 0; // its number may be another's later
	}
}

// The lines of a crash log's head that say something: "# There is insufficient memory ...".
static const char *what_it_says(struct span text, struct arena *mem)
{
	const char *says = NULL;
	struct span line;
	int lines = 0;

	if (text.len > SAYS_BYTES)
		text.len = SAYS_BYTES;
	while (lines < SAYS_LINES && span_take_line(&text, &line)) {
		if (!span_take_char(&line, '#'))
			continue;
		span_skip_blanks(&line);
		if (!line.len)
			continue;
		says = arena_format(mem, "%s%s%.*s", says ? says : "", says ? " " : "",
				    (int)line.len, line.at);
		lines++;
	}
	return says ? mask_copy(mem, says) : NULL;
}

static void find_files(struct fates *all, const struct fate *f, struct arena *mem,
		       struct end_evidence *out)
{
	struct tree_stat st;
	struct span text;

	out->no_files_why = f->no_files_why;
	if (!f->had_dump && exists(all->files, f->heap_dump))
		out->heap_dump = f->heap_dump;
	if (f->had_hs_err || !exists(all->files, f->hs_err))
		return;
	out->hs_err = f->hs_err;
	// Whoever owns that directory may put anything there.
	if (!tree_stat(all->files, f->hs_err, &st, NULL) || st.size > HS_ERR_MAX ||
	    !tree_read(all->files, f->hs_err, mem, &text, NULL))
		return;
	out->hs_err_says = what_it_says(text, mem);
	out->hs_err_memory = out->hs_err_says && (strstr(out->hs_err_says, "insufficient memory") ||
						  strstr(out->hs_err_says, "Out of Memory Error") ||
						  strstr(out->hs_err_says, "OutOfMemory"));
}

void fate_learn(struct fates *all, const struct fate *f, const char *dir, bool v2,
		struct arena *mem, struct end_evidence *out)
{
	struct watchpoint_reading now;
	struct fail why;
	int status;

	*out = (struct end_evidence){ .gone = fate_is_over(f),
				      .oom_line_anon = UNKNOWN_BYTES,
				      .oom_kills_before = UNKNOWN_BYTES,
				      .oom_kills_after = UNKNOWN_BYTES };
	if (process_exit_status(&f->process, &status, &why)) {
		out->status_known = true;
		out->signalled = WIFSIGNALED(status);
		out->code = out->signalled ? WTERMSIG(status) : WEXITSTATUS(status);
	}
	if (dir && watchpoint_read(all->files, dir, v2, mem, &now))
		out->oom_kills_after = now.oom_kills;
	find_kill(all, f->process.pid, out);
	find_files(all, f, mem, out);
}

void fate_end(struct fate *f)
{
	process_close(&f->process);
}
