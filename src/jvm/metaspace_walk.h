// SPDX-License-Identifier: Apache-2.0
// What the two generations of Metaspace have in common for a walk: inside jvm/metaspace*.c only.
//
// metaspace.c goes over the loaders and keeps the totals; metaspace16.c and metaspace8.c know one
// layout each and check it.  A walk that fails leaves chunks behind that metaspace.c cuts off
// again.

#ifndef JVM_METASPACE_WALK_H
#define JVM_METASPACE_WALK_H

#include "jvm/addresses.h"
#include "jvm/metaspace.h"
#include "jvm/metaspacefree.h"

struct metaspace_walk {
	const struct hotspot *vm;
	struct arena *mem;
	struct metaspace *out;
	struct addresses node_index;        // VirtualSpaceNode* -> index into out->nodes
	struct metaspace8_headers *headers; // that were fetched together (JDK 8-15); NULL: none
};

struct metaspace_layout {
	bool has_lock;                  // the loader's lock stands in its metaspace too: a check
	uint64_t lock;                  // at this offset
	bool arenas_have_lock;          // and every arena starts with it
	uint64_t nonclass, class_space; // offsets of the arenas' pointers in the loader's metaspace
	bool nodes_count_chunks;        // read_node() fills chunks_counted
	bool headers_apart; // the VM's sums count the chunks' headers as used, its loaders' don't
	// Fetches what the arenas' chunks say in few calls; may be NULL.
	void (*fetch)(struct metaspace_walk *w, const uint64_t *arenas, size_t count);
	// Adds the arena's chunks and what they sum to.
	bool (*read_arena)(struct metaspace_walk *w, uint64_t arena_at, bool class_space,
			   struct metaspace_usage *usage, struct fail *why);
	bool (*read_node)(struct metaspace_walk *w, uint64_t at, struct metaspace_node *node,
			  uint64_t *next_at, struct fail *why);
	// An arena's first chunk, and the node that it lies in.
	bool (*first_node)(struct metaspace_walk *w, uint64_t arena_at, uint64_t *node_at,
			   struct fail *why);
	// Head of the VM's own list of nodes, by way of any arena's chunk manager; 0: not found.
	uint64_t (*list_head)(const struct hotspot *vm, uint64_t arena_at);
	// What the VM itself counts over all nodes and all arenas of the kind of `arena_at`; NULL
	// or false where it is not known how.  CORRUPT: it should be, and makes no sense.
	bool (*read_totals)(const struct hotspot *vm, uint64_t arena_at, struct metaspace_sums *out,
			    struct fail *why);
	// Chunks that no loader has, added to `out`; `arenas` of any loader: non-class, class space.
	bool (*read_free)(const struct hotspot *vm, const struct metaspace *m,
			  const uint64_t *arenas, struct arena *mem, struct metaspace_free *out,
			  struct fail *why);
	// Pieces of an arena's chunks that were given back to it, added to `out`.  NULL: not known how.
	bool (*read_blocks)(const struct hotspot *vm, uint64_t arena_at,
			    struct metaspace_blocks *out, struct fail *why);
};

extern const struct metaspace_layout METASPACE_16; // JDK 16+: arenas and buddy chunks
extern const struct metaspace_layout METASPACE_11; // 9-15: SpaceManager with one chunk list
extern const struct metaspace_layout METASPACE_8;  // 8: SpaceManager with four

// In jvm/metaspacefree.c: what the hooks above are.
bool metaspacefree_walk_nodes(const struct hotspot *vm, const struct metaspace *m,
			      const uint64_t *arenas, struct arena *mem, struct metaspace_free *out,
			      struct fail *why);
bool metaspacefree_read_lists(const struct hotspot *vm, const struct metaspace *m,
			      const uint64_t *arenas, struct arena *mem, struct metaspace_free *out,
			      struct fail *why);
bool metaspacefree_read_blocks(const struct hotspot *vm, uint64_t arena_at,
			       struct metaspace_blocks *out, struct fail *why);
bool metaspacefree_read_blocks_11(const struct hotspot *vm, uint64_t arena_at,
				  struct metaspace_blocks *out, struct fail *why);
bool metaspacefree_read_blocks_8(const struct hotspot *vm, uint64_t arena_at,
				 struct metaspace_blocks *out, struct fail *why);

// The loader's metaspace object: its two arenas, 0 where it has none.
bool metaspace_find_arenas(const struct hotspot *vm, const struct metaspace_layout *layout,
			   uint64_t loader_at, uint64_t *nonclass, uint64_t *class_space,
			   struct fail *why);

enum { METASPACE_CHUNK_LIMIT = 1 << 21, METASPACE_NODE_LIMIT = 4096 };

// Index of the node at `at`, read and checked when first met; the nodes behind it come along.
bool metaspace_node(struct metaspace_walk *w, const struct metaspace_layout *layout, uint64_t at,
		    bool class_space, uint32_t *index, struct fail *why);
// A node's range must be mapped, and not by a file.
bool metaspace_check_range(const struct metaspace_walk *w, uint64_t start, uint64_t end,
			   struct fail *why);
// Bits that are set in the first `bits` bits of a bitmap in the target.
bool metaspace_count_bits(const struct hotspot *vm, uint64_t map_at, uint64_t bits, uint64_t *count,
			  struct fail *why);

#endif
