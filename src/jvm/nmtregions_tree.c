// SPDX-License-Identifier: Apache-2.0
// Since JDK 26: a red-black tree of the addresses where something changes, and a table of call stacks.
#include "jvm/nmtregions.h"

#include <string.h>

#include "base/memory.h"
#include "jvm/hotspot.h"

enum {
	DEPTH_LIMIT = 128, // twice the logarithm of the largest tree
	NODE_LIMIT = 1 << 22,
	STACKS_LIMIT = 1 << 20,
	TRACKER_WORDS = 12,
	NMT_CANARY = 0xe99e,
	// enum of what lies behind an address
	RELEASED = 0,
	RESERVED = 1,
	COMMITTED = 3,
};

struct side { // of an address: what lies before it, or behind it
	uint8_t state, category, unused[2];
	int32_t reserved_by, committed_by; // indexes into the table of stacks
};

struct node {
	uint64_t parent; // bit 0: its colour
	uint64_t left, right, position;
	struct side before, behind;
};

struct tree {
	struct nmtregions_walk *walk;
	uint64_t count; // nodes that the tree says it has
	uint64_t visited;
	uint64_t stacks_at, stack_count;
	// What began at the last address.
	bool has_last;
	uint64_t position;
	struct side last;
	bool open; // a region is being put together
	struct nmtregion region;
};

static bool is_state(uint8_t state)
{
	return state == RELEASED || state == RESERVED || state == COMMITTED;
}

// The first growing array of call stacks in the tracker, proven by the size of its block: {count and
// room, elements}.  Where there is none, regions have no stack.
static void find_stacks(struct tree *t, uint64_t at)
{
	uint64_t w[TRACKER_WORDS], header[2];

	if (!memory_read(t->walk->vm->memory, at, w, sizeof(w), NULL))
		return;
	for (size_t i = 2; i + 1 < TRACKER_WORDS; i++) {
		uint64_t count = w[i] & UINT32_MAX, room = w[i] >> 32;

		if (!count || count > room || room > STACKS_LIMIT ||
		    !hotspot_is_pointer(w[i + 1]) ||
		    !memory_read(t->walk->vm->memory, w[i + 1] - sizeof(header), header,
				 sizeof(header), NULL) ||
		    header[0] != room * NMT_FRAMES * 8 || header[1] >> 48 != NMT_CANARY)
			continue;
		t->stacks_at = w[i + 1];
		t->stack_count = count;
		return;
	}
}

static void take_stack(const struct tree *t, int32_t index, uint64_t stack[NMT_FRAMES])
{
	if (index < 0 || (uint64_t)index >= t->stack_count ||
	    !memory_read(t->walk->vm->memory, t->stacks_at + (uint64_t)index * NMT_FRAMES * 8,
			 stack, NMT_FRAMES * 8, NULL))
		memset(stack, 0, NMT_FRAMES * 8);
}

static bool close_region(struct tree *t, uint64_t end)
{
	t->open = false;
	t->region.end = end;
	return nmtregions_add(t->walk, t->region);
}

// Neighbours of one category are one region, whoever reserved them: so does the VM report them.
static bool visit(struct tree *t, const struct node *n)
{
	if (!is_state(n->before.state) || !is_state(n->behind.state) ||
	    (t->has_last && n->position <= t->position) ||
	    n->before.state != (t->has_last ? t->last.state : RELEASED))
		return false;
	if (t->open && t->last.state == COMMITTED)
		t->region.committed += n->position - t->position;
	if (t->open && (n->behind.state == RELEASED || n->behind.category != t->region.category) &&
	    !close_region(t, n->position))
		return false;
	if (!t->open && n->behind.state != RELEASED) {
		t->open = true;
		t->region =
			(struct nmtregion){ .start = n->position, .category = n->behind.category };
		take_stack(t, n->behind.reserved_by, t->region.stack);
	}
	t->has_last = true;
	t->position = n->position;
	t->last = n->behind;
	return true;
}

static bool read_node(const struct tree *t, uint64_t at, uint64_t parent, struct node *out)
{
	return hotspot_is_pointer(at) &&
	       memory_read(t->walk->vm->memory, at, out, sizeof(*out), NULL) &&
	       (out->parent & ~(uint64_t)1) == parent;
}

static bool walk_nodes(struct tree *t, uint64_t root)
{
	struct {
		uint64_t at;
		struct node node;
	} path[DEPTH_LIMIT];
	size_t depth = 0;
	uint64_t at = root, above = 0;

	while (at || depth) {
		if (at) {
			if (depth >= DEPTH_LIMIT || t->visited + depth >= t->count ||
			    !read_node(t, at, above, &path[depth].node))
				return false;
			path[depth].at = above = at;
			at = path[depth++].node.left;
			continue;
		}
		depth--;
		t->visited++;
		if (!visit(t, &path[depth].node))
			return false;
		above = path[depth].at;
		at = path[depth].node.right;
	}
	return t->visited == t->count && !t->open && t->last.state == RELEASED;
}

bool nmtregions_walk_tree(struct nmtregions_walk *w, uint64_t at)
{
	struct tree t = { .walk = w };
	uint64_t head[2]; // count, root

	if (!memory_read(w->vm->memory, at, head, sizeof(head), NULL) || !head[0] ||
	    head[0] > NODE_LIMIT)
		return false;
	t.count = head[0];
	find_stacks(&t, at);
	return walk_nodes(&t, head[1]);
}
