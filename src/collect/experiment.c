// SPDX-License-Identifier: Apache-2.0
#include "collect/experiment.h"

#include <string.h>

#include "base/arena.h"
#include "base/fail.h"
#include "base/span.h"
#include "collect/collector.h"
#include "facts/snapshot.h"
#include "jvm/attach.h"
#include "jvm/carried.h"
#include "os/clock.h"

enum { LINE_LIMIT = 200 };
// A full collection of a large heap takes long, and one that pages in longer.
#define EXPERIMENT_SECONDS 120

static const char *const COMMANDS[] = {
	[EXPERIMENT_GC] = "GC.run",
	[EXPERIMENT_HISTOGRAM] = "GC.class_histogram",
	[EXPERIMENT_TRIM] = "System.trim_native_heap",
};

static const char *first_line(struct span text, struct arena *mem)
{
	struct span line;

	if (!span_take_line(&text, &line))
		return "";
	return arena_copy(mem, line.at, line.len < LINE_LIMIT ? line.len : LINE_LIMIT);
}

static bool is_off(const struct snapshot *s, const char *flag)
{
	const struct flag_row *row = snapshot_find_flag(s, flag);

	return row && !row->number;
}

// malloc_trim() is glibc's alone; with another malloc glibc's own has nothing to give.
static bool may_load(const struct snapshot *s, struct fail *why)
{
	const struct fact *named = &s->fact[F_ALLOCATOR];
	const char *allocator = named->known ? named->text : "unknown";

	if (is_off(s, "EnableDynamicAgentLoading"))
		return fail(why, FAIL_DENIED,
			    "the VM has no command that trims, and runs with "
			    "-XX:-EnableDynamicAgentLoading: it takes no library");
	if (strncmp(allocator, "glibc", 5) != 0)
		return fail(why, FAIL_DENIED,
			    "the VM has no command that trims, and its malloc (%s) no "
			    "malloc_trim()",
			    allocator);
	return true;
}

// The name is the same each time: the VM then calls the copy that it has.
static bool trim_by_library(struct attach *session, const struct snapshot *before,
			    struct arena *mem, struct experiment_done *out, struct fail *why)
{
	int result = 0;

	if (!may_load(before, why) ||
	    !attach_load(session, arena_format(mem, ".jledger_trim%d.so", session->ns_pid),
			 carried_trim(), mem, &result, why))
		return false;
	if (result)
		return fail(why, FAIL_ABSENT, "the library found no malloc_trim() in the VM");
	out->command = "load of a library that calls malloc_trim()";
	out->said = "";
	return true;
}

static bool trim(struct attach *session, const struct snapshot *before, struct arena *mem,
		 struct experiment_done *out, struct fail *why)
{
	struct span text;

	if (attach_run(session, COMMANDS[EXPERIMENT_TRIM], mem, &text, why)) {
		out->command = COMMANDS[EXPERIMENT_TRIM];
		out->said = first_line(text, mem);
		return true;
	}
	return attach_was_refused(session) && trim_by_library(session, before, mem, out, why);
}

bool experiment_run(const struct target *t, const struct snapshot *before, enum experiment e,
		    struct arena *mem, struct experiment_done *out, struct fail *why)
{
	const struct flag_row *disabled = snapshot_find_flag(before, "DisableAttachMechanism");
	uint64_t start = clock_now_ns();
	struct attach session;
	struct span text;

	if (!t->live)
		return fail(why, FAIL_ABSENT, "an experiment needs a running JVM");
	if (disabled && disabled->number)
		return fail(why, FAIL_DENIED,
			    "the VM runs with -XX:+DisableAttachMechanism: it can't be asked");
	attach_init(&session, t->files, t->pid, t->ns_pid);
	attach_wait(&session, EXPERIMENT_SECONDS);
	*out = (struct experiment_done){ .command = COMMANDS[e], .said = "" };
	if (e == EXPERIMENT_TRIM) {
		if (!trim(&session, before, mem, out, why))
			return false;
	} else {
		if (!attach_run(&session, COMMANDS[e], mem, &text, why))
			return false;
		out->said = first_line(text, mem);
	}
	out->took_s = (double)(clock_now_ns() - start) / 1e9;
	return true;
}
