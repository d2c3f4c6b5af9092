// SPDX-License-Identifier: Apache-2.0
// How often something that moves is read again before one gives up.
//
// Whatever churns has quiet moments: between two collections, behind a burst of frees.  They are
// worth some pauses, and a little CPU time.  Both have a bound; the wall has none, because on a busy
// machine the target gets as little of it as we do.  What stands still and makes no sense is not
// worth any: who asks says first that something has moved, and what can't move (a capture) is not
// read again at all.

#ifndef OS_PATIENCE_H
#define OS_PATIENCE_H

#include <stdbool.h>
#include <stdint.h>

struct memory;

struct patience {
	unsigned tries;   // so far, the first one included
	unsigned limit;   // of tries
	uint64_t started; // CPU time of this thread, ns
};

struct patience patience_start(const struct memory *memory);
// Pauses before one more try: 0.25 ms at first, 5 ms at most, some 230 ms over all tries.  False when
// 50 tries or 200 ms of CPU time are used up.
bool patience_again(struct patience *p);

#endif
