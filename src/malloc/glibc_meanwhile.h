// SPDX-License-Identifier: Apache-2.0
// Chunks with mappings of their own that were made and freed since the mappings were read.
//
// malloc's counters are of now, the mappings and their pages of some milliseconds ago.  Where the two
// don't agree the mappings are read once more: what is new among them is searched for chunks, and what
// was found before is asked whether it is still there.  Only a count that stands still meanwhile
// counts.

#ifndef MALLOC_GLIBC_MEANWHILE_H
#define MALLOC_GLIBC_MEANWHILE_H

#include "malloc/glibc.h"

// A chunk as the hunt found it.
struct meanwhile_chunk {
	uint64_t start, end;
	bool aligned; // its header is not at its start
};

struct meanwhile_chunks {
	VEC(struct meanwhile_chunk) list;
};

// True when the chunks of `found` that are still there and those in newer mappings are what malloc
// counts now; takes some patience while that moves.
bool glibc_meanwhile_adds_up(const struct malloc_view *v, const struct glibc *g,
			     const struct meanwhile_chunks *found);

#endif
