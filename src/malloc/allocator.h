// SPDX-License-Identifier: Apache-2.0
// Which allocator serves malloc, by what is mapped; "unknown" is said, never guessed.
//
// Names alone: what the allocator holds is for its walker to tell.

#ifndef MALLOC_ALLOCATOR_H
#define MALLOC_ALLOCATOR_H

#include <stdbool.h>

struct arena;
struct maps;
struct tree;

enum allocator_kind {
	ALLOCATOR_UNKNOWN,
	ALLOCATOR_GLIBC,
	ALLOCATOR_JEMALLOC,
	ALLOCATOR_TCMALLOC,
	ALLOCATOR_MIMALLOC,
	ALLOCATOR_MUSL,
};

struct allocator {
	enum allocator_kind kind;
	const char *name;    // "glibc"; a static string
	const char *version; // "2.36" from the library's own banner or its file name; "" not known
};

// A library that replaces malloc counts before libc, whose arenas may exist beside it.  `files`
// brings libc's banner (through tree_made, so that a capture has it); strings live in `mem`.
void allocator_find(const struct tree *files, int pid, const struct maps *maps, struct arena *mem,
		    struct allocator *out);

#endif
