// SPDX-License-Identifier: Apache-2.0
// Heaps for the hand-made VM: generations of Serial, CMS and Parallel, and G1's regions, with the
// members that describe them.

#ifndef TESTS_JVM_FAKEVM_HEAPS_H
#define TESTS_JVM_FAKEVM_HEAPS_H

#include <stdint.h>

#include "fakevm.h"

// Addresses of the pieces, for tests that break them.
struct fakevm_serial {
	uint64_t heap, young, old, eden, tenured;
};
// Young: eden 8 MB with 3 used, from 1 MB with 4096 bytes used, to 1 MB; old: 16 of 48 MB
// committed, 4 used.
struct fakevm_serial fakevm_add_serial(struct fakevm *fake);

struct fakevm_cms {
	uint64_t heap, old, dictionary, lists, linear;
};
enum { FAKEVM_CMS_LIST = 32 }; // bytes of a free list; its words at 16, its count at 24
// Young as Serial's; old: 16 MB committed, of which 1 MB is in the dictionary, 3 chunks of 8 words and
// 2 of 100 in the lists, and 512 words in the block.
struct fakevm_cms fakevm_add_cms(struct fakevm *fake);

struct fakevm_parallel {
	uint64_t heap, young, old, eden, space;
	uint64_t young_bounds, old_bounds; // PSVirtualSpaces, or twice the PSHeapVirtualSpace
};
// Old first: 12 of 32 MB committed, 5 used; young 10 of 32: eden 6 with 2 used, from 1 full, to 2.
// `shared`: as JDK 28 has it, one object that bounds both.
struct fakevm_parallel fakevm_add_parallel(struct fakevm *fake, bool shared);

enum { FAKEVM_REGIONS = 64 };
struct fakevm_g1 {
	uint64_t heap, mapper, bits, table, regions[FAKEVM_REGIONS];
};
// 64 regions of 1 MB of which 0 to 5 are committed: two eden (full, and 4096 bytes used), one
// survivor and one humongous (full), one old (8 bytes used), one free.
struct fakevm_g1 fakevm_add_g1(struct fakevm *fake);
enum {
	// Of JDK 8's regions, which it does not export.
	FAKEVM_REGION_NUMBER = 24,
	FAKEVM_REGION_TAG = 32,
	FAKEVM_G1_OLD_SET = 256, // in the heap object; the length at 24
	FAKEVM_G1_HUMONGOUS_SET = 320,
};
// The same heap as JDK 8 has it, but region 4 and half of 5 are one humongous object.
struct fakevm_g1 fakevm_add_g1_before_9(struct fakevm *fake);

#endif
