// SPDX-License-Identifier: Apache-2.0
#include "jvm/codeheaps.h"

#include <inttypes.h>
#include <string.h>

#include "base/arena.h"
#include "base/fail.h"
#include "base/memory.h"
#include "base/units.h"
#include "jvm/hotspot.h"
#include "jvm/vmstructs.h"

enum {
	OBJECT_LIMIT = 1024,   // bytes of a CodeHeap; real ones have about 340
	BLOCK_LIMIT = 1 << 22, // blocks of one heap
	FREE_LIMIT = 1 << 20,  // blocks of a free list
	LOG2_LOW = 4,          // of a segment's bytes; real ones have 6 to 8
	LOG2_HIGH = 12,
	TRIES = 3,
	FREE_SEGMENT = 0xff, // in the segment map
};

// A block's header: its length in segments and whether it is in use.
struct block {
	uint64_t segments;
	bool used;
	uint64_t link; // of a free one
};

// --- the heap's own counters ---

// Words around the exported _log2_segment_size; JDK 8 has no last insert point.  None but the
// first is exported, so all are believed only together.
struct counters {
	uint64_t next_segment, free_list, free_segments;
	uint32_t free_blocks;
};

static bool read_block(const struct hotspot *vm, const struct codeheaps_heap *heap, uint64_t at,
		       struct block *out, struct fail *why)
{
	uint64_t used;

	if (!hotspot_read_u64(vm, FIELD_HEAPBLOCK_LENGTH, at, &out->segments, why) ||
	    !hotspot_read_u64(vm, FIELD_HEAPBLOCK_USED, at, &used, why))
		return false;
	used &= 0xff;
	if (!out->segments || used > 1 ||
	    out->segments > (heap->memory.high - at) / heap->segment_bytes)
		return fail(why, FAIL_CORRUPT, "layout unknown: no code block at 0x%" PRIx64, at);
	out->used = used;
	return true;
}

static bool is_block_place(const struct codeheaps_heap *heap, uint64_t at)
{
	return at >= heap->memory.low && at < heap->memory.high &&
	       (at - heap->memory.low) % heap->segment_bytes == 0;
}

// The free list confirms the counters: as many blocks, as many segments, all free.
static bool check_free_list(const struct hotspot *vm, const struct codeheaps_heap *heap,
			    const struct counters *c)
{
	uint64_t link_at = vmstructs_size(vm->tables, "HeapBlock"), segments = 0;
	uint64_t blocks = 0, before = 0;

	if (!link_at)
		return false;
	for (uint64_t at = c->free_list; at; blocks++) {
		struct block b;

		if (!is_block_place(heap, at) || at <= before || blocks >= c->free_blocks ||
		    !read_block(vm, heap, at, &b, NULL) || b.used)
			return false;
		segments += b.segments;
		before = at; // the list is sorted by address, so it can't be a circle
		if (!memory_read_u64(vm->memory, at + link_at, &at, NULL))
			return false;
	}
	return blocks == c->free_blocks && segments == c->free_segments;
}

static bool is_likely(const struct hotspot *vm, const struct codeheaps_heap *heap,
		      const struct counters *c)
{
	uint64_t committed = (heap->memory.high - heap->memory.low) / heap->segment_bytes;

	return c->next_segment <= committed && c->free_segments <= c->next_segment &&
	       c->free_blocks <= FREE_LIMIT && c->free_blocks <= c->free_segments &&
	       (c->free_list ? is_block_place(heap, c->free_list) : !c->free_blocks);
}

struct words {
	uint64_t committed, reserved, segment_bytes; // before _log2_segment_size
	uint64_t log2;                               // and its padding
	uint64_t after[6];
};

// False when the layout is another one: then nothing is known.  A layout that is this one but for
// the committed segments is a torn or damaged heap.
static bool read_words(const struct hotspot *vm, const struct codeheaps_heap *heap, struct words *w,
		       struct fail *why)
{
	uint64_t log2_at = hotspot_at(vm, FIELD_CODEHEAP_SEGMENT_LOG2, heap->at);

	if (!memory_read(vm->memory, log2_at - 3 * sizeof(uint64_t), w, sizeof(*w), why))
		return false;
	if (w->reserved != (heap->memory.high_boundary - heap->memory.low_boundary) /
				   heap->segment_bytes ||
	    w->segment_bytes != heap->segment_bytes)
		return fail(why, FAIL_ABSENT, "layout unknown: counters of a code heap");
	if (w->committed != (heap->memory.high - heap->memory.low) / heap->segment_bytes)
		return fail(why, FAIL_CORRUPT, "layout unknown: committed segments of a code heap");
	return true;
}

// The segment map marks what lies behind the last block as free, and what lies before as not.
static bool check_segment_map(const struct hotspot *vm, const struct codeheaps_heap *heap,
			      const struct words *w, uint64_t next)
{
	uint8_t mark;

	if (next && (!memory_read_u8(vm->memory, heap->segmap.low + next - 1, &mark, NULL) ||
		     mark == FREE_SEGMENT))
		return false;
	return next == w->committed ||
	       (memory_read_u8(vm->memory, heap->segmap.low + next, &mark, NULL) &&
		mark == FREE_SEGMENT);
}

bool codeheaps_used_by_counters(const struct hotspot *vm, const struct codeheaps_heap *heap,
				uint64_t *used, struct fail *why)
{
	struct words w = { 0 };

	if (!read_words(vm, heap, &w, why))
		return false;
	for (size_t insert_point = 0; insert_point < 2; insert_point++) {
		struct counters c = { .next_segment = w.after[0],
				      .free_list = w.after[1],
				      .free_segments = w.after[2 + insert_point],
				      .free_blocks = (uint32_t)w.after[3 + insert_point] };

		if (is_likely(vm, heap, &c) && check_free_list(vm, heap, &c) &&
		    check_segment_map(vm, heap, &w, c.next_segment)) {
			*used = (c.next_segment - c.free_segments) * heap->segment_bytes;
			return true;
		}
	}
	return fail(why, FAIL_ABSENT, "layout unknown: counters of a code heap");
}

// --- the headers of all blocks ---

bool codeheaps_used_by_blocks(const struct hotspot *vm, const struct codeheaps_heap *heap,
			      uint64_t *used, struct fail *why)
{
	uint64_t at = heap->memory.low, sum = 0;

	memory_prefetch(vm->memory, heap->memory.low, heap->memory.high);
	for (size_t i = 0; at < heap->memory.high; i++) {
		struct fail broken;
		struct block b;

		if (i == BLOCK_LIMIT)
			return fail(why, FAIL_CORRUPT, "layout unknown: too many code blocks");
		// Behind the last block the heap is committed, but has no headers yet: all zeros,
		// or a page that was never touched.
		if (!read_block(vm, heap, at, &b, &broken)) {
			uint64_t first = 0;

			if (broken.kind == FAIL_CORRUPT &&
			    (!memory_read_u64(vm->memory, at, &first, NULL) || first))
				return fail(why, FAIL_CORRUPT, "%s", broken.text);
			break;
		}
		sum += b.used ? b.segments * heap->segment_bytes : 0;
		at += b.segments * heap->segment_bytes;
	}
	*used = sum;
	return true;
}

// --- finding the heaps ---

// The name is not exported: a word of the object that points at such a text in the library.  NULL:
// there is none.
static const char *find_name(const struct hotspot *vm, uint64_t heap, struct arena *mem)
{
	uint64_t size = vmstructs_size(vm->tables, "CodeHeap"), words[OBJECT_LIMIT / 8];
	char text[64];

	if (!size || size > sizeof(words))
		return NULL;
	if (!memory_read(vm->memory, heap, words, size / 8 * 8, NULL))
		return NULL;
	for (size_t i = 0; i < size / 8; i++) {
		char *quote;

		if (words[i] < vm->library_start || words[i] >= vm->library_end ||
		    !memory_read_text(vm->memory, words[i], text, sizeof(text), NULL) ||
		    strncmp(text, "CodeHeap '", 10) != 0)
			continue;
		quote = strchr(text + 10, '\'');
		if (quote && quote > text + 10)
			return arena_copy(mem, text + 10, (size_t)(quote - text - 10));
	}
	return NULL;
}

static bool read_heap(const struct hotspot *vm, uint64_t at, struct arena *mem,
		      struct codeheaps_heap *out, struct fail *why)
{
	struct codeheaps_heap h = { .at = at };
	struct fail layout = { .kind = FAIL_NONE };
	uint64_t log2, segments, reserved;
	struct words w;

	if (!hotspot_is_pointer(at))
		return fail(why, FAIL_CORRUPT, "layout unknown: a code heap at 0x%" PRIx64, at);
	if (!hotspot_has_offset(vm, FIELD_CODEHEAP_MEMORY) ||
	    !hotspot_has_offset(vm, FIELD_CODEHEAP_SEGMAP) ||
	    !hotspot_has_offset(vm, FIELD_CODEHEAP_SEGMENT_LOG2) ||
	    !hotspot_has_offset(vm, FIELD_HEAPBLOCK_LENGTH) ||
	    !hotspot_has_offset(vm, FIELD_HEAPBLOCK_USED))
		return fail(why, FAIL_ABSENT, "this VM does not export its code heaps");
	if (!virtualspace_read(vm, hotspot_at(vm, FIELD_CODEHEAP_MEMORY, at), &h.memory, why) ||
	    !virtualspace_read(vm, hotspot_at(vm, FIELD_CODEHEAP_SEGMAP, at), &h.segmap, why) ||
	    !hotspot_read_u64(vm, FIELD_CODEHEAP_SEGMENT_LOG2, at, &log2, why))
		return false;
	if (log2 < LOG2_LOW || log2 > LOG2_HIGH)
		return fail(why, FAIL_CORRUPT, "layout unknown: code segments of 2^%" PRIu64, log2);
	h.segment_bytes = (uint64_t)1 << log2;
	segments = (h.memory.high - h.memory.low) >> log2;
	reserved = (h.memory.high_boundary - h.memory.low_boundary) >> log2;
	if (h.segmap.high - h.segmap.low < segments ||
	    h.segmap.high_boundary - h.segmap.low_boundary < reserved ||
	    h.segmap.high_boundary - h.segmap.low_boundary > reserved + MIB(2))
		return fail(why, FAIL_CORRUPT, "layout unknown: a segment map of %" PRIu64 " bytes",
			    h.segmap.high - h.segmap.low);
	if (!read_words(vm, &h, &w, &layout) && layout.kind == FAIL_CORRUPT)
		return fail(why, layout.kind, "%s", layout.text);
	h.name = find_name(vm, at, mem);
	*out = h;
	return true;
}

// A compiler thread may be at work in the heap, so a walk that breaks off is tried again.
static void read_used(const struct hotspot *vm, struct codeheaps_heap *h)
{
	h->used = CODEHEAPS_UNKNOWN;
	for (int try = 0; try < TRIES; try++) {
		if (try)
			memory_forget(vm->memory);
		if (codeheaps_used_by_counters(vm, h, &h->used, NULL) ||
		    codeheaps_used_by_blocks(vm, h, &h->used, NULL))
			return;
	}
}

static bool overlaps(const struct virtualspace *a, const struct virtualspace *b)
{
	return a->low_boundary < b->high_boundary && b->low_boundary < a->high_boundary;
}

static bool check_apart(const struct codeheaps *all, const struct codeheaps_heap *h,
			struct fail *why)
{
	bool apart = !overlaps(&h->memory, &h->segmap);

	for (size_t i = 0; i < all->count; i++)
		apart = apart && !overlaps(&all->at[i].memory, &h->memory) &&
			!overlaps(&all->at[i].segmap, &h->segmap) &&
			!overlaps(&all->at[i].memory, &h->segmap) &&
			!overlaps(&all->at[i].segmap, &h->memory);
	return apart || fail(why, FAIL_CORRUPT, "layout unknown: code heaps overlap");
}

// JDK 8 has one heap, later ones an array of them.
static bool find_heaps(const struct hotspot *vm, uint64_t at[CODEHEAPS_LIMIT], uint32_t *count,
		       struct fail *why)
{
	uint64_t array, data;

	if (!hotspot_has(vm, FIELD_CODE_HEAPS)) {
		*count = 1;
		return hotspot_read_pointer(vm, FIELD_CODE_HEAP, 0, &at[0], why);
	}
	if (!hotspot_read_pointer(vm, FIELD_CODE_HEAPS, 0, &array, why) ||
	    !hotspot_read_u32(vm, FIELD_GROWABLE_LEN, array, count, why) ||
	    !hotspot_read_pointer(vm, FIELD_GROWABLE_DATA, array, &data, why))
		return false;
	if (!*count || *count > CODEHEAPS_LIMIT)
		return fail(why, FAIL_CORRUPT, "layout unknown: %" PRIu32 " code heaps", *count);
	return memory_read(vm->memory, data, at, *count * sizeof(at[0]), why);
}

// Each heap has a name of its own, or none has one.
static bool check_names(struct codeheaps *all, struct fail *why)
{
	size_t named = 0;

	for (size_t i = 0; i < all->count; i++) {
		const char *name = all->at[i].name;

		named += name != NULL;
		for (size_t k = 0; name && k < i; k++)
			if (all->at[k].name && !strcmp(all->at[k].name, name))
				return fail(why, FAIL_CORRUPT,
					    "layout unknown: two code heaps called %s", name);
	}
	if (named && named < all->count)
		return fail(why, FAIL_CORRUPT, "layout unknown: a code heap without a name");
	for (size_t i = 0; i < all->count; i++)
		if (!all->at[i].name)
			all->at[i].name = "code cache";
	return true;
}

static bool read_once(const struct hotspot *vm, struct arena *mem, struct codeheaps *out,
		      struct fail *why)
{
	uint64_t at[CODEHEAPS_LIMIT] = { 0 };
	struct codeheaps all = { 0 };
	uint32_t count = 0;

	if (!find_heaps(vm, at, &count, why))
		return false;
	for (uint32_t i = 0; i < count; i++) {
		struct codeheaps_heap h = { 0 };

		if (!read_heap(vm, at[i], mem, &h, why) || !check_apart(&all, &h, why))
			return false;
		all.at[all.count++] = h;
	}
	if (!check_names(&all, why))
		return false;
	*out = all;
	return true;
}

// A compiler thread may be at work in the heaps: what is torn is read again.
bool codeheaps_read(const struct hotspot *vm, struct arena *mem, struct codeheaps *out,
		    struct fail *why)
{
	struct fail own = { .kind = FAIL_NONE };

	why = why ? why : &own;
	for (int try = 0; try < TRIES; try++) {
		if (try)
			memory_forget(vm->memory);
		if (read_once(vm, mem, out, why)) {
			for (size_t i = 0; i < out->count; i++)
				read_used(vm, &out->at[i]);
			return true;
		}
		if (why->kind != FAIL_CORRUPT)
			break;
	}
	return false;
}
