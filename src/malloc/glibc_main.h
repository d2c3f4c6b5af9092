// SPDX-License-Identifier: Apache-2.0
// The main arena's own memory: what brk gave it and, where brk was blocked, what mmap gave it.
//
// The brk part is all adjoining writable [heap] mappings from sbrk_base to the end of the top
// chunk, or to the last fencepost when top lies elsewhere.  A mapped region is accepted only when
// its chunks lead from its first page to a fencepost pair or to top; regions are sought until the
// sum reaches system_mem.

#ifndef MALLOC_GLIBC_MAIN_H
#define MALLOC_GLIBC_MAIN_H

#include "malloc/glibc.h"

// Adds the part of arena 0 that brk gave.
void glibc_main_read(const struct malloc_view *v, struct arena *mem, struct glibc *g);
// Then, with all other pieces found, its mapped regions where something is missing; sets `whole`
// and says in `doubts` what does not add up.
void glibc_main_read_regions(const struct malloc_view *v, struct arena *mem, struct glibc *g);

#endif
