// SPDX-License-Identifier: Apache-2.0
// Heaps for the hand-made VM: Serial's generations and G1's regions, with the members that describe
// them.

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

enum { FAKEVM_REGIONS = 64 };
struct fakevm_g1 {
	uint64_t heap, mapper, bits, table, regions[FAKEVM_REGIONS];
};
// 64 regions of 1 MB of which 0 to 5 are committed: two eden (full, and 4096 bytes used), one
// survivor and one humongous (full), one old (8 bytes used), one free.
struct fakevm_g1 fakevm_add_g1(struct fakevm *fake);

#endif
