// SPDX-License-Identifier: Apache-2.0
// Metaspace: each loader's arenas and chunks, and the nodes (reserved ranges) that they lie in.
//
// None of it is in vmStructs, but the layouts repeat their own numbers, and each is believed only
// when these agree; docs/formats/metaspace.md.  A node's committed part comes from its commit mask
// (JDK 16+) or its VirtualSpace (8-15), a loader's from its chunks.  Class space is what the class
// arenas point into, never a guess by address or size.

#ifndef JVM_METASPACE_H
#define JVM_METASPACE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/range.h"

struct fail;
struct hotspot;
struct metaspace_layout;

struct metaspace_node {
	uint64_t at;             // VirtualSpaceNode*
	uint64_t start, end;     // the reserved range
	uint64_t used;           // bytes from the start that chunks were cut from
	uint64_t committed;      // by the commit mask
	uint64_t root_chunk;     // bytes of the largest chunk (JDK 16+), else 0
	uint64_t granule;        // bytes a bit of the commit mask stands for (JDK 16+), else 0
	uint64_t mask_at;        // its bitmap
	uint64_t chunks;         // of the loaders asked for
	uint64_t chunks_counted; // in use, as the VM counts them in the node (JDK 8-15), else 0
	bool class_space;
};

struct metaspace_chunk {
	uint64_t start;
	uint64_t size, committed, used; // bytes from its start
	uint32_t node;                  // index into nodes
	bool class_space;
	bool current; // the one that its loader allocates from
};

struct metaspace_usage {
	uint64_t capacity;  // of all chunks: what VM.classloader_stats calls ChunkSz
	uint64_t committed; // of that, backed by memory
	uint64_t used;      // BlockSz
	uint64_t wasted;    // committed, unused, and in chunks that are no more allocated from
	uint32_t chunks;
};

struct metaspace_loader {
	bool readable;                   // false: its chunks did not validate, the numbers are 0
	size_t first_chunk, chunk_count; // into chunks
	struct metaspace_usage nonclass, class_space;
};

struct metaspace_sums {
	uint64_t reserved, committed, used;
};

struct metaspace {
	struct metaspace_loader *loaders; // in the order of the loaders asked for
	size_t loader_count, unreadable;
	VEC(struct metaspace_chunk) chunks;
	VEC(struct metaspace_node) nodes;
	// Sums over all nodes and all readable loaders; on JDK 8 with the chunks' headers, as its own.
	struct metaspace_sums nonclass, class_space;
	// The VM's own counters stood still and say something else, namely this: damaged, unless
	// the loaders asked for are not all that there are now, or some were unloaded and not yet
	// freed.
	bool contradicted;
	// When contradicted: the VM's sums (JDK 16+), or its number of chunks (8-15).
	struct metaspace_sums counted_nonclass, counted_class_space;
	uint64_t chunks_counted, chunks_found;
	const struct metaspace_layout *layout; // for jvm/metaspace*.c
};

// `loaders_at[i]` are ClassLoaderData*.  A loader whose chains don't validate is read once more and
// then left out (`readable`).  FAIL_CORRUPT ("layout unknown") when none does, or a node makes no
// sense.
bool metaspace_read(const struct hotspot *vm, const uint64_t *loaders_at, size_t count,
		    struct arena *mem, struct metaspace *out, struct fail *why);
// The class space node, found through any one loader's (the boot loader's) class arena: where Klass
// structures outside the archive lie.  ABSENT without compressed class pointers.
bool metaspace_class_space(const struct hotspot *vm, uint64_t loader_at, struct metaspace_node *out,
			   struct fail *why);
// Committed ranges of a node, merged, in order, in `mem`.
bool metaspace_node_committed(const struct hotspot *vm, const struct metaspace_node *node,
			      struct arena *mem, struct range **out, size_t *count,
			      struct fail *why);

#endif
