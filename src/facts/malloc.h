// SPDX-License-Identifier: Apache-2.0
// What malloc holds, as a walk through its chunks found it.
//
// In use leaves out what threads keep in their caches; freed is caches, fast bins, bins and what lies
// behind the last chunk.  Mapped chunks are in use and counted apart.  Sizes are those of chunks, headers
// included.

#ifndef FACTS_MALLOC_H
#define FACTS_MALLOC_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"

enum malloc_certainty {
	MALLOC_EXACT,   // nothing moved, and every sum agrees
	MALLOC_DERIVED, // it moved: the middle of several walks, which agree
	MALLOC_UNSURE,  // they do not agree, or a part could not be read
};

struct malloc_arena_row {
	uint64_t at;
	bool main;
	uint32_t heaps, attached_threads;
	uint64_t in_use, cached, fast, bins, top, system;
	uint64_t resident;             // pages of its heaps
	uint64_t returnable, unparsed; // of a trim; of chains that broke
	const int *tids;               // host's, of threads that allocate in it; NULL: not known
	size_t tid_count;
};

struct malloc_size_row { // chunks of at most `up_to` bytes, and more than the row before
	uint64_t up_to, count, bytes;
	uint64_t free_count, free_bytes; // caches and bins
};

struct malloc_facts {
	bool known;
	const char *why_not; // NULL: nobody tried
	enum malloc_certainty certainty;
	const char *unsure_why; // NULL: sure
	unsigned walks;         // made; the numbers are of one of them
	double spread;          // of what they found in use, as a part of it
	uint64_t in_use, cached, fast, bins, top, freed;
	uint64_t mmapped, mmapped_count;
	// Of the pages that are there: in use (mapped chunks and malloc's own too), whole free pages that a
	// trim gives back, what else is free.
	uint64_t resident_in_use, resident_mmapped, resident_returnable, resident_pinned;
	uint64_t chunks;   // in use, in arenas
	uint64_t unparsed; // bytes that no chain of chunks led through
	uint64_t read;     // bytes of the target's memory, of all walks
	VEC(struct malloc_arena_row) arenas;
	VEC(struct malloc_size_row) sizes;
	// Settings beyond struct malloc_limits.
	bool tuned_known;
	uint64_t mmap_max, most_mapped, huge_page, cache_count, cache_most;
	bool no_dyn_threshold; // the thresholds were set, and stay
};

#endif
