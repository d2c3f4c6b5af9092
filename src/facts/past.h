// SPDX-License-Identifier: Apache-2.0
// What a history knows of JVMs that it watched: who they were, how they ended, what went on.
//
// Plain data, filled by store/history and judged by diagnose/course.

#ifndef FACTS_PAST_H
#define FACTS_PAST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"

struct past_jvm {
	int64_t id; // in its history
	int pid, ns_pid;
	const char *host;
	const char *boot;       // the kernel's random id of the boot that it ran in
	uint64_t started_ns;    // since that boot
	const char *main;       // NULL: not known
	double first_s, last_s; // of its samples and looks, on the history's clock
	double first_wall_s, last_wall_s;
	size_t samples;
	bool ended;
	double end_s, end_wall_s;
	const char *
		end_kind; // "oom-kill", "killed", "out-of-memory-error", "crash", "exit", "unknown"
	const char *end_text; // how it is known, in a sentence
};

struct past_event {
	int64_t jvm; // 0: of none alone
	double at_s, wall_s;
	const char *kind; // "limit", "growth", "oom-kill", "end", "clock-jump" ...
	const char *text;
	const char *files; // what was written then, names separated by newlines; NULL: nothing
};

struct past_look {
	int64_t id;
	double at_s, wall_s;
	const char *reason; // "first", "interval", "moved", "limit" ...
};

// What could be learned of a process that ended.  Sizes: UNKNOWN_BYTES where not known.
struct end_evidence {
	bool gone;         // seen to be gone, rather than only missed
	bool status_known; // how it ended, by the kernel
	bool signalled;    // by a signal
	int code;          // the signal, else the exit code
	bool oom_line;     // the kernel's log has its killing
	bool oom_line_cgroup;
	uint64_t oom_line_anon;
	uint64_t oom_kills_before, oom_kills_after; // of its container, since the latest tick
	const char *hs_err;               // path of a crash log that came meanwhile; NULL: none
	const char *hs_err_says;          // its first lines that speak; NULL
	bool hs_err_memory;               // they speak of memory
	const char *heap_dump;            // path of a dump that came meanwhile; NULL: none
	const char *no_files_why;         // why neither could be looked for; NULL: they were
	uint64_t limit, working_set, rss; // at the latest tick
	uint64_t old_used, old_committed, heap_max;
	double tick_age_s; // how long before the end that was, at most
};

typedef VEC(struct past_jvm) past_jvms;
typedef VEC(struct past_event) past_events;
typedef VEC(struct past_look) past_looks;

#endif
