// SPDX-License-Identifier: Apache-2.0
// glibc's fast bins (until 2.42) without a read for each of their chunks.
//
// A chunk in a fast bin looks as if it were in use.  The walk keeps those small chunks whose first word
// could be a link; then the lists are followed from the arena's heads in that table.  What a list does
// not reach was a link once.  A list that breaks has moved meanwhile: then every link to another one
// of its size counts, and the result says so.

#ifndef MALLOC_FASTBINS_H
#define MALLOC_FASTBINS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "malloc/glibc.h"

enum {
	FASTBINS = 10,
	FASTBINS_LEAST = 32,                                  // the first one's chunks
	FASTBINS_MOST = FASTBINS_LEAST + 16 * (FASTBINS - 1), // the last one's
	FASTBINS_OFFSET = 16,                                 // in struct malloc_state
	FASTBINS_LIMIT = 6 << 20, // links kept of one arena: 5 bytes each
};

struct fastbins {
	const struct malloc_view *v;
	const struct glibc *g;
	uint32_t arena;
	bool mangled;     // links are xored with their own address >> 12 (since 2.32)
	bool broken;      // a list moved while we looked
	bool full;        // more links than are kept, or a larger arena
	bool known;       // the lists were followed: fastbins_holds() answers
	struct arena mem; // of the table
	// The arena's memory as one row of 16-byte steps.
	struct {
		uint64_t start, end, first;
	} * parts;
	size_t part_count;
	// One bit a step, set where a link is kept; how many are set before each word; the links, in
	// order of address, in blocks.
	uint64_t *bits;
	uint32_t *before;
	uint64_t words, last_step;
	struct fastlinks **blocks;
	uint32_t count;
	uint64_t chunks[FASTBINS]; // in each list
	uint64_t last[FASTBINS];   // a list's end: a link to nothing is not kept; 0: none
};

// Whether links are mangled, by the first chunks of the lists of all arenas; false when all lists are
// empty, or tell nothing.
bool fastbins_probe(const struct malloc_view *v, const struct glibc *g, bool *mangled);
void fastbins_init(struct fastbins *f, const struct malloc_view *v, const struct glibc *g,
		   uint32_t arena, bool mangled);
void fastbins_drop(struct fastbins *f);
// Keeps a chunk that looks in use if its first word may be a link; chunks come in order of address.
void fastbins_note(struct fastbins *f, uint64_t chunk, uint64_t size, uint64_t word);
// Drops what was kept at or above `at`: the walk goes there once more.
void fastbins_forget(struct fastbins *f, uint64_t at);
// Follows the lists, by their heads as they are now.
void fastbins_follow(struct fastbins *f);
bool fastbins_holds(const struct fastbins *f, uint64_t chunk, uint64_t size);

#endif
