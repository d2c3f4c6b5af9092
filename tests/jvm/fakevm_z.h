// SPDX-License-Identifier: Apache-2.0
// ZGC for the hand-made VM: its masks, tables and pages, laid out much as JDK 11, 17 and 25 do.

#ifndef TESTS_JVM_FAKEVM_Z_H
#define TESTS_JVM_FAKEVM_Z_H

#include <stdint.h>

#include "fakevm.h"

enum fakevm_z_kind {
	FAKEVM_Z_EARLY,    // 11: a page has its own forwarding table
	FAKEVM_Z_VIEWS,    // 17: three views of the heap
	FAKEVM_Z_COLOURED, // 25: generations
};

#define FAKEVM_Z_BASE   (UINT64_C(1) << 31)      // of the heap's addresses, and the first view
#define FAKEVM_Z_STACKS UINT64_C(0x150000000000) // mark stacks, where JDK 11 has them
enum {
	FAKEVM_Z_GRANULES = 1024,
	FAKEVM_Z_ENTRIES = 16,   // of a forwarding table
	FAKEVM_Z_PAGE = 4 << 20, // offset of the one page: small, of 2 MB
	FAKEVM_Z_STACK_LIMIT = 64 << 20,
};

struct fakevm_z {
	enum fakevm_z_kind kind;
	uint64_t collected, heap;   // ZCollectedHeap, ZHeap
	uint64_t good, weak_bad;    // the masks
	uint64_t pages, forward[2]; // maps; forward[1] is the old generation's
	uint64_t page;              // ZPage
	uint64_t backing;           // table of backing memory
	uint64_t stacks[2];         // {start, top, end}, or JDK 11's {top, end}
	uint64_t generation[2];
	uint64_t used_at, capacity_at; // the totals: 2 of 4 MB
};

// Not opened yet.  The masks say: remapped (views), or the third colour.
struct fakevm_z fakevm_add_z(struct fakevm *fake, enum fakevm_z_kind kind);
// A forwarding table for the page, in the map of one generation, without an entry; where its entries
// are.
uint64_t fakevm_z_forward(struct fakevm *fake, const struct fakevm_z *z, int generation);
// Fills the table: the object at `from` in the page went to the offset `to`, others elsewhere.
void fakevm_z_move(struct fakevm *fake, const struct fakevm_z *z, uint64_t entries, uint64_t from,
		   uint64_t to);
// A reference with colours.
uint64_t fakevm_z_reference(unsigned colour, uint64_t offset);

#endif
