// SPDX-License-Identifier: Apache-2.0
#include "jvm/metaspacefree.h"

#include <inttypes.h>
#include <string.h>

#include "base/fail.h"
#include "base/memory.h"
#include "jvm/addresses.h"
#include "jvm/hotspot.h"
#include "jvm/metaspace_walk.h"

enum {
	WORD = 8,
	ARENA_MANAGER = 8, // -> ChunkManager: list of nodes, name, free lists
	ARENA_BLOCKS = 40, // -> FreeBlocks; 0: none yet
	MANAGER_LISTS = 16,
	LEVELS = 15,
	CHUNK_FREE = 0,
	BINS = 32,
	TREE_LIMIT = 1 << 20,
};

// ---- JDK 8 to 15: chunk after chunk

struct header {
	uint64_t words, next, before, node, top;
};

static bool walk_node(const struct hotspot *vm, const struct metaspace_node *n,
		      const struct addresses *in_use, struct arena *mem, struct metaspace_free *out,
		      struct fail *why)
{
	uint64_t top = n->start + n->used;
	struct header h;
	uint32_t any;

	for (uint64_t at = n->start; at < top; at += h.words * WORD) {
		if (!memory_read(vm->memory, at, &h, sizeof(h), why))
			return false;
		if (!h.words || h.words > (top - at) / WORD || h.node != n->at)
			return fail(why, FAIL_CORRUPT,
				    "layout unknown: a chunk at 0x%" PRIx64 " in a Metaspace node",
				    at);
		if (addresses_find(in_use, at, &any))
			continue;
		if (out->chunks.count == METASPACE_CHUNK_LIMIT)
			return fail(why, FAIL_CORRUPT, "layout unknown: endless free chunks");
		vec_push(mem, &out->chunks,
			 (struct metaspace_free_chunk){ .start = at,
							.size = h.words * WORD,
							.committed = h.words * WORD,
							.class_space = n->class_space });
	}
	return true;
}

bool metaspacefree_walk_nodes(const struct hotspot *vm, const struct metaspace *m,
			      const uint64_t *arenas, struct arena *mem, struct metaspace_free *out,
			      struct fail *why)
{
	struct arena frame = { 0 };
	struct addresses in_use;
	bool ok = true;

	addresses_init(&in_use, &frame);
	for (size_t i = 0; i < m->chunks.count; i++)
		addresses_put(&in_use, m->chunks.at[i].start, 0, NULL);
	for (size_t i = 0; i < m->nodes.count && ok; i++)
		ok = walk_node(vm, &m->nodes.at[i], &in_use, mem, out, why);
	arena_drop(&frame);
	return ok;
}

// ---- JDK 16 and later: lists by level

struct chunk {
	uint64_t base, used, committed; // words
	uint8_t level, state, rest[6];
	uint64_t node, before, next;
};

struct list {
	uint64_t first, last;
	uint32_t count, pad;
};

static const struct metaspace_node *node_of(const struct metaspace *m, uint64_t at)
{
	for (size_t i = 0; i < m->nodes.count; i++)
		if (at >= m->nodes.at[i].start && at < m->nodes.at[i].end)
			return &m->nodes.at[i];
	return NULL;
}

static bool read_list(const struct hotspot *vm, const struct metaspace *m, const struct list *l,
		      unsigned level, bool class_space, struct arena *mem,
		      struct metaspace_free *out, struct fail *why)
{
	uint64_t at = l->first, last = 0;
	struct chunk c;

	for (uint32_t n = 0; n < l->count; n++, last = at, at = c.next) {
		const struct metaspace_node *node;

		if (!hotspot_is_pointer(at) || !memory_read(vm->memory, at, &c, sizeof(c), why))
			return fail(why, FAIL_CORRUPT, "layout unknown: a list of free chunks");
		node = node_of(m, c.base);
		if (c.level != level || c.state != CHUNK_FREE || !node ||
		    node->class_space != class_space || c.committed > node->root_chunk >> level ||
		    c.before != last || out->chunks.count == METASPACE_CHUNK_LIMIT)
			return fail(why, FAIL_CORRUPT, "layout unknown: a free chunk at 0x%" PRIx64,
				    at);
		vec_push(mem, &out->chunks,
			 (struct metaspace_free_chunk){ .start = c.base,
							.size = node->root_chunk >> level,
							.committed = c.committed * WORD,
							.class_space = class_space });
	}
	return (!at && last == l->last) ||
	       fail(why, FAIL_CORRUPT, "layout unknown: a list of free chunks and its end");
}

bool metaspacefree_read_lists(const struct hotspot *vm, const struct metaspace *m,
			      const uint64_t *arenas, struct arena *mem, struct metaspace_free *out,
			      struct fail *why)
{
	for (int class_space = 0; class_space < 2; class_space++) {
		struct list lists[LEVELS];
		uint64_t manager;

		if (!arenas[class_space])
			continue;
		if (!memory_read_u64(vm->memory, arenas[class_space] + ARENA_MANAGER, &manager,
				     why) ||
		    !hotspot_is_pointer(manager) ||
		    !memory_read(vm->memory, manager + MANAGER_LISTS, lists, sizeof(lists), why))
			return fail(why, FAIL_CORRUPT, "layout unknown: the lists of free chunks");
		for (unsigned i = 0; i < LEVELS; i++)
			if (!read_list(vm, m, &lists[i], i, class_space, mem, out, why))
				return false;
	}
	return true;
}

bool metaspacefree_read(const struct hotspot *vm, const struct metaspace *m, uint64_t loader_at,
			struct arena *mem, struct metaspace_free *out, struct fail *why)
{
	struct metaspace_free found = { 0 };
	uint64_t arenas[2];

	if (!metaspace_find_arenas(vm, m->layout, loader_at, &arenas[0], &arenas[1], why) ||
	    !m->layout->read_free(vm, m, arenas, mem, &found, why))
		return false;
	*out = found;
	return true;
}

// ---- blocks: small ones in lists by size, larger ones in a tree of lists

// Lists of blocks of i + `least` words, i from 0 on.
static bool count_bins(const struct hotspot *vm, const uint64_t *bins, uint64_t least,
		       struct metaspace_blocks *out)
{
	for (unsigned i = 0; i < BINS; i++) {
		uint64_t at = bins[i];

		for (; at; out->count++, out->bytes += (i + least) * WORD)
			if (out->count == TREE_LIMIT || !hotspot_is_pointer(at) ||
			    !memory_read_u64(vm->memory, at, &at, NULL))
				return false;
	}
	return true;
}

struct tree_node {
	uint64_t canary, parent, left, right, next, words;
};

// "NODENODE", before each node of the tree.
static const uint64_t NODE_CANARY = 0x4e4f44454e4f4445;

static bool read_tree_node(const struct hotspot *vm, uint64_t at, struct tree_node *n)
{
	if (!hotspot_is_pointer(at) || !memory_read(vm->memory, at, n, sizeof(*n), NULL) ||
	    n->canary != NODE_CANARY)
		return false;
	n->parent &= ~(uint64_t)(WORD - 1); // its lowest bit may be the node's colour
	return true;
}

// A node, and those of its size that hang behind it.
static bool count_node(const struct hotspot *vm, const struct tree_node *n,
		       struct metaspace_blocks *out)
{
	struct tree_node same = *n;

	for (;;) {
		if (same.words != n->words || ++out->count > TREE_LIMIT)
			return false;
		out->bytes += same.words * WORD;
		if (!same.next)
			return true;
		if (!read_tree_node(vm, same.next, &same))
			return false;
	}
}

// Goes over the tree by its links.  `bias`: links within the tree lead that far into a node.
static bool count_tree(const struct hotspot *vm, uint64_t root, uint64_t bias,
		       struct metaspace_blocks *out)
{
	uint64_t at = root, from = 0, to;
	struct tree_node n;

	for (uint64_t steps = 0; at; steps++, from = at, at = to) {
		if (steps > 3 * (uint64_t)TREE_LIMIT || !read_tree_node(vm, at - bias, &n))
			return false;
		if (from == n.parent) { // met from above
			if (!count_node(vm, &n, out))
				return false;
			to = n.left ? n.left : n.right ? n.right : n.parent;
		} else if (from == n.left && n.right) {
			to = n.right;
		} else if (from == n.left || from == n.right) {
			to = n.parent;
		} else {
			return false;
		}
	}
	return true;
}

static bool equals(const struct metaspace_blocks *b, uint64_t count, uint64_t words)
{
	return b->count == (uint32_t)count && b->bytes == words * WORD;
}

// FreeBlocks: 32 bins with their number of blocks and words, then the tree's root with the same; in newer
// VMs the number of nodes stands before the root, and links lead behind a node's canary.  Bins begin at blocks of two words, or (21) of one.
bool metaspacefree_read_blocks(const struct hotspot *vm, uint64_t arena_at,
			       struct metaspace_blocks *out, struct fail *why)
{
	enum { COUNT = BINS, WORDS, ROOT, MOST = ROOT + 4 };
	uint64_t w[MOST], at;
	struct metaspace_blocks bins = { 0 }, tree = { 0 };
	bool found = false;

	if (!memory_read_u64(vm->memory, arena_at + ARENA_BLOCKS, &at, why))
		return false;
	if (!at)
		return true;
	if (!hotspot_is_pointer(at) || !memory_read(vm->memory, at, w, sizeof(w), why))
		return fail(why, FAIL_CORRUPT, "layout unknown: free blocks of a chunk");
	for (uint64_t least = 1; least <= 2 && !found; least++) {
		bins = (struct metaspace_blocks){ 0 };
		found = count_bins(vm, w, least, &bins) && equals(&bins, w[COUNT], w[WORDS]);
	}
	if (!found)
		return fail(why, FAIL_CORRUPT, "layout unknown: free blocks and their number");
	found = false;
	for (int root = ROOT; root <= ROOT + 1 && !found; root++) {
		tree = (struct metaspace_blocks){ 0 };
		found = (!w[root] || hotspot_is_pointer(w[root])) &&
			count_tree(vm, w[root], root == ROOT ? 0 : WORD, &tree) &&
			equals(&tree, w[root + 1], w[root + 2]);
	}
	if (!found)
		return fail(why, FAIL_CORRUPT, "layout unknown: the tree of free blocks");
	out->count += bins.count + tree.count;
	out->bytes += bins.bytes + tree.bytes;
	return true;
}

// ---- blocks of JDK 8 to 15: a dictionary that counts its words and blocks, and (9 on) small lists

static bool add_dictionary(const struct hotspot *vm, uint64_t at, bool has_vtable,
			   struct metaspace_blocks *out)
{
	uint64_t w[4];
	const uint64_t *d = has_vtable ? w + 1 : w; // words, blocks, the tree's root

	if (!hotspot_is_pointer(at) || !memory_read(vm->memory, at, w, sizeof(w), NULL) ||
	    (has_vtable && !hotspot_is_vtable(vm, w[0])))
		return false;
	if (d[2] ? !hotspot_is_pointer(d[2]) || !d[1] || d[0] < d[1] || d[1] > TREE_LIMIT ||
			    d[0] > TREE_LIMIT * (uint64_t)BINS
		 : d[0] || d[1])
		return false;
	out->count += d[1];
	out->bytes += d[0] * WORD;
	return true;
}

struct small_list {
	uint64_t head, tail, words, count;
};

struct small_block {
	uint64_t words, next, before;
};

static bool add_small_list(const struct hotspot *vm, const struct small_list *l,
			   struct metaspace_blocks *out)
{
	struct small_block b = { .next = l->head };
	uint64_t n = 0;

	for (; b.next && n <= TREE_LIMIT; n++)
		if (!hotspot_is_pointer(b.next) ||
		    !memory_read(vm->memory, b.next, &b, sizeof(b), NULL) || b.words != l->words)
			return false;
	out->count += n;
	out->bytes += n * l->words * WORD;
	return n == l->count;
}

// Lists of blocks of 3 words, of 4, and so on.
static bool add_small(const struct hotspot *vm, uint64_t at, struct metaspace_blocks *out)
{
	enum { LEAST = 3, MOST = 32 };
	struct small_list l;
	uint64_t words = LEAST;

	for (; words < MOST; words++, at += sizeof(l)) {
		if (!hotspot_is_pointer(at) || !memory_read(vm->memory, at, &l, sizeof(l), NULL))
			return false;
		if (l.words != words)
			break;
		if (!add_small_list(vm, &l, out))
			return false;
	}
	return words > LEAST && words < MOST;
}

bool metaspacefree_read_blocks_11(const struct hotspot *vm, uint64_t arena_at,
				  struct metaspace_blocks *out, struct fail *why)
{
	enum { BLOCKS = 88 };
	uint64_t at, parts[2]; // dictionary, small lists
	struct metaspace_blocks found = *out;

	if (!memory_read_u64(vm->memory, arena_at + BLOCKS, &at, why))
		return false;
	if (!at)
		return true;
	if (!hotspot_is_pointer(at) || !memory_read(vm->memory, at, parts, sizeof(parts), NULL) ||
	    !add_dictionary(vm, parts[0], false, &found) ||
	    (parts[1] && !add_small(vm, parts[1], &found)))
		return fail(why, FAIL_CORRUPT, "layout unknown: free blocks of an arena");
	*out = found;
	return true;
}

bool metaspacefree_read_blocks_8(const struct hotspot *vm, uint64_t arena_at,
				 struct metaspace_blocks *out, struct fail *why)
{
	enum { BLOCKS = 80 };
	uint64_t at;

	if (!memory_read_u64(vm->memory, arena_at + BLOCKS, &at, why))
		return false;
	return !at || add_dictionary(vm, at, true, out) ||
	       fail(why, FAIL_CORRUPT, "layout unknown: free blocks of an arena");
}

bool metaspacefree_blocks(const struct hotspot *vm, const struct metaspace *m,
			  const uint64_t *loaders_at, size_t count,
			  struct metaspace_blocks *nonclass, struct metaspace_blocks *class_space,
			  struct fail *why)
{
	struct metaspace_blocks sums[2] = { { 0 } };

	if (!m->layout->read_blocks)
		return fail(why, FAIL_ABSENT, "this VM keeps them in a way that is not known");
	for (size_t i = 0; i < count; i++) {
		uint64_t arenas[2];

		if (!m->loaders[i].readable)
			continue;
		if (!metaspace_find_arenas(vm, m->layout, loaders_at[i], &arenas[0], &arenas[1],
					   why))
			return false;
		for (int k = 0; k < 2; k++)
			if (arenas[k] && !m->layout->read_blocks(vm, arenas[k], &sums[k], why))
				return false;
	}
	*nonclass = sums[0];
	*class_space = sums[1];
	return true;
}
