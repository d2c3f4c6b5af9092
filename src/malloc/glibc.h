// SPDX-License-Identifier: Apache-2.0
// glibc's malloc from outside: which address ranges belong to it, to the page.
//
// Arenas, their heaps, the main heap and the chunks with a mapping of their own; no walk of the
// chunks inside an arena.  Only headers are read.  A range is given out only when redundant fields
// agree (a heap names its arena, an arena's heaps sum to its system_mem, the chunks to n_mmaps and
// mmapped_mem), never overlaps a taken range or another piece, and is `sure` or says why not.

#ifndef MALLOC_GLIBC_H
#define MALLOC_GLIBC_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "malloc/glibc_layout.h"
#include "malloc/view.h"

struct fail;

enum glibc_part {
	GLIBC_MAIN_HEAP,   // grown by brk
	GLIBC_MAIN_REGION, // of the main arena, mapped because brk was blocked
	GLIBC_HEAP,        // of another arena: up to 64 MB
	GLIBC_CHUNK,       // one block with a mapping of its own
};

enum glibc_doubt {
	GLIBC_SURE,    // the allocator's own counters agree
	GLIBC_PROBED,  // its headers agree, its counters can't be compared or miss something else
	GLIBC_GUESSED, // more was found than the counters say: this may be one too many
};

struct glibc_piece {
	uint64_t start, end; // page-aligned, but for a brk that did not start with malloc
	enum glibc_part part;
	enum glibc_doubt doubt;
	uint32_t arena; // index into arenas; 0 for GLIBC_CHUNK, which belongs to none
};

struct glibc_arena {
	uint64_t at; // malloc_state
	bool main;
	bool whole; // its pieces sum to `system`
	uint32_t heaps, attached_threads;
	uint64_t system; // system_mem: bytes taken from the kernel
};

struct glibc {
	struct glibc_layout layout;
	struct glibc_params params;
	struct glibc_counters counters; // zeros unless params.known
	uint64_t system;                // sum over arenas
	// How much further than the piece the brk heap reached when its counters were read, after
	// the mappings; negative after a trim.
	int64_t brk_growth;
	uint64_t chunks, chunk_bytes;   // mapped chunks as found
	VEC(struct glibc_arena) arenas; // the main one first
	VEC(struct glibc_piece) pieces; // sorted by address, without overlap
	VEC(const char *) doubts;       // what did not add up, in words; empty when all did
};

// All of it.  ABSENT: no glibc, or its malloc was never used; CORRUPT: layout unknown.
bool glibc_read(const struct malloc_view *v, struct arena *mem, struct glibc *out,
		struct fail *why);
// Layout, arenas, their heaps and the brk heap alone: two pages an arena and one a heap are read.
bool glibc_read_arenas(const struct malloc_view *v, struct arena *mem, struct glibc *out,
		       struct fail *why);
// True when a piece overlaps [start, end).
bool glibc_holds(const struct glibc *g, uint64_t start, uint64_t end);

// The first piece that ends above `at`, or NULL.
const struct glibc_piece *glibc_first_piece(const struct glibc *g, uint64_t at);

// For this room's files.  Adding fails for a piece that is empty, or overlaps a taken range or
// another piece.
uint64_t glibc_piece_end(const struct glibc *g, uint64_t at); // of the piece that holds `at`; or 0
bool glibc_add_piece(const struct malloc_view *v, struct arena *mem, struct glibc *g,
		     struct glibc_piece p);

#endif
