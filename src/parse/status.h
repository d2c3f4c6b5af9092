// SPDX-License-Identifier: Apache-2.0
// Parser for /proc/PID/status (and task/TID/status).  Opens nothing.
// Format notes: docs/formats/status.md.

#ifndef PARSE_STATUS_H
#define PARSE_STATUS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/span.h"

struct fail;

enum { STATUS_NAME_ROOM = 64 + 1, STATUS_SIGNALS = 64 };

// Sizes are bytes: the kernel's kB end here.  What a kernel does not print reads as 0 (-1 for
// `seccomp`); a zombie and a kernel thread print no memory lines at all (has_memory false).
struct status {
	char name[STATUS_NAME_ROOM]; // comm with the kernel's escapes: "java"
	char state;                  // R S D T t Z X I
	int tgid, pid, ppid;
	int ns_pid; // innermost, the last of NSpid; `pid` where the kernel has no NSpid line
	uint32_t uid, euid, gid, egid;
	uint64_t vm_size, vm_rss, rss_anon, rss_file, rss_shmem, vm_swap, vm_pte, hugetlb;
	uint64_t threads;
	uint64_t pending; // SigPnd, of this thread: signal n is bit n - 1
	uint64_t caught;  // SigCgt
	bool core_dumping;
	uint64_t cap_permitted, cap_effective;
	int seccomp; // 0 none, 1 strict, 2 filter
	bool has_memory;
};

// FAIL_CORRUPT, naming the key, when a line that is read makes no sense, or when Name, State or
// Pid is missing.  Unknown keys are skipped.
bool status_parse(struct span text, struct status *out, struct fail *why);
bool status_catches(const struct status *s, int signal);
// Whether it has ended or is about to: where a process is killed, or exits, the kernel first gives
// each thread SIGKILL, then they go one after another. One that writes its core stays until that is
// written.
bool status_is_ending(const struct status *s);

#endif
