// SPDX-License-Identifier: Apache-2.0
// Parser for /proc/PID/stat (and task/TID/stat).  Opens nothing.
// Format notes: docs/formats/procstat.md.

#ifndef PARSE_PROCSTAT_H
#define PARSE_PROCSTAT_H

#include <stdbool.h>
#include <stdint.h>

#include "base/span.h"

struct fail;

enum { PROCSTAT_NAME_ROOM = 64 + 1, PROCSTAT_TICK_NS = 10000000 }; // USER_HZ is 100 on x86-64

struct procstat {
	int pid, ppid;
	char name[PROCSTAT_NAME_ROOM]; // comm, without the parentheses around it
	char state;
	uint64_t minor_faults, major_faults;
	uint64_t user_ns, system_ns; // CPU time
	uint64_t threads;
	uint64_t started_ns; // since boot
};

// FAIL_CORRUPT when a field up to starttime (22) is missing or no number.
bool procstat_parse(struct span text, struct procstat *out, struct fail *why);

#endif
