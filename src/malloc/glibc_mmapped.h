// SPDX-License-Identifier: Apache-2.0
// Chunks that have a mapping of their own (big blocks): their headers, proven by malloc's counters.
//
// The kernel merges such mappings with thread stacks, arenas and the program's own, so any page of
// anonymous memory may start one.  A header alone proves little; all headers together do when
// their number is n_mmaps and their bytes are mmapped_mem.  Every present page without an owner is
// asked, small gaps first; large ones only while something is missing.

#ifndef MALLOC_GLIBC_MMAPPED_H
#define MALLOC_GLIBC_MMAPPED_H

#include "malloc/glibc.h"

enum {
	// Pages that a pass may ask for a header: a bound for memory that is nobody's.
	GLIBC_MMAPPED_PAGES = 1 << 17,
	GLIBC_MMAPPED_INSIDE_PAGES = 1 << 13, // contents of chunks included
	GLIBC_MMAPPED_BLIND_PAGES = 1 << 14,  // when it is not known which pages are present
};

// The bytes of the mapping by the size word of a chunk `lead` bytes behind its start; 0: no chunk.
uint64_t glibc_mmapped_size(const struct glibc_layout *layout, uint64_t lead, uint64_t size);
// Adds the chunks to the pieces of `g`, whose arenas and heaps are there already; says in `doubts`
// what does not add up.
void glibc_mmapped_read(const struct malloc_view *v, struct arena *mem, struct glibc *g);

#endif
