// SPDX-License-Identifier: Apache-2.0
// Experiments: what a running JVM is made to do so that a
// diagnosis can be proven.  The only part beside the attach collector that changes something in the
// target.
//
// All go through the attach protocol (jvm/attach.h), as jcmd does.  Whether they had an effect is
// not told by the reply but by a look before and one after; that is the caller's.

#ifndef COLLECT_EXPERIMENT_H
#define COLLECT_EXPERIMENT_H

#include <stdbool.h>

struct arena;
struct fail;
struct snapshot;
struct target;

enum experiment {
	EXPERIMENT_GC,        // GC.run; JDK 8 refuses it where explicit collections are disabled
	EXPERIMENT_HISTOGRAM, // GC.class_histogram, which collects first whatever is disabled
	// malloc_trim() in the target: System.trim_native_heap, and where the VM has no such command
	// a library of ours that calls it (src/agent/trim.c)
	EXPERIMENT_TRIM,
};

struct experiment_done {
	const char *command; // what the VM was asked
	const char *said;    // the first line of its answer
	double took_s;
};

// Runs it in a live target, which `before` is a look at, and waits for its answer, for two minutes
// at most. DENIED: attaching, or for the library loading, is disabled in the VM, or its
// malloc is not glibc's; ABSENT: the VM has no such command or can't be
// asked; else as attach_run().
bool experiment_run(const struct target *t, const struct snapshot *before, enum experiment e,
		    struct arena *mem, struct experiment_done *out, struct fail *why);

#endif
