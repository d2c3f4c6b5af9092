// SPDX-License-Identifier: Apache-2.0
// Metaspace of JDK 8 to 15: a SpaceManager holds lists of chunks whose headers stand at their
// starts.  Offsets in docs/formats/metaspace.md.  Proof of an arena: the chunks' words sum to the
// manager's own count; of a node: its VirtualSpace and its top agree.
#include <inttypes.h>

#include "base/fail.h"
#include "base/memory.h"
#include "jvm/hotspot.h"
#include "jvm/metaspace_walk.h"

enum {
	WORD = 8,
	LISTS_AT = 16, // chunks_in_use[4] (8), chunk_list (11)
	NODE_SPACE = 64,
	NODE_TOP = 176,
};

struct chunk {
	uint64_t words, next, before, node, top;
};

static bool read_node(struct metaspace_walk *w, uint64_t at, struct metaspace_node *node,
		      uint64_t *next_at, struct fail *why)
{
	static const enum field_id FIELDS[] = { FIELD_VIRTUAL_LOW_BOUNDARY,
						FIELD_VIRTUAL_HIGH_BOUNDARY, FIELD_VIRTUAL_LOW,
						FIELD_VIRTUAL_HIGH };
	enum { LOWEST, HIGHEST, LOW, HIGH };
	uint64_t v[4], top, next;

	for (int i = 0; i < 4; i++)
		if (!hotspot_read_u64(w->vm, FIELDS[i], at + NODE_SPACE, &v[i], why))
			return false;
	if (!memory_read_u64(w->vm->memory, at + NODE_TOP, &top, why) ||
	    !memory_read_u64(w->vm->memory, at, &next, why))
		return false;
	if (!hotspot_is_pointer(v[LOWEST]) || v[LOW] != v[LOWEST] || v[HIGH] < v[LOW] ||
	    v[HIGHEST] < v[HIGH] || top < v[LOW] || top > v[HIGHEST] ||
	    v[HIGHEST] - v[LOWEST] > UINT64_C(1) << 40 || v[LOWEST] % 4096)
		return fail(why, FAIL_CORRUPT, "layout unknown: Metaspace node at 0x%" PRIx64, at);
	if (!metaspace_check_range(w, v[LOWEST], v[HIGHEST], why))
		return false;
	*node = (struct metaspace_node){ .at = at,
					 .start = v[LOWEST],
					 .end = v[HIGHEST],
					 .used = top - v[LOW],
					 .committed = v[HIGH] - v[LOW] };
	*next_at = next;
	return true;
}

static bool read_list(struct metaspace_walk *w, const struct metaspace_layout *layout, uint64_t at,
		      bool class_space, struct metaspace_usage *sum, struct fail *why)
{
	for (; at; sum->chunks++) {
		const struct metaspace_node *n;
		struct chunk c;
		uint32_t node;

		if (sum->chunks >= METASPACE_CHUNK_LIMIT || !hotspot_is_pointer(at) ||
		    !memory_read(w->vm->memory, at, &c, sizeof(c), why))
			return fail(why, FAIL_CORRUPT, "a chunk list leads to 0x%" PRIx64, at);
		if (!metaspace_node(w, layout, c.node, class_space, &node, why))
			return false;
		n = &w->out->nodes.at[node];
		if (at < n->start || at >= n->end || c.words > (n->end - at) / WORD || c.top < at ||
		    c.top - at > c.words * WORD || !c.words)
			return fail(why, FAIL_CORRUPT, "the chunk at 0x%" PRIx64 " makes no sense",
				    at);
		vec_push(w->mem, &w->out->chunks,
			 (struct metaspace_chunk){ .start = at,
						   .size = c.words * WORD,
						   .committed = c.words * WORD,
						   .used = c.top - at,
						   .node = node,
						   .class_space = class_space });
		sum->capacity += c.words * WORD;
		at = c.next;
	}
	return true;
}

// Where a SpaceManager has its own counts, in words, and how many lists of chunks.
struct manager {
	unsigned lists;
	uint64_t used, capacity;
};

static bool read_lists(struct metaspace_walk *w, const struct metaspace_layout *layout,
		       const struct manager *m, uint64_t arena_at, bool class_space,
		       struct metaspace_usage *usage, struct fail *why)
{
	struct metaspace_usage sum = { 0 };
	uint64_t used, capacity;

	if (!memory_read_u64(w->vm->memory, arena_at + m->used, &used, why) ||
	    !memory_read_u64(w->vm->memory, arena_at + m->capacity, &capacity, why))
		return false;
	for (unsigned i = 0; i < m->lists; i++) {
		uint64_t first;

		if (!memory_read_u64(w->vm->memory, arena_at + LISTS_AT + 8 * i, &first, why) ||
		    !read_list(w, layout, first, class_space, &sum, why))
			return false;
	}
	if (sum.capacity / WORD != capacity || used > capacity)
		return fail(why, FAIL_CORRUPT, "layout unknown: chunks and their sum disagree");
	sum.committed = sum.capacity;
	sum.used = used * WORD;
	*usage = sum;
	return true;
}

static bool read_arena_11(struct metaspace_walk *w, uint64_t arena_at, bool class_space,
			  struct metaspace_usage *usage, struct fail *why)
{
	static const struct manager M = { .lists = 1, .used = 48, .capacity = 40 };

	return read_lists(w, &METASPACE_11, &M, arena_at, class_space, usage, why);
}

static bool read_arena_8(struct metaspace_walk *w, uint64_t arena_at, bool class_space,
			 struct metaspace_usage *usage, struct fail *why)
{
	static const struct manager M = { .lists = 4, .used = 56, .capacity = 64 };

	return read_lists(w, &METASPACE_8, &M, arena_at, class_space, usage, why);
}

static bool first_node(struct metaspace_walk *w, uint64_t arena_at, uint64_t *node_at,
		       struct fail *why)
{
	for (unsigned i = 0; i < 4; i++) {
		uint64_t at;
		struct chunk c;

		if (!memory_read_u64(w->vm->memory, arena_at + LISTS_AT + 8 * i, &at, why))
			return false;
		if (!hotspot_is_pointer(at) || !memory_read(w->vm->memory, at, &c, sizeof(c), NULL))
			continue;
		*node_at = c.node;
		return true;
	}
	return fail(why, FAIL_ABSENT, "an arena without chunks");
}

const struct metaspace_layout METASPACE_11 = {
	.has_lock = true,
	.nonclass = 16,
	.class_space = 24,
	.read_arena = read_arena_11,
	.read_node = read_node,
	.first_node = first_node,
};

const struct metaspace_layout METASPACE_8 = {
	.nonclass = 0,
	.class_space = 8,
	.read_arena = read_arena_8,
	.read_node = read_node,
	.first_node = first_node,
};
