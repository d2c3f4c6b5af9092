// SPDX-License-Identifier: Apache-2.0
// What of Metaspace no loader uses: free chunks, and blocks that were given back inside of chunks.
//
// Free chunks of JDK 16 and later stand in lists by size, each with its number; those of 8 to 15 are
// the chunks of a node that no loader has: a node is filled with chunks, one behind the other, up to
// its top.  Blocks are in lists and a tree that count themselves.  What does not sum up to its own
// count is unknown; docs/formats/metaspace.md.

#ifndef JVM_METASPACEFREE_H
#define JVM_METASPACEFREE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"

struct fail;
struct hotspot;
struct metaspace;

struct metaspace_free_chunk {
	uint64_t start, size, committed; // bytes
	bool class_space;
};

struct metaspace_free {
	VEC(struct metaspace_free_chunk) chunks;
};

struct metaspace_blocks {
	uint64_t count, bytes;
};

// `m` is metaspace_read()'s, `loader_at` the boot loader's ClassLoaderData*.  CORRUPT: the lists or
// the nodes make no sense, which in a VM that runs may be because they changed: read again then.
bool metaspacefree_read(const struct hotspot *vm, const struct metaspace *m, uint64_t loader_at,
			struct arena *mem, struct metaspace_free *out, struct fail *why);
// Blocks in chunks of these loaders, of non-class metadata and of class space.  ABSENT: not known how
// this VM keeps them; CORRUPT as above.
bool metaspacefree_blocks(const struct hotspot *vm, const struct metaspace *m,
			  const uint64_t *loaders_at, size_t count,
			  struct metaspace_blocks *nonclass, struct metaspace_blocks *class_space,
			  struct fail *why);

#endif
