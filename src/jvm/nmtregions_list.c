// SPDX-License-Identifier: Apache-2.0
// Up to JDK 25: a sorted list of reserved ranges, each with a list of the committed ones in it.
#include "jvm/nmtregions.h"

#include <string.h>

#include "base/memory.h"
#include "jvm/hotspot.h"

enum {
	LIST_LIMIT = 1 << 20,
	NODE_WORDS = 12,
	PART_WORDS = 8,
	// Words of a node of either age.
	BASE = 0,
	SIZE = 1,
	PARTS_VTABLE = 2, // an embedded list
	PARTS_HEAD = 3,
	ALL_COMMITTED = 4, // of 8 and 11
	STACK = 5,
};

// Until 11 a call stack has a hash behind its frames.
struct shape {
	size_t category, next, part_next;
};
static const struct shape NEW = { 9, 10, 6 }, OLD = { 10, 11, 7 };

static bool add_parts(const struct nmtregions_walk *w, const struct shape *shape, uint64_t at,
		      struct nmtregion *r)
{
	for (size_t n = 0; at; n++) {
		uint64_t part[PART_WORDS];

		if (n >= LIST_LIMIT || !hotspot_is_pointer(at) ||
		    !memory_read(w->vm->memory, at, part, (shape->part_next + 1) * 8, NULL) ||
		    part[BASE] < r->start || part[BASE] >= r->end ||
		    part[SIZE] > r->end - part[BASE] || !part[SIZE])
			return false;
		r->committed += part[SIZE];
		if (r->committed > r->end - r->start) // they may not overlap, nor go in a circle
			return false;
		at = part[shape->part_next];
	}
	return true;
}

static bool add_node(struct nmtregions_walk *w, const struct shape *shape, const uint64_t *node)
{
	struct nmtregion r = { .start = node[BASE],
			       .end = node[BASE] + node[SIZE],
			       .category = (uint32_t)(node[shape->category] & 0xff) };

	memcpy(r.stack, node + STACK, sizeof(r.stack));
	if (r.end < r.start)
		return false;
	if (shape == &OLD && node[ALL_COMMITTED] & 1)
		r.committed = node[SIZE];
	else if (!add_parts(w, shape, node[PARTS_HEAD], &r))
		return false;
	return nmtregions_add(w, r);
}

bool nmtregions_walk_list(struct nmtregions_walk *w, uint64_t at, bool old)
{
	const struct shape *shape = old ? &OLD : &NEW;
	uint64_t list[2], vtable = 0; // vtable, head

	if (!memory_read(w->vm->memory, at, list, sizeof(list), NULL) ||
	    !hotspot_is_vtable(w->vm, list[0]))
		return false;
	for (uint64_t next = list[1]; next;) {
		uint64_t node[NODE_WORDS];

		if (!hotspot_is_pointer(next) ||
		    !memory_read(w->vm->memory, next, node, (shape->next + 1) * 8, NULL))
			return false;
		if (!vtable && !hotspot_is_vtable(w->vm, vtable = node[PARTS_VTABLE]))
			return false;
		if (node[PARTS_VTABLE] != vtable || !add_node(w, shape, node))
			return false;
		next = node[shape->next];
	}
	return vtable;
}
