// SPDX-License-Identifier: Apache-2.0
// Metaspace of JDK 16 and later: a MetaspaceArena holds a list of buddy chunks, their headers lie
// outside Metaspace.  Offsets in docs/formats/metaspace.md.  Proof of a node: its commit mask
// repeats base and size, the mask's bits and the root chunks each multiply to the size.
#include <inttypes.h>
#include <string.h>

#include "base/fail.h"
#include "base/memory.h"
#include "jvm/hotspot.h"
#include "jvm/metaspace_walk.h"

enum {
	WORD = 8,
	ARENA_CHUNKS = 24, // MetachunkList: first
	ARENA_COUNT = 32,  // and the number of chunks
	CHUNK_LEVELS = 15, // 0: a root chunk; 14: 1 KB of 16 MB
	CHUNK_IN_USE = 1,
	NODE_FIRST_PROBE = 40, // the words of a node up to its range moved between releases
	NODE_LAST_PROBE = 104,
	NODE_BITS_LIMIT = 1 << 22,
	ARENA_MANAGER = 8, // -> ChunkManager
	MANAGER_LIST = 0,  // -> VirtualSpaceList
	LIST_NAME = 8,
	LIST_FIRST = 16,
	LIST_WORDS = 7, // vtable, name, first node, count and flags, limiter, reserved, committed
	LIST_RESERVED = 5,
	LIST_COMMITTED = 6,
	ARENA_WORDS = 8, // lock, manager, policy, chunks, count, free blocks, used counter, name
	ARENA_USED = 6,
	ARENA_NAME = 7,
};

struct chunk {
	uint64_t base, used, committed; // words
	uint64_t level_state, node, before, next;
	uint64_t below, above; // neighbours within the root chunk's range
};

static bool power_of_two(uint64_t n)
{
	return n && !(n & (n - 1));
}

// Words of a node from its base on: base, size, used, {mask: map, bits, base, size, granule}.
static bool read_range(const uint64_t *w, struct metaspace_node *n)
{
	enum { BASE, SIZE, USED, MASK_MAP, MASK_BITS, MASK_TYPE, MASK_BASE, MASK_SIZE, GRANULE };

	if (!hotspot_is_pointer(w[BASE]) || w[BASE] % 65536 || w[BASE] != w[MASK_BASE] ||
	    w[SIZE] != w[MASK_SIZE] || !w[SIZE] || w[SIZE] > UINT64_C(1) << 40)
		return false;
	if (w[USED] > w[SIZE] || !power_of_two(w[GRANULE]) || w[GRANULE] > w[SIZE] ||
	    w[MASK_BITS] > NODE_BITS_LIMIT || w[MASK_BITS] * w[GRANULE] != w[SIZE] ||
	    !hotspot_is_pointer(w[MASK_MAP]))
		return false;
	n->start = w[BASE];
	n->end = n->start + w[SIZE] * WORD;
	n->used = w[USED] * WORD;
	n->granule = w[GRANULE] * WORD;
	n->mask_at = w[MASK_MAP];
	return true;
}

static bool read_node(struct metaspace_walk *w, uint64_t at, struct metaspace_node *node,
		      uint64_t *next_at, struct fail *why)
{
	enum { WORDS = (NODE_LAST_PROBE + 88) / WORD, ROOTS_WORD = 10 };
	struct metaspace_node n = { .at = at };
	uint64_t words[WORDS], bits;
	size_t i = NODE_FIRST_PROBE / WORD;
	uint32_t roots;

	if (!memory_read(w->vm->memory, at, words, sizeof(words), why))
		return false;
	while (i <= NODE_LAST_PROBE / WORD && !read_range(words + i, &n))
		i++;
	if (i > NODE_LAST_PROBE / WORD)
		return fail(why, FAIL_CORRUPT, "layout unknown: Metaspace node at 0x%" PRIx64, at);
	roots = (uint32_t)words[i + ROOTS_WORD];
	if (!roots || (n.end - n.start) % roots || !power_of_two((n.end - n.start) / roots))
		return fail(why, FAIL_CORRUPT, "layout unknown: %u root chunks in a Metaspace node",
			    roots);
	n.root_chunk = (n.end - n.start) / roots;
	if (!metaspace_check_range(w, n.start, n.end, why) ||
	    !metaspace_count_bits(w->vm, n.mask_at, (n.end - n.start) / n.granule, &bits, why))
		return false;
	n.committed = bits * n.granule;
	*node = n;
	*next_at = words[0];
	return true;
}

// Chunks of one root chunk fill it: where one ends its neighbour begins.
static bool check_neighbours(const struct metaspace_walk *w, const struct metaspace_node *n,
			     const struct chunk *c, uint64_t size)
{
	uint64_t end = c->base + size, base;
	struct chunk below;

	if (c->above ? !hotspot_is_pointer(c->above) ||
			       !memory_read_u64(w->vm->memory, c->above, &base, NULL) || base != end
		     : (end - n->start) % n->root_chunk != 0)
		return false;
	if (!c->below)
		return (c->base - n->start) % n->root_chunk == 0;
	return hotspot_is_pointer(c->below) &&
	       memory_read(w->vm->memory, c->below, &below, sizeof(below), NULL) &&
	       (below.level_state & 0xff) < CHUNK_LEVELS &&
	       below.base + (n->root_chunk >> (below.level_state & 0xff)) == c->base;
}

static bool read_chunk(struct metaspace_walk *w, uint64_t at, bool class_space, bool current,
		       struct metaspace_usage *usage, uint64_t *next_at, struct fail *why)
{
	const struct metaspace_node *n;
	struct chunk c;
	uint8_t level_state[8];
	uint64_t size;
	uint32_t node;

	if (!hotspot_is_pointer(at) || !memory_read(w->vm->memory, at, &c, sizeof(c), why))
		return fail(why, FAIL_CORRUPT, "a chunk list leads to 0x%" PRIx64, at);
	memcpy(level_state, &c.level_state, sizeof(level_state));
	if (level_state[0] >= CHUNK_LEVELS || level_state[1] != CHUNK_IN_USE)
		return fail(why, FAIL_CORRUPT, "the chunk at 0x%" PRIx64 " is not in use", at);
	if (!metaspace_node(w, &METASPACE_16, c.node, class_space, &node, why))
		return false;
	n = &w->out->nodes.at[node];
	size = n->root_chunk >> level_state[0];
	if (size < WORD || c.used > c.committed || c.committed > size / WORD || c.base < n->start ||
	    c.base >= n->end || size > n->end - c.base || (c.base - n->start) % size ||
	    !check_neighbours(w, n, &c, size))
		return fail(why, FAIL_CORRUPT, "the chunk at 0x%" PRIx64 " makes no sense", at);
	vec_push(w->mem, &w->out->chunks,
		 (struct metaspace_chunk){ .start = c.base,
					   .size = size,
					   .committed = c.committed * WORD,
					   .used = c.used * WORD,
					   .node = node,
					   .class_space = class_space,
					   .current = current });
	usage->capacity += size;
	usage->committed += c.committed * WORD;
	usage->used += c.used * WORD;
	usage->wasted += current ? 0 : (c.committed - c.used) * WORD;
	usage->chunks++;
	*next_at = c.next;
	return true;
}

static bool read_arena(struct metaspace_walk *w, uint64_t arena_at, bool class_space,
		       struct metaspace_usage *usage, struct fail *why)
{
	struct metaspace_usage sum = { 0 };
	uint64_t at;
	uint32_t count;

	if (!memory_read_u64(w->vm->memory, arena_at + ARENA_CHUNKS, &at, why) ||
	    !memory_read_u32(w->vm->memory, arena_at + ARENA_COUNT, &count, why))
		return false;
	if (count > METASPACE_CHUNK_LIMIT)
		return fail(why, FAIL_CORRUPT, "layout unknown: an arena of %u chunks", count);
	for (uint32_t i = 0; i < count; i++)
		if (!read_chunk(w, at, class_space, i == 0, &sum, &at, why))
			return false;
	if (at)
		return fail(why, FAIL_CORRUPT, "an arena has more than its %u chunks", count);
	*usage = sum;
	return true;
}

static bool first_node(struct metaspace_walk *w, uint64_t arena_at, uint64_t *node_at,
		       struct fail *why)
{
	struct chunk c;
	uint64_t at;

	if (!memory_read_u64(w->vm->memory, arena_at + ARENA_CHUNKS, &at, why))
		return false;
	if (!hotspot_is_pointer(at))
		return fail(why, FAIL_ABSENT, "an arena without chunks");
	if (!memory_read(w->vm->memory, at, &c, sizeof(c), why))
		return false;
	*node_at = c.node;
	return true;
}

static uint64_t list_head(const struct hotspot *vm, uint64_t arena_at)
{
	static const uint64_t WAY[] = { ARENA_MANAGER, MANAGER_LIST, LIST_FIRST };
	uint64_t at = arena_at;

	for (size_t i = 0; i < sizeof(WAY) / sizeof(WAY[0]); i++)
		if (!memory_read_u64(vm->memory, at + WAY[i], &at, NULL) || !hotspot_is_pointer(at))
			return 0;
	return at;
}

static bool is_named(const struct hotspot *vm, uint64_t name_at, const char *ends)
{
	char name[32];
	size_t len, want = strlen(ends);

	if (!memory_read_text(vm->memory, name_at, name, sizeof(name), NULL))
		return false;
	len = strlen(name);
	return len >= want && !strcmp(name + len - want, ends);
}

// VirtualSpaceList counts reserved and committed words, RunningCounters, which an arena points to,
// the used ones.  The names that both have tell that the layout is this one (17 to 21 at least).
static bool read_totals(const struct hotspot *vm, uint64_t arena_at, struct metaspace_sums *out,
			struct fail *why)
{
	uint64_t arena[ARENA_WORDS], list[LIST_WORDS], list_at, used;

	if (!memory_read(vm->memory, arena_at, arena, sizeof(arena), why) ||
	    !is_named(vm, arena[ARENA_NAME], " sm") ||
	    !memory_read_u64(vm->memory, arena[ARENA_MANAGER / WORD] + MANAGER_LIST, &list_at,
			     NULL) ||
	    !hotspot_is_pointer(list_at) ||
	    !memory_read(vm->memory, list_at, list, sizeof(list), NULL) ||
	    !hotspot_is_vtable(vm, list[0]) ||
	    !is_named(vm, list[LIST_NAME / WORD], "class-space") ||
	    !memory_read_u64(vm->memory, arena[ARENA_USED], &used, NULL))
		return fail(why, FAIL_ABSENT, "this VM counts its Metaspace in another way");
	*out = (struct metaspace_sums){ list[LIST_RESERVED] * WORD, list[LIST_COMMITTED] * WORD,
					used * WORD };
	return true;
}

const struct metaspace_layout METASPACE_16 = {
	.has_lock = true,
	.lock = 0,
	.nonclass = 16,
	.class_space = 24,
	.read_arena = read_arena,
	.read_node = read_node,
	.first_node = first_node,
	.list_head = list_head,
	.read_totals = read_totals,
	.read_free = metaspacefree_read_lists,
	.read_blocks = metaspacefree_read_blocks,
};
