// SPDX-License-Identifier: Apache-2.0
// What time it is on the target's machine, through tree_made("clock"): a capture keeps its own.

#ifndef OS_CLOCK_H
#define OS_CLOCK_H

#include <stdbool.h>
#include <stdint.h>

struct arena;
struct fail;
struct tree;

struct clock_reading {
	uint64_t
		boot_ns; // since boot, time asleep included: the clock of starttime in /proc/PID/stat
	int64_t wall_ns; // since 1970, UTC
};

// ABSENT when a capture has none; CORRUPT.  `mem` is scratch.
bool clock_read(const struct tree *files, struct arena *mem, struct clock_reading *out,
		struct fail *why);

#endif
