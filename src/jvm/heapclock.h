// SPDX-License-Identifier: Apache-2.0
// Did the Java heap stay where it was while objects in it were read?
//
// Objects move in collections, and a chain of references read across one ends in somebody else's bytes.
// A reader takes the time before and after, each from memory read anew, and believes what it read
// when the same number of collections had started and none was running.  Under collectors that move
// objects while Java runs (Z, Shenandoah) this narrows the window and does not close it.

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

// Forgets what was read before, then reads the time.
struct heapclock heapclock_start(const struct hotspot *vm);
// True when what was read since `start` is of one heap.  Forgets what was read.
bool heapclock_held(const struct hotspot *vm, struct heapclock start);

#endif
