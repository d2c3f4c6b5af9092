// SPDX-License-Identifier: Apache-2.0
// A hold on a process that its number's reuse can't fool (pidfd, kernel 5.3), and the two things
// that the one protocol which needs them does with it: a signal, and an empty file as a sign.

#ifndef OS_PROCESS_H
#define OS_PROCESS_H

#include <stdbool.h>
#include <stdint.h>

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
// DENIED: needs the same user or CAP_KILL; GONE.
bool process_signal(const struct process *p, int signal, struct fail *why);

// An empty file in a directory of the process, mode 0600.
struct process_mark {
	int dir; // -1: none was made
	char name[32];
};
// `where` is "cwd" or "root/tmp".  A file of that name that is there already is left as it is and
// counts as made.
bool process_mark(const struct process *p, const char *where, const char *name,
		  struct process_mark *out, struct fail *why);
void process_unmark(struct process_mark *m); // removes what process_mark() made

#endif
