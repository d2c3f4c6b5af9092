// SPDX-License-Identifier: Apache-2.0
// Metaspace of JDK 8 to 15: a SpaceManager holds lists of chunks whose headers stand at their
// starts.  Offsets in docs/formats/metaspace.md.  Proof of an arena: it has the loader's lock, and
// the chunks' words sum to the manager's own count; of a node: its VirtualSpace, which repeats the
// upper end, and its top agree.  Proof of the whole: each node counts its chunks in use.
#include <inttypes.h>

#include "base/fail.h"
#include "base/memory.h"
#include "jvm/hotspot.h"
#include "jvm/metaspace_walk.h"

enum {
	WORD = 8,
	LISTS_AT = 16, // chunks_in_use[4] (8), chunk_list (11)
	NODE_SPACE = 64,
	NODE_UPPER_END = 144, // VirtualSpace::_upper_high_boundary
	NODE_TOP = 176,
	NODE_CHUNKS = 184, // in use
	NODE_WORDS = 24,
	CHUNK_TOP = 32,
	USED_TRIES = 4,
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
	uint64_t words[NODE_WORDS], v[4], top;

	if (!memory_read(w->vm->memory, at, words, sizeof(words), why))
		return false;
	for (int i = 0; i < 4; i++)
		if (!hotspot_read_u64(w->vm, FIELDS[i], at + NODE_SPACE, &v[i], why))
			return false;
	top = words[NODE_TOP / WORD];
	if (!hotspot_is_pointer(v[LOWEST]) || v[LOW] != v[LOWEST] || v[HIGH] < v[LOW] ||
	    v[HIGHEST] < v[HIGH] || top < v[LOW] || top > v[HIGH] ||
	    v[HIGHEST] - v[LOWEST] > UINT64_C(1) << 40 || v[LOWEST] % 4096 ||
	    words[NODE_UPPER_END / WORD] != v[HIGHEST])
		return fail(why, FAIL_CORRUPT, "layout unknown: Metaspace node at 0x%" PRIx64, at);
	if (!metaspace_check_range(w, v[LOWEST], v[HIGHEST], why))
		return false;
	*node = (struct metaspace_node){ .at = at,
					 .start = v[LOWEST],
					 .end = v[HIGHEST],
					 .used = top - v[LOW],
					 .committed = v[HIGH] - v[LOW],
					 .chunks_counted = words[NODE_CHUNKS / WORD] };
	*next_at = words[0];
	return true;
}

// An arena while it is read.
struct reading {
	const struct metaspace_layout *layout;
	bool class_space;
	uint64_t current;     // the chunk that is allocated from
	size_t current_index; // of it in out->chunks; SIZE_MAX: not met
	uint64_t used;        // of all chunks, headers included
	uint64_t capacity;    // words of all chunks, as the manager counts them
	struct metaspace_usage sum;
};

// Headers lie all over Metaspace with kilobytes of other things between them, so they are fetched
// alone, and as many in one call as there are lists: the first of each list, then the second, and so on.
struct metaspace8_headers {
	struct addresses index; // address -> index into at
	VEC(struct chunk) at;
};

static void add_header(struct metaspace_walk *w, uint64_t at, const struct chunk *c)
{
	struct metaspace8_headers *h = w->headers;

	if (addresses_put(&h->index, at, (uint32_t)h->at.count, NULL))
		vec_push(w->mem, &h->at, *c);
}

// The next chunks of all lists: in `at`, of which the number is returned.
static size_t next_of(const struct metaspace_walk *w, const struct chunk *chunks, size_t count,
		      uint64_t *at)
{
	size_t n = 0;
	uint32_t known;

	for (size_t i = 0; i < count; i++)
		if (hotspot_is_pointer(chunks[i].next) &&
		    !addresses_find(&w->headers->index, chunks[i].next, &known))
			at[n++] = chunks[i].next;
	return n;
}

static void fetch(struct metaspace_walk *w, uint64_t *at, size_t count)
{
	struct arena frame = { 0 };
	struct chunk *chunks = arena_array(&frame, struct chunk, count + 1);

	w->headers = arena_new(w->mem, struct metaspace8_headers);
	addresses_init(&w->headers->index, w->mem);
	while (count && w->headers->at.count < METASPACE_CHUNK_LIMIT) {
		const struct memory_objects objects = { .at = at,
							.count = count,
							.len = sizeof(*chunks) };

		if (!memory_gather(w->vm->memory, &objects, chunks, NULL))
			break; // what is missing is read when it is needed, one by one
		for (size_t i = 0; i < count; i++)
			add_header(w, at[i], &chunks[i]);
		count = next_of(w, chunks, count, at);
	}
	arena_drop(&frame);
}

static void fetch_of(struct metaspace_walk *w, const uint64_t *arenas, size_t count, unsigned lists)
{
	struct arena frame = { 0 };
	uint64_t *first = arena_array(&frame, uint64_t, count * lists + 1);
	size_t n = 0;

	for (size_t i = 0; i < count; i++)
		for (unsigned k = 0; k < lists; k++)
			if (memory_read_u64(w->vm->memory, arenas[i] + LISTS_AT + 8 * k, &first[n],
					    NULL) &&
			    hotspot_is_pointer(first[n]))
				n++;
	fetch(w, first, n);
	arena_drop(&frame);
}

static void fetch_11(struct metaspace_walk *w, const uint64_t *arenas, size_t count)
{
	fetch_of(w, arenas, count, 1);
}

static void fetch_8(struct metaspace_walk *w, const uint64_t *arenas, size_t count)
{
	fetch_of(w, arenas, count, 4);
}

static bool read_header(const struct metaspace_walk *w, uint64_t at, struct chunk *out,
			struct fail *why)
{
	const struct memory_objects one = { .at = &at, .count = 1, .len = sizeof(*out) };
	uint32_t index;

	if (!w->headers || !addresses_find(&w->headers->index, at, &index))
		return memory_gather(w->vm->memory, &one, out, why);
	*out = w->headers->at.at[index];
	return true;
}

static bool read_list(struct metaspace_walk *w, struct reading *r, uint64_t at, struct fail *why)
{
	struct metaspace_usage *sum = &r->sum;

	for (; at; sum->chunks++) {
		const struct metaspace_node *n;
		struct chunk c;
		uint32_t node;

		if (sum->chunks >= METASPACE_CHUNK_LIMIT || !hotspot_is_pointer(at) ||
		    !read_header(w, at, &c, why))
			return fail(why, FAIL_CORRUPT, "a chunk list leads to 0x%" PRIx64, at);
		if (!metaspace_node(w, r->layout, c.node, r->class_space, &node, why))
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
						   .class_space = r->class_space,
						   .current = at == r->current });
		if (at == r->current)
			r->current_index = w->out->chunks.count - 1;
		r->used += c.top - at;
		sum->capacity += c.words * WORD;
		if (sum->capacity / WORD > r->capacity) // a circle, while chunks are given back
			return fail(why, FAIL_CORRUPT,
				    "a chunk list is longer than its manager counts");
		sum->wasted += at == r->current ? 0 : c.words * WORD - (c.top - at);
		at = c.next;
	}
	return true;
}

// Where a SpaceManager has its current chunk and its own counts, in words, how many lists of chunks,
// and how many words of a chunk, its header, are none of the used ones.
struct manager {
	unsigned lists, header;
	uint64_t current, used, capacity;
};

// The counter and the top of the current chunk as they are now, if it is that one still.
static bool read_used_anew(struct metaspace_walk *w, const struct manager *m, uint64_t arena_at,
			   struct reading *r, uint64_t *used)
{
	struct metaspace_chunk *c;
	uint64_t current, top;

	if (r->current_index == SIZE_MAX)
		return false;
	c = &w->out->chunks.at[r->current_index];
	if (!memory_read_anew(w->vm->memory, arena_at + m->used, used, sizeof(*used), NULL) ||
	    !memory_read_anew(w->vm->memory, r->current + CHUNK_TOP, &top, sizeof(top), NULL) ||
	    !memory_read_anew(w->vm->memory, arena_at + m->current, &current, sizeof(current),
			      NULL) ||
	    current != r->current || top < c->start || top - c->start > c->size)
		return false;
	r->used = r->used - c->used + (top - c->start);
	c->used = top - c->start;
	return true;
}

// What chunks are used up to is what the manager counts and their headers, to the word.  Where a
// class is being loaded the two were read at different times.
static bool check_used(struct metaspace_walk *w, const struct manager *m, uint64_t arena_at,
		       struct reading *r, uint64_t *used)
{
	for (int try = 0; try < USED_TRIES; try++) {
		if (*used <= r->used / WORD &&
		    r->used == (*used + (uint64_t)r->sum.chunks * m->header) * WORD)
			return true;
		if (!read_used_anew(w, m, arena_at, r, used))
			return false;
	}
	return false;
}

static bool read_lists(struct metaspace_walk *w, const struct metaspace_layout *layout,
		       const struct manager *m, uint64_t arena_at, bool class_space,
		       struct metaspace_usage *usage, struct fail *why)
{
	struct reading r = { .layout = layout,
			     .class_space = class_space,
			     .current_index = SIZE_MAX };
	uint64_t used;

	if (!memory_read_u64(w->vm->memory, arena_at + m->current, &r.current, why) ||
	    !memory_read_u64(w->vm->memory, arena_at + m->used, &used, why) ||
	    !memory_read_u64(w->vm->memory, arena_at + m->capacity, &r.capacity, why))
		return false;
	for (unsigned i = 0; i < m->lists; i++) {
		uint64_t first;

		if (!memory_read_u64(w->vm->memory, arena_at + LISTS_AT + 8 * i, &first, why) ||
		    !read_list(w, &r, first, why))
			return false;
	}
	if (r.sum.capacity / WORD != r.capacity || used > r.capacity ||
	    !check_used(w, m, arena_at, &r, &used))
		return fail(why, FAIL_CORRUPT, "layout unknown: chunks and their sum disagree");
	r.sum.committed = r.sum.capacity;
	r.sum.used = used * WORD;
	*usage = r.sum;
	return true;
}

static bool read_arena_11(struct metaspace_walk *w, uint64_t arena_at, bool class_space,
			  struct metaspace_usage *usage, struct fail *why)
{
	static const struct manager M = {
		.lists = 1, .header = 8, .current = 24, .used = 48, .capacity = 40
	};

	return read_lists(w, &METASPACE_11, &M, arena_at, class_space, usage, why);
}

static bool read_arena_8(struct metaspace_walk *w, uint64_t arena_at, bool class_space,
			 struct metaspace_usage *usage, struct fail *why)
{
	static const struct manager M = {
		.lists = 4, .header = 5, .current = 48, .used = 56, .capacity = 64
	};

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
	.lock = 8,
	.arenas_have_lock = true,
	.nodes_count_chunks = true,
	.nonclass = 16,
	.class_space = 24,
	.fetch = fetch_11,
	.read_arena = read_arena_11,
	.read_node = read_node,
	.first_node = first_node,
	.read_free = metaspacefree_walk_nodes,
	.read_blocks = metaspacefree_read_blocks_11,
};

const struct metaspace_layout METASPACE_8 = {
	.arenas_have_lock = true,
	.nodes_count_chunks = true,
	.headers_apart = true,
	.nonclass = 0,
	.class_space = 8,
	.fetch = fetch_8,
	.read_arena = read_arena_8,
	.read_node = read_node,
	.first_node = first_node,
	.read_free = metaspacefree_walk_nodes,
	.read_blocks = metaspacefree_read_blocks_8,
};
