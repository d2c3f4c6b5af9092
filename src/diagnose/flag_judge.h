// SPDX-License-Identifier: Apache-2.0
// Which of the options that a JVM was given have no effect, and why: obsolete, expired, unknown, or known
// and without effect.
//
// Of a running VM its own table decides; of one that is to run, lifetimes.def.  Flags that are merely
// deprecated do what they say; they are a list of their own.

#ifndef DIAGNOSE_FLAG_JUDGE_H
#define DIAGNOSE_FLAG_JUDGE_H

#include <stdbool.h>

#include "base/arena.h"

struct snapshot;

enum flag_state {
	FLAG_OBSOLETE,       // taken, and ignored with a warning
	FLAG_EXPIRED,        // an earlier JDK had it; this one refuses it, or was told to ignore it
	FLAG_UNKNOWN,        // this JDK does not have it, and no earlier one had
	FLAG_WITHOUT_EFFECT, // known, and of no effect here
	FLAG_DEPRECATED,     // works, with a warning
};

struct judged_flag {
	const char *flag;   // "MaxPermSize"; of an -X option that sets none, the option
	const char *given;  // its value as given: "64m", "true"
	const char *option; // as it was given: "-XX:MaxPermSize=64m"
	const char *where;  // "command line"
	enum flag_state state;
	const char *why;
	unsigned jdk; // that it holds for
	bool refused; // the VM does not start with it
};

struct flag_judgement {
	VEC(struct judged_flag) ineffective; // in the order of the options
	VEC(struct judged_flag) deprecated;
};

// Adds what holds of the snapshot's options.  Of a snapshot without a table of flags `jdk` is the release
// of the VM that is to run; several calls add up.
void flag_judge(const struct snapshot *s, unsigned jdk, struct arena *mem,
		struct flag_judgement *out);
const char *flag_state_name(enum flag_state state); // "without effect"

#endif
