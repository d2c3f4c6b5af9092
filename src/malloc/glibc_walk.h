// SPDX-License-Identifier: Apache-2.0
// The walk through all chunks of glibc's arenas: what is in use, what is free and where, and what of it
// is in memory.
//
// A chunk says how long it is, its successor whether it is in use, and a free one's successor its
// length once more; so each arena checks itself.  Where that breaks, the target has moved: the walk goes back a
// few chunks and reads them anew, and only then looks for a place behind from which chunks follow one
// another; what lies between is `unparsed`.  Bounds: breaks and searches are counted, every step
// goes forward, memory is a window and a table of links (fastbins.h).
//
// In use is what the program holds, with malloc's own headers, as mallinfo counts, less what threads keep in their
// caches, which mallinfo calls in use.

#ifndef MALLOC_GLIBC_WALK_H
#define MALLOC_GLIBC_WALK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "malloc/glibc.h"
#include "malloc/threadcaches.h"

enum walk_use {
	WALK_IN_USE,
	WALK_CACHED, // in a thread's cache
	WALK_FAST,   // in a fast bin
	WALK_BIN,    // in another bin
	WALK_TOP,    // behind the last chunk
	WALK_OWN,    // malloc's own: headers of heaps and arenas, ends of heaps
	WALK_UNPARSED,
	WALK_USES
};

struct walk_sum {
	uint64_t count, bytes;
	uint64_t resident; // of the bytes, those in pages that are there
};

// Chunks of up to some size: 4 steps to each power of two.
enum { WALK_SIZES = 4 * 47 };

struct walk_size {
	uint64_t count, bytes;           // in use; mapped chunks too
	uint64_t free_count, free_bytes; // top chunks left out
};

struct walk_arena {
	uint64_t at, system; // as it was at the walk
	uint64_t resident;   // pages of its heaps that are there
	uint64_t returnable; // of them, what malloc_trim() gives back
	struct walk_sum use[WALK_USES];
	bool whole; // its parts are all that it has of the kernel, and their chunks add up
};

struct glibc_walk {
	VEC(struct walk_arena) arenas; // as in struct glibc
	struct walk_arena sum;
	struct walk_size sizes[WALK_SIZES];
	uint64_t mmapped,
		mmapped_count; // mapped chunks, by malloc's counters where these are known
	uint64_t mmapped_resident;
	uint64_t in_use, freed; // less caches; caches and what malloc counts as free
	struct threadcaches caches;
	struct threadcache_marks marks;
	bool tuned; // the next is known
	struct glibc_tuning tuning;
	bool marked;     // cached chunks were told by their mark, not by their lists
	bool still;      // nothing of malloc's state changed meanwhile, and all lists ended well
	bool crowded;    // more chunks in fast bins than are kept: some count as in use
	unsigned breaks; // chains that broke and were read anew
	uint64_t unread; // bytes of `unparsed` that lie in pages that could not be read (swap)
	uint64_t read;   // bytes of the target's memory
};

// Told of each chunk as the walk passes it, of some twice: it may go through an arena again, or back.
struct walk_visitor {
	void (*visit)(void *arg, uint64_t at, uint64_t size, enum walk_use use);
	void *arg;
};

// Walks the pieces of `g`.  `marks`, of an earlier walk, tell cached chunks apart; NULL: by lists.
// ABSENT: it is not known which pages are there.
bool glibc_walk(const struct malloc_view *v, const struct glibc *g,
		const struct threadcache_marks *marks, struct arena *mem, struct glibc_walk *out,
		struct fail *why);
bool glibc_walk_visit(const struct malloc_view *v, const struct glibc *g,
		      const struct walk_visitor *visitor, struct arena *mem, struct glibc_walk *out,
		      struct fail *why);
// The largest chunk of a size class.
uint64_t glibc_walk_up_to(size_t size_class);

#endif
