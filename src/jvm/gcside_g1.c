// SPDX-License-Identifier: Apache-2.0
// G1: what the region manager maps in step with the heap, the from-card cache, the mark stack.
//
// The manager holds a pointer to one G1RegionToSpaceMapper for the heap and for each side table.
// They are believed together or not at all: the heap's must equal the reserved heap and one must
// start where CardTable::_byte_map says.
#include "jvm/gcside.h"

#include <string.h>

#include "base/memory.h"
#include "base/units.h"
#include "jvm/hotspot.h"
#include "jvm/vmstructs.h"
#include "parse/maps.h"

enum {
	MAPPER_LIMIT = 16,
	TWO_BITMAPS_LAST_JDK = 19,
	MAPPERS_TWO_BITMAPS = 6, // heap, two bitmaps, block offsets, cards, card counts
	CACHE_FIRST_JDK = 9,     // in a static; before that it is malloc'd
	CACHE_LAST_JDK = 27,     // 28 has none
	MANAGER_WORDS = 48,
	MARK_WORDS_VTABLE = 6, // of the concurrent mark that hold its first bitmap
	MARK_WORDS = 24,       // the same in 8 and 11
	HEAP_OBJECT_LIMIT = 8192,
	ROUNDING = 4 << 20, // side tables are rounded up to large pages at most
	MARK_CHUNK = 8192,  // bytes of one chunk of the mark stack
	MARK_BUCKETS = 40,
	CACHE_STRIDE_LIMIT = 64 << 10,
	CACHE_LINE = 64,
};

struct mapper {
	uint64_t start, end;
	uint64_t reserved_end; // of whole pages, which may be large
};

static bool is_page_size(uint64_t size)
{
	return size >= PAGE_SIZE_BYTES && size <= GIB(1) && !(size & (size - 1));
}

// vtable, listener, then the storage: low, high, bytes of a last partial page, page size.
static bool read_mapper(const struct gcside_probe *p, uint64_t at, struct mapper *out)
{
	uint64_t w[6];

	if (!hotspot_is_pointer(at) || !memory_read(p->vm->memory, at, w, sizeof(w), NULL) ||
	    !hotspot_is_vtable(p->vm, w[0]) || !w[2] || w[2] % PAGE_SIZE_BYTES || w[3] <= w[2] ||
	    w[3] - w[2] > p->heap_bytes || !is_page_size(w[5]) || w[4] >= w[5])
		return false;
	*out = (struct mapper){ w[2], w[3], w[2] + (w[3] - w[2] + w[5] - 1) / w[5] * w[5] };
	return true;
}

static bool is_share(const struct gcside_probe *p, const struct mapper *m, uint64_t ratio)
{
	uint64_t size = m->end - m->start, share = p->heap_bytes / ratio;

	return size >= share && size <= share + ROUNDING;
}

// A bit for each place where an object may begin.
static uint64_t bitmap_ratio(const struct gcside_probe *p)
{
	uint64_t alignment;

	if (!hotspot_flag(p->vm, "ObjectAlignmentInBytes", &alignment) || alignment < 8 ||
	    alignment > 256)
		alignment = 8;
	return 8 * alignment;
}

// In the order of the manager's pointers: the bitmaps come right behind the heap, and the block offset
// table before what counts cards (up to 20) or is a second card table (26+).
static void take_mappers(struct gcside_probe *p, const struct mapper *m, size_t count, size_t heap)
{
	const char *second = p->vm->jdk >= 26 ? "refinement table" : "card counts";
	size_t last_bitmap = heap + (count == MAPPERS_TWO_BITMAPS ? 2 : 1);
	bool is_first = true;

	for (size_t i = 0; i < count; i++) {
		if (i == heap || m[i].start == p->card_table)
			continue;
		if (i > heap && i <= last_bitmap && is_share(p, &m[i], bitmap_ratio(p))) {
			gcside_add(p, m[i].start, m[i].reserved_end, "mark bitmap", false);
		} else if (is_share(p, &m[i], p->card_bytes)) {
			gcside_add(p, m[i].start, m[i].reserved_end,
				   is_first ? "block offset table" : second, false);
			is_first = false;
		} else {
			vec_push(p->mem, &p->out->refused,
				 "a mapper of G1 is no share of the heap");
		}
	}
}

static uint64_t find_manager(const struct gcside_probe *p)
{
	const struct vmstructs_field *f = p->vm->field[FIELD_G1_HRM];
	uint64_t at = hotspot_at(p->vm, FIELD_G1_HRM, p->vm->heap_at);

	if (!f || f->is_static || !hotspot_has_offset(p->vm, FIELD_G1_REGIONS))
		return 0;
	return strchr(f->field_type, '*') ? gcside_word(p, at) : at;
}

static void find_mappers(struct gcside_probe *p, uint64_t manager)
{
	uint64_t table = hotspot_at(p->vm, FIELD_G1_REGIONS, manager);
	uint64_t table_size = vmstructs_size(p->vm->tables, "G1HeapRegionTable");
	uint64_t words[MANAGER_WORDS];
	struct mapper found[MAPPER_LIMIT];
	bool has_heap = false, has_cards = false;
	size_t count = 0, heap = 0;

	if (!memory_read(p->vm->memory, manager, words, sizeof(words), NULL))
		return;
	for (size_t i = 0; i < MANAGER_WORDS && count < MAPPER_LIMIT; i++) {
		uint64_t at = manager + 8 * i;
		struct mapper *m = &found[count];

		if ((at >= table && at < table + table_size) || !read_mapper(p, words[i], m))
			continue;
		if (m->start == p->vm->heap_start && m->end == p->vm->heap_end) {
			has_heap = true;
			heap = count;
		}
		has_cards |= p->card_table && m->start == p->card_table;
		count++;
	}
	// Later releases have one bitmap, and may do without card counts.
	if (has_heap && has_cards &&
	    (p->vm->jdk > TWO_BITMAPS_LAST_JDK || count == MAPPERS_TWO_BITMAPS))
		take_mappers(p, found, count, heap);
	else
		vec_push(p->mem, &p->out->refused, "G1's mappers: one of them is missing");
}

// A table of row pointers, one row a region, with the rows behind it: page-aligned, in a static.
// All rows stand at one distance.  It was asked for with room to align it, which is left at its end.
static bool take_card_cache(struct gcside_probe *p, uint64_t at, uint64_t regions)
{
	const struct mapping *m = maps_find(p->vm->maps, at);
	uint64_t first = gcside_word(p, at), stride = gcside_word(p, at + 8) - first;
	uint64_t end = first + regions * stride + CACHE_LINE;

	if (first < at + regions * 8 || first > at + regions * 8 + PAGE_SIZE_BYTES || !stride ||
	    stride % CACHE_LINE || stride > CACHE_STRIDE_LIMIT || !m || end > m->end)
		return false;
	for (uint64_t i = 2; i < regions; i++)
		if (gcside_word(p, at + i * 8) != first + i * stride)
			return false;
	return gcside_add(p, at, end, "from-card cache", false);
}

static void find_card_cache(struct gcside_probe *p, uint64_t manager)
{
	uint64_t table = hotspot_at(p->vm, FIELD_G1_REGIONS, manager), regions;

	if (!hotspot_read_u64(p->vm, FIELD_G1_TABLE_LENGTH, table, &regions, NULL) || regions < 3 ||
	    regions > p->heap_bytes / PAGE_SIZE_BYTES)
		return;
	for (size_t i = 0; i < p->static_count; i++)
		if (gcside_is_side(p, p->statics[i]) && take_card_cache(p, p->statics[i], regions))
			return;
	if (p->vm->jdk >= CACHE_FIRST_JDK && p->vm->jdk <= CACHE_LAST_JDK)
		vec_push(p->mem, &p->out->refused, "G1's from-card cache was not found");
}

// A bitmap that covers exactly the heap: start, words.
static bool is_cover(const struct gcside_probe *p, const uint64_t *w)
{
	return w[0] == p->vm->heap_start && w[1] == p->heap_bytes / 8;
}

// Its first bitmap covers the heap and has a vtable; in 8 and 11, where it has none, the heap is the
// object's second word instead.
static bool is_concurrent_mark(const struct gcside_probe *p, uint64_t at)
{
	uint64_t w[MARK_WORDS];

	if (gcside_object_size(p, at) < 512 ||
	    !memory_read(p->vm->memory, at, w, MARK_WORDS_VTABLE * sizeof(*w), NULL))
		return false;
	for (size_t i = 1; i + 2 < MARK_WORDS_VTABLE; i++)
		if (hotspot_is_vtable(p->vm, w[i]) && is_cover(p, w + i + 1))
			return true;
	if (w[1] != p->vm->heap_at || !memory_read(p->vm->memory, at, w, sizeof(w), NULL))
		return false;
	for (size_t i = 2; i + 1 < MARK_WORDS; i++)
		if (is_cover(p, w + i))
			return true;
	return false;
}

// G1ConcurrentMark is a malloc'd object that the heap points to.
static uint64_t find_concurrent_mark(const struct gcside_probe *p)
{
	uint64_t size = vmstructs_size(p->vm->tables, "G1CollectedHeap");

	if (size < 64 || size > HEAP_OBJECT_LIMIT)
		return 0;
	for (uint64_t o = 64; o < size; o += 8) {
		uint64_t at = gcside_word(p, p->vm->heap_at + o);

		if (is_concurrent_mark(p, at))
			return at;
	}
	return 0;
}

// The stack's limit in chunks of 1,024 words; 1,023 of them hold entries from 23 on.
static bool is_limit(const struct gcside_probe *p, uint64_t chunks)
{
	uint64_t entries;

	if (!hotspot_flag(p->vm, "MarkStackSizeMax", &entries))
		return false;
	return chunks == (entries + 1023) / 1024 || chunks == (entries + 1022) / 1023;
}

static bool is_in_mapping(const struct gcside_probe *p, uint64_t at, uint64_t bytes)
{
	const struct mapping *m = maps_find(p->vm->maps, at);

	return gcside_is_side(p, at) && m->writable && bytes <= m->end - at;
}

// A stack that was made after this look read the mappings is there, and none of the pages that were
// scanned are its.
static bool is_newer(const struct gcside_probe *p, uint64_t at)
{
	return at && at % PAGE_SIZE_BYTES == 0 && hotspot_is_pointer(at) &&
	       !maps_find(p->vm->maps, at);
}

static bool take_chunks(struct gcside_probe *p, uint64_t at, uint64_t chunks)
{
	return is_newer(p, at) ||
	       (is_in_mapping(p, at, chunks * MARK_CHUNK) &&
		gcside_add(p, at, at + chunks * MARK_CHUNK, "mark stack", false));
}

// {limit, base, capacity}: one array of chunks (up to 22).
static bool take_mark_stack(struct gcside_probe *p, const uint64_t *w)
{
	return w[2] && w[2] <= w[0] && is_limit(p, w[0]) && w[0] <= 1 << 24 &&
	       take_chunks(p, w[1], w[2]);
}

// {least, limit, capacity, buckets, may grow, bucket[]}: each bucket doubles what is there (23+).
static bool take_mark_buckets(struct gcside_probe *p, const uint64_t *w)
{
	uint64_t chunks = w[0], sum = 0;

	if (!chunks || chunks > w[2] || w[2] > w[1] || !is_limit(p, w[1]) || w[1] > 1 << 24 ||
	    !w[3] || w[3] > MARK_BUCKETS || (w[4] & 0xff) > 1 || !hotspot_is_pointer(w[5]))
		return false;
	for (uint64_t i = 0; i < w[3] && sum < w[2]; i++) {
		uint64_t at = gcside_word(p, w[5] + 8 * i);

		if (!at)
			break;
		if (i > 1)
			chunks *= 2;
		if (!take_chunks(p, at, chunks))
			return false;
		sum += chunks;
	}
	return sum == w[2];
}

// A VirtualSpace, then the G1ConcurrentMark that it is in, the space's start again, and the entries in
// use and in all, four bytes each (8).
static bool take_mark_space(struct gcside_probe *p, uint64_t mark, uint64_t at)
{
	uint64_t size = vmstructs_size(p->vm->tables, "VirtualSpace"), w[3], entries;
	struct range r;

	if (!size || gcside_word(p, at + size) != mark || !gcside_virtual_space(p, at, &r) ||
	    !memory_read(p->vm->memory, at + size, w, sizeof(w), NULL))
		return false;
	entries = w[2] >> 32;
	if (w[1] != r.start || (w[2] & UINT32_MAX) > entries || !entries ||
	    entries > (r.end - r.start) / 8 || r.end - r.start > GIB(4) ||
	    !gcside_add(p, r.start, r.end, "mark stack", false))
		return false;
	gcside_outgrown_find(p, entries);
	return true;
}

static void find_mark_stack(struct gcside_probe *p)
{
	uint64_t at = find_concurrent_mark(p), size = gcside_object_size(p, at);

	for (uint64_t o = 24; o + 48 <= size; o += 8) {
		uint64_t w[6];

		if (!memory_read(p->vm->memory, at + o, w, sizeof(w), NULL))
			return;
		if (take_mark_stack(p, w) || take_mark_buckets(p, w) ||
		    take_mark_space(p, at, at + o))
			return;
	}
	// From 28 on thread and stack are made for the first cycle; the thread is the first word.
	if (!at || gcside_word(p, at))
		vec_push(p->mem, &p->out->refused, "G1's mark stack was not found");
}

void gcside_g1_find(struct gcside_probe *p)
{
	uint64_t manager = find_manager(p);

	if (!hotspot_is_pointer(manager)) {
		vec_push(p->mem, &p->out->refused, "G1's region manager was not found");
		return;
	}
	find_mappers(p, manager);
	find_card_cache(p, manager);
	find_mark_stack(p);
}
