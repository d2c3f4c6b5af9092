// SPDX-License-Identifier: Apache-2.0
// What ended a process, by what was left of it.  Pure, like a rule.

#ifndef DIAGNOSE_ENDING_H
#define DIAGNOSE_ENDING_H

#include "facts/past.h"

struct arena;

struct ending {
	const char *kind; // "oom-kill", "out-of-memory-error", "crash", "killed", "exit", "unknown"
	const char *text; // a sentence or two: what says so
};

void ending_judge(const struct end_evidence *e, struct arena *mem, struct ending *out);
bool ending_is_memory(const char *kind); // it ended for want of memory

#endif
