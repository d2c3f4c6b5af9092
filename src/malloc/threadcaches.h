// SPDX-License-Identifier: Apache-2.0
// glibc's thread caches (tcache): which chunks that look in use are free in some thread's cache.
//
// A thread's cache is a struct in a chunk of its own.  What has the size and the shape of one is
// followed: it counts only when every list has exactly as many chunks as its counter says, each of the
// size of its list, and then ends.  From the chunks in them the mark of cached chunks is learned (one
// random word since 2.34, the cache's own address before), by which a later walk tells them as it
// passes.  Format notes: docs/formats/glibc-malloc.md.

#ifndef MALLOC_THREADCACHES_H
#define MALLOC_THREADCACHES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "malloc/glibc.h"

enum {
	THREADCACHES_LIMIT = 1 << 16, // structs
	THREADCACHES_MOST = 0x420,    // largest chunk that is cached, unless somebody tuned it
	THREADCACHES_BINS = 76,
};

struct threadcache_chunk { // one that is cached
	uint64_t at, size;
};

struct threadcache {
	uint64_t at; // of the struct: the caller's address of its chunk
	uint64_t count, bytes;
};

struct threadcaches {
	VEC(uint64_t) candidates; // structs by their shape, as a walk noted them
	VEC(struct threadcache) caches;
	VEC(struct threadcache_chunk) chunks;
	unsigned broken; // structs whose lists did not end as they should: moving, or none at all
};

// The mark, learned from one walk for the next.
struct threadcache_marks {
	bool known, own;  // own: each cache's own address
	uint64_t word;    // unless own
	uint64_t *caches; // their addresses, sorted
	size_t count;
};

// True for the size of a chunk that a cache's struct could be in.
static inline bool threadcaches_is_size(uint64_t size)
{
	return size == 0x250 || size == 0x260 || size == 0x290 || size == 0x2a0 || size == 0x300 ||
	       size == 0x310;
}

// True when the bytes of a chunk of this size could be a cache with something in it.
bool threadcaches_has_shape(const unsigned char *bytes, uint64_t chunk_size);
// Follows all candidates.
void threadcaches_follow(const struct malloc_view *v, const struct glibc *g, struct arena *mem,
			 struct threadcaches *caches);
// The mark that the first chunks of the candidates' lists agree on, if they do.
void threadcaches_learn(const struct malloc_view *v, const struct glibc *g,
			const struct threadcaches *caches, struct arena *mem,
			struct threadcache_marks *out);
// Whether the word behind a chunk's link is the mark.
bool threadcache_marks_hold(const struct threadcache_marks *m, uint64_t word);

#endif
