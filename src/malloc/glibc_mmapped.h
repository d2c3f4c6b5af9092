// SPDX-License-Identifier: Apache-2.0
// Chunks that have a mapping of their own (big blocks): their headers, proven by malloc's counters.
//
// The kernel merges such mappings with thread stacks, arenas and the program's own, so any page of
// anonymous memory may start one.  A header alone proves little; all headers together do when
// their number is n_mmaps and their bytes are mmapped_mem.  The search goes from the likely places
// to all present pages and stops as soon as both agree.

#ifndef MALLOC_GLIBC_MMAPPED_H
#define MALLOC_GLIBC_MMAPPED_H

#include "malloc/glibc.h"

enum {
	// Pages that one look may ask for a header: a bound for memory that is nobody's.
	GLIBC_MMAPPED_PAGES = 1 << 16,
};

// Adds the chunks to the pieces of `g`, whose arenas and heaps are there already; says in `doubts`
// what does not add up.
void glibc_mmapped_read(const struct malloc_view *v, struct arena *mem, struct glibc *g);

#endif
