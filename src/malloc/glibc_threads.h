// SPDX-License-Identifier: Apache-2.0
// Which thread allocates in which of glibc's arenas.
//
// A thread's control block points to itself twice and holds its id; a word at the same distance before all
// of them, thread_arena, is an arena's address.  That distance is not known: it is the one at which
// most control blocks have one, and it counts only when no arena gets more threads than it says it
// has.  Format notes: docs/formats/glibc-malloc.md.

#ifndef MALLOC_GLIBC_THREADS_H
#define MALLOC_GLIBC_THREADS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/range.h"
#include "malloc/glibc.h"

enum { GLIBC_THREADS_PAGES = 1 << 14 }; // that are searched at most

struct glibc_thread {
	uint64_t block_at; // control block
	uint32_t tid;      // as the thread itself sees it
	uint32_t arena;    // index into struct glibc's; UINT32_MAX: it has none so far
};

struct glibc_threads {
	VEC(struct glibc_thread) list;
};

// Searches the present pages of the ranges, where these are no arena's.  False when no distance
// fits, or there are no control blocks.
bool glibc_threads_find(const struct malloc_view *v, const struct glibc *g,
			const struct range *ranges, size_t count, struct arena *mem,
			struct glibc_threads *out);

#endif
