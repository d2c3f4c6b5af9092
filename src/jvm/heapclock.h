// SPDX-License-Identifier: Apache-2.0
// Did the Java heap stay where it was while objects in it were read?
//
// Objects move in collections, and a chain of references read across one ends in somebody else's
// bytes. A reader takes the time, reads, and believes what it read when a second look, at memory
// read anew, finds the same number of collections started and none running.  The first time must be
// no later than the oldest copy of the target's memory that is used: take it by
// heapclock_restart(), or use an earlier one.  Under collectors that move objects while Java runs
// (Z, Shenandoah) this narrows the window and does not close it.

#ifndef JVM_HEAPCLOCK_H
#define JVM_HEAPCLOCK_H

#include <stdbool.h>
#include <stdint.h>

struct hotspot;

struct heapclock {
	bool known;           // this VM exports the counter
	bool active;          // a collection was running
	uint32_t collections; // started since the VM's start
};

// Lets go of all that was read, then reads the time.
struct heapclock heapclock_restart(const struct hotspot *vm);
// True when what was read since `*clock` is of one heap.  Restarts, and sets `*clock` to that.
bool heapclock_held(const struct hotspot *vm, struct heapclock *clock);
// The same, but when true nothing is let go of, and `*clock` stays: later readers go on with both.
bool heapclock_holds_on(const struct hotspot *vm, struct heapclock *clock);

#endif
