// SPDX-License-Identifier: Apache-2.0
// Runs all collectors over a target: one call, one snapshot.
//
// What one collector can't bring is a miss and never ends the look; only a target that is gone
// does.

#ifndef COLLECT_LOOK_H
#define COLLECT_LOOK_H

#include <stdbool.h>

struct arena;
struct fail;
struct snapshot;
struct target;
struct tree;

// Fails only when there is nothing to show at all: GONE (it exited), DENIED (tier D), ABSENT (not
// a JVM: no libjvm.so mapped).  A torn scan (the scan and VmRSS apart by more than 1 % and 4 MB)
// is read again, twice at most.  The snapshot lives in `mem`.  A live target's memory can be read
// only while a look is under way: the reader's table of mappings ends with it.
bool look_at(const struct target *target, struct arena *mem, struct snapshot *out,
	     struct fail *why);
// What a pulse holds, and no more: /proc/PID/status and the jvmstat file.  Memory is not read.
bool look_briefly(const struct target *target, struct arena *mem, struct snapshot *out,
		  struct fail *why);
// The same and what the container counts, without its other processes: what a recorder keeps of a tick.
bool look_at_tick(const struct target *target, struct arena *mem, struct snapshot *out,
		  struct fail *why);
// The target's clocks, in seconds: since boot, time asleep included, and since 1970.  `mem` is scratch.
bool look_clock(const struct tree *files, struct arena *mem, double *boot_s, double *wall_s,
		struct fail *why);

#endif
