// SPDX-License-Identifier: Apache-2.0
// Shenandoah for the hand-made VM: its regions, and what it keeps beside the heap.

#ifndef TESTS_JVM_FAKEVM_SHENANDOAH_H
#define TESTS_JVM_FAKEVM_SHENANDOAH_H

#include <stdint.h>

#include "fakevm.h"

#define FAKEVM_SHENANDOAH_TABLES UINT64_C(0x7f3000000000) // bitmaps and card tables
#define FAKEVM_SHENANDOAH_SET    UINT64_C(0x10000)        // the collection set
enum {
	FAKEVM_SHENANDOAH_REGIONS = 64, // of 1 MB
	FAKEVM_SHENANDOAH_STRIDE = 128,
	FAKEVM_SHENANDOAH_BITMAP = 2 << 20, // bytes of each bitmap: two bits a word
	FAKEVM_SHENANDOAH_CARDS = (64 << 20) / 512 + 4096,
	// Behind FAKEVM_SHENANDOAH_TABLES.
	FAKEVM_SHENANDOAH_MARK = 0,
	FAKEVM_SHENANDOAH_AUX = 4 << 20,
	FAKEVM_SHENANDOAH_READ = 8 << 20,
	FAKEVM_SHENANDOAH_WRITE = 9 << 20,
};

struct fakevm_shenandoah {
	uint64_t heap, regions;  // the region objects stand in a row
	uint64_t array;          // of pointers to them
	uint64_t context, set;   // marking context, ShenandoahCollectionSet
	uint64_t aux;            // the auxiliary bitmap in the heap object
	uint64_t barrier, cards; // barrier set, card tables
	uint64_t committed_at, used_at;
};

// Not opened yet.  Regions: 0 to 2 regular (the last with 4096 bytes used), 3 and 4 humongous, 5 to be
// collected, 6 free, the others not committed.  With generations there are card tables.
struct fakevm_shenandoah fakevm_add_shenandoah(struct fakevm *fake, bool generational);

#endif
