// SPDX-License-Identifier: Apache-2.0
// The region table names every region that was ever committed.  Which of them are committed now is
// not exported: the heap's G1RegionToSpaceMapper knows, which is found among the words of the
// HeapRegionManager by redundant fields (its bounds are the reserved heap's, and its bitmap has a
// bit for each of its pages).  A region is committed as a whole, which the bitmap must confirm.

#include "jvm/spaces_g1.h"

#include <inttypes.h>
#include <string.h>

#include "base/arena.h"
#include "base/fail.h"
#include "base/memory.h"
#include "base/units.h"
#include "jvm/g1kinds.h"
#include "jvm/hotspot.h"
#include "jvm/spaces.h"
#include "jvm/vmstructs.h"

enum {
	REGION_LIMIT = 1 << 20,     // G1 aims at 2048
	MANAGER_BYTES_LIMIT = 1024, // of the HeapRegionManager object
	REGION_BYTES_LIMIT = 512,   // of the part of a region that is read
};

// G1RegionToSpaceMapper: a vtable, a listener and a G1PageBasedVirtualSpace, in words.  Stable from
// JDK 8 to 28 but for the bitmap, whose allocator stands before it in JDK 8; validated each time.
enum mapper_word {
	MAPPER_VTABLE,
	MAPPER_LOW = 2,
	MAPPER_HIGH,
	MAPPER_TAIL,
	MAPPER_PAGE_SIZE,
	MAPPER_BITS_AT,
	MAPPER_BIT_COUNT,
	MAPPER_WORDS,
	MAPPER_8_ALLOCATED = MAPPER_BITS_AT,
	MAPPER_8_BITS_AT = MAPPER_8_ALLOCATED + 4,
};

struct heap {
	const struct hotspot *vm;
	uint64_t manager, grain;
	size_t regions;
	const uint64_t *region_at;    // by index; 0: never committed
	uint64_t bits_at, page_bytes; // one bit for each page that is committed as a whole
	struct g1kinds kinds;
	uint64_t read_bytes; // of each region
	size_t committed;    // regions, with these indices and copies
	const uint32_t *index;
	unsigned char *objects;
	bool tops_reach_over; // a region's top may lie in a later one
};

static bool is_power_of_two(uint64_t n)
{
	return n && !(n & (n - 1));
}

// Where the bitmap of `pages` bits begins; 0: there is none.
static uint64_t find_bits(const struct heap *h, uint64_t at, const uint64_t *w, uint64_t pages)
{
	uint64_t old[2]; // address, bits

	if (w[MAPPER_BIT_COUNT] == pages)
		return w[MAPPER_BITS_AT];
	if (memory_read(h->vm->memory, at + MAPPER_8_BITS_AT * sizeof(*w), old, sizeof(old),
			NULL) &&
	    old[0] == w[MAPPER_8_ALLOCATED] && old[1] == pages)
		return old[0];
	return 0;
}

// Whether the object at `at` is the mapper of the heap's own pages.
static bool match_mapper(struct heap *h, uint64_t at)
{
	const struct hotspot *vm = h->vm;
	uint64_t w[MAPPER_WORDS], bits_at;

	if (!hotspot_is_pointer(at) || !memory_read(vm->memory, at, w, sizeof(w), NULL) ||
	    !hotspot_is_vtable(vm, w[MAPPER_VTABLE]) || w[MAPPER_LOW] != vm->heap_start ||
	    w[MAPPER_HIGH] != vm->heap_end || w[MAPPER_TAIL] ||
	    w[MAPPER_PAGE_SIZE] < PAGE_SIZE_BYTES || !is_power_of_two(w[MAPPER_PAGE_SIZE]) ||
	    w[MAPPER_PAGE_SIZE] > GIB(1))
		return false;
	bits_at = find_bits(h, at, w, (vm->heap_end - vm->heap_start) / w[MAPPER_PAGE_SIZE]);
	if (!hotspot_is_pointer(bits_at))
		return false;
	h->bits_at = bits_at;
	h->page_bytes = w[MAPPER_PAGE_SIZE];
	return true;
}

static bool find_mapper(struct heap *h, struct fail *why)
{
	const struct vmstructs_field *regions = h->vm->field[FIELD_G1_REGIONS];
	uint64_t size = vmstructs_size(h->vm->tables, regions->type);
	uint64_t words[MANAGER_BYTES_LIMIT / 8];

	if (!size || size > sizeof(words))
		size = sizeof(words);
	size &= ~(uint64_t)7;
	if (!memory_read(h->vm->memory, h->manager, words, size, why))
		return false;
	for (size_t i = 0; i < size / 8; i++)
		if (match_mapper(h, words[i]))
			return true;
	return fail(why, FAIL_CORRUPT, "layout unknown: no mapper of the heap's pages");
}

static bool open_heap(const struct hotspot *vm, struct arena *mem, struct heap *h, struct fail *why)
{
	uint64_t reserved = vm->heap_end - vm->heap_start, table, base, length;
	uint64_t *region_at;

	h->vm = vm;
	if (!hotspot_has_offset(vm, FIELD_G1_HRM) || !hotspot_has_offset(vm, FIELD_G1_REGIONS))
		return fail(why, FAIL_ABSENT, "this VM does not export G1's region table");
	h->manager = hotspot_at(vm, FIELD_G1_HRM, vm->heap_at);
	table = hotspot_at(vm, FIELD_G1_REGIONS, h->manager);
	if (!hotspot_read_u64(vm, FIELD_G1_GRAIN_BYTES, 0, &h->grain, why) ||
	    !hotspot_read_pointer(vm, FIELD_G1_TABLE_BASE, table, &base, why) ||
	    !hotspot_read_u64(vm, FIELD_G1_TABLE_LENGTH, table, &length, why))
		return false;
	if (!is_power_of_two(h->grain) || h->grain < MIB(1) || h->grain > GIB(1) || !reserved ||
	    reserved % h->grain || length != reserved / h->grain || length > REGION_LIMIT)
		return fail(why, FAIL_CORRUPT,
			    "layout unknown: %" PRIu64 " regions of %" PRIu64 " bytes", length,
			    h->grain);
	h->regions = (size_t)length;
	region_at = arena_array(mem, uint64_t, h->regions);
	if (!memory_read(vm->memory, base, region_at, h->regions * sizeof(*region_at), why))
		return false;
	h->region_at = region_at;
	return g1kinds_find(vm, &h->kinds, why) && find_mapper(h, why);
}

// `count` bits of the bitmap from `first`: all must agree.
static bool read_bits(const struct heap *h, uint64_t first, uint64_t count, bool *set,
		      struct fail *why)
{
	uint64_t word, mask = count < 64 ? ((uint64_t)1 << count) - 1 : ~(uint64_t)0;

	if (!memory_read_u64(h->vm->memory, h->bits_at + first / 64 * 8, &word, why))
		return false;
	word = word >> first % 64 & mask;
	if (word && word != mask)
		return fail(why, FAIL_CORRUPT, "a region is committed in part");
	*set = word;
	return true;
}

// By the first and the last bits of the region.  Large pages may hold several regions each.
static bool is_committed(const struct heap *h, size_t index, bool *committed, struct fail *why)
{
	uint64_t first = index * h->grain / h->page_bytes;
	uint64_t bits = h->grain > h->page_bytes ? h->grain / h->page_bytes : 1;
	uint64_t count = bits < 64 ? bits : 64, last = first + bits - count;
	bool begins = false, ends = false;

	if (!read_bits(h, first, count, &begins, why) || !read_bits(h, last, count, &ends, why))
		return false;
	if (begins != ends)
		return fail(why, FAIL_CORRUPT, "region %zu is committed in part", index);
	*committed = begins;
	return true;
}

static uint64_t member(const struct heap *h, enum field_id id, const unsigned char *bytes)
{
	uint64_t value;

	memcpy(&value, bytes + h->vm->field[id]->offset, sizeof(value));
	return value;
}

static bool find_read_bytes(struct heap *h, struct fail *why)
{
	static const enum field_id MEMBERS[] = { FIELD_G1_REGION_BOTTOM, FIELD_G1_REGION_END,
						 FIELD_G1_REGION_TOP };

	if (h->kinds.known)
		h->read_bytes = h->kinds.offset + 8;
	else // the tag may be anywhere
		h->read_bytes = vmstructs_size(h->vm->tables, "HeapRegion") & ~(uint64_t)7;
	for (size_t i = 0; i < sizeof(MEMBERS) / sizeof(MEMBERS[0]); i++) {
		if (!hotspot_has_offset(h->vm, MEMBERS[i]))
			return fail(why, FAIL_ABSENT, "this VM does not export G1's regions");
		if (h->vm->field[MEMBERS[i]]->offset + 8 > h->read_bytes)
			h->read_bytes = h->vm->field[MEMBERS[i]]->offset + 8;
	}
	if (h->read_bytes > REGION_BYTES_LIMIT)
		return fail(why, FAIL_CORRUPT, "layout unknown: a region of %" PRIu64 " bytes",
			    h->read_bytes);
	return true;
}

static bool add_region(const struct heap *h, size_t committed, struct spaces_row *rows,
		       struct fail *why)
{
	const unsigned char *bytes = h->objects + committed * h->read_bytes;
	size_t index = h->index[committed];
	uint64_t bottom = h->vm->heap_start + index * h->grain, top;
	uint64_t top_limit = h->tops_reach_over ? h->vm->heap_end : bottom + h->grain;
	enum g1kind kind = G1KIND_OLD;

	top = member(h, FIELD_G1_REGION_TOP, bytes);
	if (member(h, FIELD_G1_REGION_BOTTOM, bytes) != bottom || top < bottom || top > top_limit)
		return fail(why, FAIL_CORRUPT, "region %zu has bounds of another", index);
	if (h->kinds.known && !g1kinds_read(&h->kinds, bytes, h->read_bytes, &kind))
		return fail(why, FAIL_CORRUPT, "region %zu is of no known kind", index);
	if (top > bottom + h->grain)
		top = bottom + h->grain;
	rows[kind].regions++;
	rows[kind].committed += h->grain;
	rows[kind].used += top - bottom;
	return true;
}

// The committed regions, each in `read_bytes` bytes of `objects`.
static bool read_regions(struct heap *h, struct arena *mem, struct fail *why)
{
	uint64_t *at = arena_array(mem, uint64_t, h->regions);
	uint32_t *index = arena_array(mem, uint32_t, h->regions);
	struct memory_objects objects = { .at = at, .len = h->read_bytes };

	for (size_t i = 0; i < h->regions; i++) {
		bool committed = false;

		if (!is_committed(h, i, &committed, why))
			return false;
		if (!committed)
			continue;
		// A large page is there for all regions that it holds, of which some may never have
		// been used.
		if (!h->region_at[i] && h->page_bytes > h->grain)
			continue;
		if (!hotspot_is_pointer(h->region_at[i]))
			return fail(why, FAIL_CORRUPT, "committed region %zu is not in the table",
				    i);
		index[objects.count] = (uint32_t)i;
		at[objects.count++] = h->region_at[i];
	}
	h->index = index;
	h->committed = objects.count;
	h->objects = arena_get_array(mem, objects.count + 1, h->read_bytes);
	return memory_gather(h->vm->memory, &objects, h->objects, why);
}

// A VM without tags is JDK 8, where the first region of a large object has the top of all of it, and
// each of the others its own besides.
static void find_tags(struct heap *h)
{
	struct g1kinds_regions r = { .objects = h->objects,
				     .index = h->index,
				     .count = h->committed,
				     .bytes = h->read_bytes };

	if (h->kinds.known)
		return;
	h->tops_reach_over = true;
	g1kinds_probe(h->vm, &r, &h->kinds);
}

bool spaces_g1_read(const struct hotspot *vm, struct arena *mem, struct spaces *out,
		    struct fail *why)
{
	struct spaces_row rows[G1KIND_COUNT] = { 0 };
	struct heap h = { 0 };
	struct spaces s = { 0 };

	if (!open_heap(vm, mem, &h, why) || !find_read_bytes(&h, why) ||
	    !read_regions(&h, mem, why))
		return false;
	find_tags(&h);
	for (size_t i = 0; i < h.committed; i++)
		if (!add_region(&h, i, rows, why))
			return false;
	s.region_bytes = h.grain;
	for (size_t k = 0; k < G1KIND_COUNT; k++) {
		rows[k].name = h.kinds.known ? g1kinds_name((enum g1kind)k) : "regions";
		s.committed += rows[k].committed;
		s.used += rows[k].used;
		if (rows[k].regions)
			spaces_add(&s, rows[k]);
	}
	if (!h.kinds.known)
		s.unknown = "the kinds of G1's regions: this VM does not export them";
	*out = s;
	return true;
}

bool spaces_g1_regions(const struct hotspot *vm, struct arena *mem, struct spaces_region **out,
		       size_t *count, struct fail *why)
{
	struct heap h = { 0 };
	struct spaces_region *to;

	if (!open_heap(vm, mem, &h, why) || !find_read_bytes(&h, why) ||
	    !read_regions(&h, mem, why))
		return false;
	find_tags(&h);
	if (!h.kinds.known)
		return fail(why, FAIL_ABSENT, "the kinds of G1's regions are not known");
	to = arena_array(mem, struct spaces_region, h.committed + 1);
	for (size_t i = 0; i < h.committed; i++) {
		const unsigned char *bytes = h.objects + i * h.read_bytes;
		struct spaces_row rows[G1KIND_COUNT] = { 0 };
		uint32_t tag;

		if (!add_region(&h, i, rows, why) ||
		    !g1kinds_read(&h.kinds, bytes, h.read_bytes, &to[i].kind))
			return false;
		memcpy(&tag, bytes + h.kinds.offset, sizeof(tag));
		to[i].begins = !(tag & 1); // the VM's tags of what continues are odd
		to[i].bottom = member(&h, FIELD_G1_REGION_BOTTOM, bytes);
		to[i].top = to[i].bottom + rows[to[i].kind].used;
	}
	*out = to;
	*count = h.committed;
	return true;
}
