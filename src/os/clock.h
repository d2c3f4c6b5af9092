// SPDX-License-Identifier: Apache-2.0
// What time it is on the target's machine, through tree_made("clock"): a capture keeps its own.  And
// our own clock, for deadlines and for what calls cost, which no capture keeps.

#ifndef OS_CLOCK_H
#define OS_CLOCK_H

#include <stdbool.h>
#include <stdint.h>

struct arena;
struct fail;
struct tree;

struct clock_reading {
	// Since boot, time asleep included: the clock of starttime in /proc/PID/stat.
	uint64_t boot_ns;
	int64_t wall_ns; // since 1970, UTC
};

// ABSENT when a capture has none; CORRUPT.  `mem` is scratch.
bool clock_read(const struct tree *files, struct arena *mem, struct clock_reading *out,
		struct fail *why);

uint64_t clock_now_ns(void);              // monotonic
uint64_t clock_in(double seconds);        // a deadline on it
bool clock_is_over(uint64_t deadline_ns); // of clock_in()

#endif
