// SPDX-License-Identifier: Apache-2.0
// The threads of a process as the kernel has them: ids, names, stack pointers.
//
// Through the tree alone (list and read of /proc/PID/task), so a capture has them.  A thread that
// ends while we look is left out.

#ifndef OS_TASKS_H
#define OS_TASKS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct arena;
struct fail;
struct tree;

struct task {
	int tid;                // the host's
	int ns_tid;             // innermost, what the program itself sees
	const char *name;       // comm, at most 15 bytes: "GC Thread#0"
	uint64_t stack_pointer; // 0: running, or the kernel does not tell us
};

struct tasks {
	struct task *at; // rising tid
	size_t count;
	bool stack_pointers_denied; // /proc/PID/task/TID/syscall: its owner, or CAP_DAC_READ_SEARCH
};

enum { TASKS_LIMIT = 1 << 17 };

// The threads of process `pid` (host's).  Records and names live in `mem`.
// GONE, DENIED, CORRUPT (more than TASKS_LIMIT threads).
bool tasks_read(const struct tree *files, int pid, struct arena *mem, struct tasks *out,
		struct fail *why);

#endif
