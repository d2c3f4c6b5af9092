// SPDX-License-Identifier: Apache-2.0
#include "jvm/zheap.h"

#include <inttypes.h>
#include <string.h>

#include "base/arena.h"
#include "base/fail.h"
#include "base/memory.h"
#include "base/units.h"
#include "jvm/hotspot.h"
#include "jvm/vmstructs.h"

enum {
	HEAP_OBJECT_LIMIT = 64 << 10,
	OFFSET_BITS_MIN = 30,
	OFFSET_BITS_MAX = 46,
	VIEWS = 3, // marked twice and remapped
	REMAP_SHIFT = 12,
	REMEMBERED_SHIFT = 4,
	LOOK_LIMIT = 4096,     // granules looked at for a page
	ENTRY_LIMIT = 1 << 20, // of one page's forwarding table
	PROBES = 4096,         // entries looked at for one object
	// An entry: populated, the offset that it went to, its index in the page.
	ENTRY_OFFSET_BITS = 45,
	ENTRY_INDEX_SHIFT = 46,
	// JDK 11's: the offset, then the index; all bits set when empty.
	OLD_ENTRY_INDEX_SHIFT = 42,
};

static const char HEAP_FILE[] = "/memfd:java_heap";

// The same members by the names of both ZGCs.
enum member {
	HEAP,
	ALLOCATOR,
	GLOBALS,
	OFFSET_MASK,
	GOOD_MASK,
	WEAK_BAD_MASK,
	PAGE_TABLE,
	PAGE_MAP,
	FORWARDING_TABLE,
	FORWARDING_MAP,
	PAGE_TYPE,
	PAGE_VIRTUAL,
	VIRTUAL_START,
	VIRTUAL_END,
	FORWARDING_VIRTUAL,
	FORWARDING_SHIFT,
	FORWARDING_ENTRIES,
};
static const enum field_id MEMBERS[][2] = {
	[HEAP] = { FIELD_Z_HEAP, FIELD_X_HEAP },
	[ALLOCATOR] = { FIELD_Z_ALLOCATOR, FIELD_X_ALLOCATOR },
	[GLOBALS] = { FIELD_Z_GLOBALS, FIELD_X_GLOBALS },
	[OFFSET_MASK] = { FIELD_Z_OFFSET_MASK, FIELD_X_OFFSET_MASK },
	[GOOD_MASK] = { FIELD_Z_GOOD_MASK, FIELD_X_GOOD_MASK },
	[WEAK_BAD_MASK] = { FIELD_Z_WEAK_BAD_MASK, FIELD_X_WEAK_BAD_MASK },
	[PAGE_TABLE] = { FIELD_Z_PAGE_TABLE, FIELD_X_PAGE_TABLE },
	[PAGE_MAP] = { FIELD_Z_PAGE_MAP, FIELD_X_PAGE_MAP },
	[FORWARDING_TABLE] = { FIELD_Z_FORWARDING_TABLE, FIELD_X_FORWARDING_TABLE },
	[FORWARDING_MAP] = { FIELD_Z_FORWARDING_MAP, FIELD_X_FORWARDING_MAP },
	[PAGE_TYPE] = { FIELD_Z_PAGE_TYPE, FIELD_X_PAGE_TYPE },
	[PAGE_VIRTUAL] = { FIELD_Z_PAGE_VIRTUAL, FIELD_X_PAGE_VIRTUAL },
	[VIRTUAL_START] = { FIELD_Z_VIRTUAL_START, FIELD_X_VIRTUAL_START },
	[VIRTUAL_END] = { FIELD_Z_VIRTUAL_END, FIELD_X_VIRTUAL_END },
	[FORWARDING_VIRTUAL] = { FIELD_Z_FORWARDING_VIRTUAL, FIELD_X_FORWARDING_VIRTUAL },
	[FORWARDING_SHIFT] = { FIELD_Z_FORWARDING_SHIFT, FIELD_X_FORWARDING_SHIFT },
	[FORWARDING_ENTRIES] = { FIELD_Z_FORWARDING_ENTRIES, FIELD_X_FORWARDING_ENTRIES },
};

static enum field_id id_of(const struct zheap *z, enum member m)
{
	return MEMBERS[m][z->old_names];
}

static bool has(const struct hotspot *vm, const struct zheap *z, enum member m)
{
	return hotspot_has_offset(vm, id_of(z, m));
}

static uint64_t place_of(const struct hotspot *vm, const struct zheap *z, enum member m,
			 uint64_t object)
{
	return hotspot_at(vm, id_of(z, m), object);
}

static uint64_t word(const struct hotspot *vm, uint64_t at)
{
	uint64_t w;

	return memory_read_u64(vm->memory, at, &w, NULL) ? w : 0;
}

// ---- pages

static bool read_range(const struct hotspot *vm, const struct zheap *z, uint64_t virtual,
		       struct zheap_page *out)
{
	uint64_t start, end;

	if (!hotspot_read_u64(vm, id_of(z, VIRTUAL_START), virtual, &start, NULL))
		return false;
	if (has(vm, z, VIRTUAL_END)) {
		if (!hotspot_read_u64(vm, id_of(z, VIRTUAL_END), virtual, &end, NULL))
			return false;
	} else {
		if (!hotspot_read_u64(vm, FIELD_Z_VIRTUAL_SIZE, virtual, &end, NULL))
			return false;
		end += start;
	}
	if (end <= start || end > z->offset_mask + 1 || (start | end) % MIB(2))
		return false;
	out->start = start;
	out->end = end;
	return true;
}

// The ZPage* of an offset; 0: none.
static uint64_t page_at(const struct hotspot *vm, const struct zheap *z, uint64_t offset)
{
	uint64_t index = offset >> ZHEAP_GRANULE_SHIFT, entry;

	if (index >= z->pages.count)
		return 0;
	entry = word(vm, z->pages.at + index * 8) & ~UINT64_C(1); // JDK 11: "is relocating"
	return hotspot_is_pointer(entry) ? entry : 0;
}

static bool read_page(const struct hotspot *vm, const struct zheap *z, uint64_t offset,
		      struct zheap_page *out)
{
	uint64_t page = page_at(vm, z, offset);
	struct zheap_page p = { 0 };
	uint8_t type;

	if (!page || !has(vm, z, PAGE_TYPE) || !has(vm, z, PAGE_VIRTUAL) ||
	    !memory_read_u8(vm->memory, place_of(vm, z, PAGE_TYPE, page), &type, NULL) ||
	    type > ZHEAP_LARGE || !read_range(vm, z, place_of(vm, z, PAGE_VIRTUAL, page), &p) ||
	    offset < p.start || offset >= p.end)
		return false;
	p.type = type;
	*out = p;
	return true;
}

bool zheap_page(const struct hotspot *vm, uint64_t offset, struct zheap_page *out)
{
	return read_page(vm, vm->z, offset, out);
}

// ---- the memory behind it

struct range zheap_addresses(const struct zheap *z)
{
	uint64_t base = z->offset_mask + 1;

	return (struct range){ base, z->coloured ? base * 2 : base * 5 };
}

// The file that a page's address is mapped from is the heap's, whatever its name.
static void find_memory(const struct hotspot *vm, struct zheap *z)
{
	uint64_t base = z->offset_mask + 1;
	unsigned looked = 0;

	for (size_t i = 0; i < vm->maps->count; i++) {
		const struct mapping *m = &vm->maps->at[i];
		struct zheap_page p;

		if (!m->shared || !m->inode || m->start < base || m->end > base * 2)
			continue;
		for (uint64_t at = m->start; at < m->end && looked < LOOK_LIMIT;
		     at += UINT64_C(1) << ZHEAP_GRANULE_SHIFT, looked++) {
			if (!read_page(vm, z, at - base, &p))
				continue;
			z->memory = m;
			return;
		}
	}
}

bool zheap_is_memory(const struct hotspot *vm, const struct mapping *m)
{
	const struct mapping *known = vm->z ? vm->z->memory : NULL;

	if (!known)
		return !strncmp(m->path, HEAP_FILE, sizeof(HEAP_FILE) - 1);
	return m->inode == known->inode && m->dev_major == known->dev_major &&
	       m->dev_minor == known->dev_minor;
}

// ---- opening

static bool find_masks(const struct hotspot *vm, struct zheap *z, struct fail *why)
{
	uint64_t globals = 0, mask_at = 0;
	int64_t mask = 0;

	if (!hotspot_read_pointer(vm, id_of(z, GLOBALS), 0, &globals, why) ||
	    !hotspot_read_pointer(vm, id_of(z, GOOD_MASK), globals, &z->good_at, why) ||
	    (!z->coloured &&
	     !hotspot_read_pointer(vm, id_of(z, WEAK_BAD_MASK), globals, &z->weak_bad_at, why)))
		return false;
	// JDK 11 has the offset's mask as a constant.
	if (has(vm, z, OFFSET_MASK) &&
	    hotspot_read_u64(vm, id_of(z, OFFSET_MASK), globals, &mask_at, NULL))
		z->offset_mask = word(vm, mask_at);
	else if (vmstructs_constant(vm->tables, "ZAddressOffsetMask", &mask))
		z->offset_mask = (uint64_t)mask;
	if ((z->offset_mask & (z->offset_mask + 1)) != 0 ||
	    z->offset_mask >> OFFSET_BITS_MIN == 0 || z->offset_mask >> OFFSET_BITS_MAX)
		return fail(why, FAIL_CORRUPT, "layout unknown: a heap offset's mask of 0x%" PRIx64,
			    z->offset_mask);
	return true;
}

// In anonymous memory that can be written to, as long as it says.
static bool is_map(const struct hotspot *vm, const struct zheap_map *m)
{
	const struct mapping *from = maps_find(vm->maps, m->at);

	return m->at && m->at % PAGE_SIZE_BYTES == 0 && m->count && from &&
	       mapping_is_anonymous(from) && from->writable && m->count <= (from->end - m->at) / 8;
}

// {entries, map}; JDK 11's page table is a map as long as the heap has addresses.
static bool read_map(const struct hotspot *vm, const struct zheap *z, uint64_t table,
		     uint64_t offset, struct zheap_map *out)
{
	*out = (struct zheap_map){ .at = word(vm, table + offset),
				   .count = offset ? word(vm, table)
						   : (z->offset_mask + 1) >> ZHEAP_GRANULE_SHIFT };
	return (z->offset_mask >> ZHEAP_GRANULE_SHIFT) + 1 >= out->count && is_map(vm, out);
}

static bool find_page_table(const struct hotspot *vm, struct zheap *z, struct fail *why)
{
	if (!has(vm, z, PAGE_TABLE) || !has(vm, z, PAGE_MAP))
		return fail(why, FAIL_ABSENT, "this VM does not export ZGC's page table");
	z->page_table = place_of(vm, z, PAGE_TABLE, z->at);
	if (!read_map(vm, z, z->page_table, vm->field[id_of(z, PAGE_MAP)]->offset, &z->pages))
		return fail(why, FAIL_CORRUPT, "layout unknown: ZGC's page table");
	return true;
}

// A generation begins with its vtable and number, the allocator and the page table; then comes its
// forwarding table.
static void find_generations(const struct hotspot *vm, struct zheap *z)
{
	uint64_t size = z->end - z->at;

	for (uint64_t o = 16; o + 32 <= size; o += 8) {
		uint64_t w[6], at = z->at + o - 16;
		struct zheap_map m;
		unsigned id;

		if (!memory_read(vm->memory, at, w, sizeof(w), NULL))
			return;
		id = w[1] & 0xff;
		if (w[2] != z->allocator || w[3] != z->page_table || id >= ZHEAP_GENERATIONS ||
		    !hotspot_is_vtable(vm, w[0]) || !read_map(vm, z, at + 32, 8, &m))
			continue;
		z->forwardings[id] = m;
	}
	for (int i = 0; i < ZHEAP_GENERATIONS; i++) // both or none
		if (!z->forwardings[i].count)
			z->forwardings[0].count = z->forwardings[1].count = 0;
}

static void find_forwardings(const struct hotspot *vm, struct zheap *z)
{
	struct zheap_map m;

	if (!has(vm, z, FORWARDING_MAP))
		return;
	if (z->coloured)
		find_generations(vm, z);
	else if (has(vm, z, FORWARDING_TABLE) &&
		 read_map(vm, z, place_of(vm, z, FORWARDING_TABLE, z->at),
			  vm->field[id_of(z, FORWARDING_MAP)]->offset, &m))
		z->forwardings[0] = m;
}

bool zheap_open(const struct hotspot *vm, struct arena *mem, struct zheap **out, struct fail *why)
{
	struct zheap *z = arena_new(mem, struct zheap);
	uint64_t size;

	z->coloured = vm->coloured_oops;
	z->old_names = !z->coloured && hotspot_has_offset(vm, FIELD_X_HEAP);
	if (!vm->heap_at || !has(vm, z, HEAP) || !has(vm, z, ALLOCATOR))
		return fail(why, FAIL_ABSENT, "this VM does not export ZGC's heap");
	size = vmstructs_size(vm->tables, z->old_names ? "XHeap" : "ZHeap");
	if (!size || size > HEAP_OBJECT_LIMIT)
		return fail(why, FAIL_CORRUPT, "layout unknown: ZGC's heap of %" PRIu64 " bytes",
			    size);
	z->at = place_of(vm, z, HEAP, vm->heap_at);
	z->end = z->at + size;
	z->allocator = place_of(vm, z, ALLOCATOR, z->at);
	if (!find_masks(vm, z, why) || !find_page_table(vm, z, why))
		return false;
	find_forwardings(vm, z);
	find_memory(vm, z);
	*out = z;
	return true;
}

// ---- forwarding

static uint32_t hash_of(uint32_t key)
{
	key = ~key + (key << 15);
	key ^= key >> 12;
	key += key << 2;
	key ^= key >> 4;
	key *= 2057;
	return key ^ key >> 16;
}

// Where the object `index` of a page went, by the page's open-addressing table; false: it has not moved.
static bool find_entry(const struct hotspot *vm, struct zheap_map entries, uint32_t index,
		       uint64_t *to)
{
	bool is_old = hotspot_has_offset(vm, FIELD_Z_ENTRIES);
	uint64_t slot = hash_of(index);

	if (!entries.count || entries.count > ENTRY_LIMIT || (entries.count & (entries.count - 1)))
		return false;
	for (unsigned i = 0; i < PROBES && i < entries.count; i++, slot++) {
		uint64_t e;

		if (!memory_read_u64(vm->memory, entries.at + (slot & (entries.count - 1)) * 8, &e,
				     NULL) ||
		    (is_old ? e == UINT64_MAX : !(e & 1)))
			return false;
		if (e >> (is_old ? OLD_ENTRY_INDEX_SHIFT : ENTRY_INDEX_SHIFT) != index)
			continue;
		*to = is_old ? e & ((UINT64_C(1) << OLD_ENTRY_INDEX_SHIFT) - 1)
			     : e >> 1 & ((UINT64_C(1) << ENTRY_OFFSET_BITS) - 1);
		return true;
	}
	return false;
}

// The ZForwarding* of an offset; 0: nothing was moved away from there.
static uint64_t forwarding_at(const struct hotspot *vm, const struct zheap_map *m, uint64_t offset)
{
	uint64_t index = offset >> ZHEAP_GRANULE_SHIFT, at;

	if (index >= m->count)
		return 0;
	at = word(vm, m->at + index * 8);
	return hotspot_is_pointer(at) ? at : 0;
}

static uint64_t forwarded(const struct hotspot *vm, const struct zheap_map *m, uint64_t offset)
{
	const struct zheap *z = vm->z;
	uint64_t at = forwarding_at(vm, m, offset), shift, to;
	uint64_t size = vmstructs_size(vm->tables, z->old_names ? "XForwarding" : "ZForwarding");
	struct zheap_page p;
	struct zheap_map entries;

	if (!at || !size || !has(vm, z, FORWARDING_ENTRIES) ||
	    !hotspot_read_u64(vm, id_of(z, FORWARDING_SHIFT), at, &shift, NULL) || shift < 3 ||
	    shift >= ZHEAP_GRANULE_SHIFT ||
	    !read_range(vm, z, place_of(vm, z, FORWARDING_VIRTUAL, at), &p) || offset < p.start ||
	    offset >= p.end)
		return offset;
	// The entries stand behind the object; their number in it.
	entries.at = at + ((size + 7) & ~UINT64_C(7));
	entries.count = word(vm, place_of(vm, z, FORWARDING_ENTRIES, at));
	return find_entry(vm, entries, (uint32_t)((offset - p.start) >> shift), &to) ? to : offset;
}

// JDK 11: a page that is relocated keeps its own table.
static uint64_t forwarded_by_page(const struct hotspot *vm, uint64_t offset)
{
	uint64_t page = page_at(vm, vm->z, offset), table, shift_at = 0, to;
	uint64_t globals;
	struct zheap_map entries;
	struct zheap_page p;
	int64_t shift = 0;
	uint32_t small = 0;

	if (!hotspot_has_offset(vm, FIELD_Z_PAGE_FORWARDING) || !zheap_page(vm, offset, &p))
		return offset;
	table = hotspot_at(vm, FIELD_Z_PAGE_FORWARDING, page);
	if (!hotspot_read_pointer(vm, FIELD_Z_ENTRIES, table, &entries.at, NULL) ||
	    !hotspot_read_u64(vm, FIELD_Z_ENTRY_COUNT, table, &entries.count, NULL))
		return offset;
	if (p.type == ZHEAP_SMALL) {
		if (!hotspot_read_pointer(vm, FIELD_Z_GLOBALS, 0, &globals, NULL) ||
		    !hotspot_read_u64(vm, FIELD_Z_SMALL_SHIFT, globals, &shift_at, NULL) ||
		    !memory_read_u32(vm->memory, shift_at, &small, NULL))
			return offset;
		shift = small;
	} else if (!vmstructs_constant(vm->tables, "ZObjectAlignmentMediumShift", &shift)) {
		return offset;
	}
	if (shift < 3 || shift >= ZHEAP_GRANULE_SHIFT)
		return offset;
	return find_entry(vm, entries, (uint32_t)((offset - p.start) >> shift), &to) ? to : offset;
}

// ---- references

// Which generation's table knows where the object went: the one whose colour is out of date.  With both
// out of date it is the old one's for references between old objects (both "remembered" bits), else
// the one that knows the place.
static const struct zheap_map *table_of(const struct hotspot *vm, uint64_t raw, unsigned colour,
					unsigned good, uint64_t offset)
{
	const struct zheap_map *young = &vm->z->forwardings[ZHEAP_YOUNG];
	const struct zheap_map *old = &vm->z->forwardings[ZHEAP_OLD];

	if (colour >> 1 == good >> 1)
		return young;
	if ((colour & 1) == (good & 1) || (raw >> REMEMBERED_SHIFT & 3) == 3)
		return old;
	return forwarding_at(vm, young, offset) ? young : old;
}

// The lowest colour bit that is set, counted from the first of four; 4: none.
static unsigned colour_of(uint64_t raw)
{
	uint64_t bits = raw >> REMAP_SHIFT & 15;

	return bits ? (unsigned)__builtin_ctzll(bits) : 4;
}

// The address begins right above the colour's bit: how far to shift is told by the reference itself,
// because the global shift changes with every phase.
static uint64_t uncoloured(const struct hotspot *vm, uint64_t raw)
{
	const struct zheap *z = vm->z;
	unsigned colour = colour_of(raw), good;
	uint64_t address, offset;

	if (colour > 3)
		return 0;
	address = raw >> (REMAP_SHIFT + 1 + colour);
	if (!z || !z->forwardings[0].count || !address)
		return address;
	good = colour_of(word(vm, z->good_at));
	if (good > 3 || good == colour)
		return address;
	offset = address & z->offset_mask;
	return (z->offset_mask + 1) |
	       forwarded(vm, table_of(vm, raw, colour, good, offset), offset);
}

// The three views show the same memory, but a page may be present in one of them alone.
static uint64_t visible(const struct hotspot *vm, uint64_t view, uint64_t offset)
{
	const struct zheap *z = vm->z;
	uint64_t ignored;

	if (memory_read_u64(vm->memory, view | offset, &ignored, NULL))
		return view | offset;
	for (int i = 0; i < VIEWS; i++) {
		uint64_t at = (z->offset_mask + 1) << i | offset;

		if (memory_read_u64(vm->memory, at, &ignored, NULL))
			return at;
	}
	return view | offset;
}

// What has been remapped in this cycle or marked in this one is up to date; looking it up would find what
// stood in its place before.
static uint64_t from_view(const struct hotspot *vm, uint64_t raw)
{
	const struct zheap *z = vm->z;
	uint64_t offset, good, weak_bad, views;

	if (!z || !raw || raw % 8)
		return raw;
	views = (z->offset_mask + 1) * ((1 << VIEWS) - 1);
	good = word(vm, z->good_at) & views;
	weak_bad = word(vm, z->weak_bad_at);
	offset = raw & z->offset_mask;
	if (!good || (good & (good - 1)) || !(raw & views))
		return raw;
	if (raw & weak_bad)
		offset = hotspot_has_offset(vm, FIELD_Z_ENTRIES)
				 ? forwarded_by_page(vm, offset)
				 : forwarded(vm, &z->forwardings[0], offset);
	return visible(vm, good, offset);
}

uint64_t zheap_address(const struct hotspot *vm, uint64_t raw)
{
	return vm->coloured_oops ? uncoloured(vm, raw) : from_view(vm, raw);
}
