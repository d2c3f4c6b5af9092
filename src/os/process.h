// SPDX-License-Identifier: Apache-2.0
// A hold on a process that its number's reuse can't fool (pidfd, kernel 5.3), and what the one
// protocol which needs them does with it: a signal, an empty file as a sign, a library to load.

#ifndef OS_PROCESS_H
#define OS_PROCESS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/span.h"

struct fail;

struct process {
	int pid;
	int fd;            // -1: this kernel has no pidfd
	uint32_t uid, gid; // whose the marks shall be; the caller's to set
};

// GONE: no such process.
bool process_open(int pid, struct process *out, struct fail *why);
void process_close(struct process *p);
bool process_is_gone(const struct process *p);
// How it ended, as waitpid() has it: WIFEXITED() and the like.  Kernel 6.15 tells whoever held the process
// while it ran, once its parent has reaped it.  ABSENT: it runs, is not reaped yet, or the kernel is older.
bool process_exit_status(const struct process *p, int *status, struct fail *why);
// DENIED: needs the same user or CAP_KILL; GONE.
bool process_signal(const struct process *p, int signal, struct fail *why);

// A file in a directory of the process, mode 0600 and the user's that `uid` and `gid` name.
struct process_mark {
	int dir; // -1: none was made
	char name[32];
};
// An empty one.  `where` is "cwd" or "root/tmp".  A file of that name that is there already is left as it is and
// counts as made.
bool process_mark(const struct process *p, const char *where, const char *name,
		  struct process_mark *out, struct fail *why);
// A library with these bytes in the /tmp of the process's own root, for the process to load.  One that
// was left there under that name, the user's own, is replaced.  DENIED: the directory is mounted
// noexec or read-only, others could put their own file there, or somebody else's file has the name.
bool process_put_library(const struct process *p, const char *name, struct span bytes,
			 struct process_mark *out, struct fail *why);
void process_unmark(struct process_mark *m); // removes what the above made

#endif
