// SPDX-License-Identifier: Apache-2.0
// The region table names every region that was ever committed.  Which of them are committed now is
// not exported: the heap's G1RegionToSpaceMapper knows, which is found among the words of the
// HeapRegionManager by redundant fields (its bounds are the reserved heap's, and its bitmap has a
// bit for each of its pages).  A region is committed as a whole, which the bitmap must confirm.

#include "jvm/spaces_g1.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/arena.h"
#include "base/fail.h"
#include "base/memory.h"
#include "base/units.h"
#include "jvm/hotspot.h"
#include "jvm/spaces.h"
#include "jvm/vmstructs.h"

enum {
	REGION_LIMIT = 1 << 20,     // G1 aims at 2048
	MANAGER_BYTES_LIMIT = 1024, // of the HeapRegionManager object
	REGION_BYTES_LIMIT = 512,   // of the part of a region that is read
	REGION_SPACING = 4096,      // bytes a region: beyond that they are not worth one read
};

// G1RegionToSpaceMapper: a vtable, a listener and a G1PageBasedVirtualSpace, in words.  Stable from
// JDK 8 to 28; validated each time.
enum mapper_word {
	MAPPER_VTABLE,
	MAPPER_LOW = 2,
	MAPPER_HIGH,
	MAPPER_TAIL,
	MAPPER_PAGE_SIZE,
	MAPPER_BITS_AT,
	MAPPER_BIT_COUNT,
	MAPPER_WORDS,
};

enum kind {
	KIND_FREE,
	KIND_EDEN,
	KIND_SURVIVOR,
	KIND_HUMONGOUS,
	KIND_ARCHIVE,
	KIND_OLD,
	KIND_COUNT
};
static const char *const KIND_NAMES[KIND_COUNT] = {
	[KIND_FREE] = "free",           [KIND_EDEN] = "eden",       [KIND_SURVIVOR] = "survivor",
	[KIND_HUMONGOUS] = "humongous", [KIND_ARCHIVE] = "archive", [KIND_OLD] = "old",
};

// What a region's tag means, by the VM's own constants; -1: it has no such kind.
struct tags {
	bool known;
	int64_t free, eden, survivor, humongous_mask, archive_mask, old_mask;
};

struct heap {
	const struct hotspot *vm;
	uint64_t manager, grain;
	size_t regions;
	const uint64_t *region_at;    // by index; 0: never committed
	uint64_t bits_at, page_bytes; // one bit for each page that is committed as a whole
	struct tags tags;
	uint64_t read_bytes; // of each region
};

static int64_t constant(const struct hotspot *vm, const char *name)
{
	static const char *const TYPES[] = { "HeapRegionType", "G1HeapRegionType" };
	char full[64];
	int64_t value;

	for (size_t i = 0; i < sizeof(TYPES) / sizeof(TYPES[0]); i++) {
		snprintf(full, sizeof(full), "%s::%s", TYPES[i], name);
		if (vmstructs_constant(vm->tables, full, &value))
			return value;
	}
	return -1;
}

static bool find_tags(const struct hotspot *vm, struct tags *t, struct fail *why)
{
	t->known = hotspot_has_offset(vm, FIELD_G1_REGION_TYPE);
	if (!t->known) // JDK 8
		return true;
	t->free = constant(vm, "FreeTag");
	t->eden = constant(vm, "EdenTag");
	t->survivor = constant(vm, "SurvTag");
	t->humongous_mask = constant(vm, "HumongousMask");
	t->archive_mask = constant(vm, "ArchiveMask");
	t->old_mask = constant(vm, "OldMask");
	return (t->free >= 0 && t->eden >= 0 && t->survivor >= 0 && t->humongous_mask > 0 &&
		t->old_mask > 0) ||
	       fail(why, FAIL_ABSENT, "layout unknown: the kinds of G1's regions");
}

static bool find_kind(const struct tags *t, int64_t tag, enum kind *kind)
{
	if (tag == t->free)
		*kind = KIND_FREE;
	else if (tag == t->eden)
		*kind = KIND_EDEN;
	else if (tag == t->survivor)
		*kind = KIND_SURVIVOR;
	else if (tag & t->humongous_mask)
		*kind = KIND_HUMONGOUS;
	else if (t->archive_mask > 0 && tag & t->archive_mask)
		*kind = KIND_ARCHIVE;
	else if (tag & t->old_mask)
		*kind = KIND_OLD;
	else
		return false;
	return tag >= 0 && tag < 256;
}

static bool is_power_of_two(uint64_t n)
{
	return n && !(n & (n - 1));
}

// Whether the object at `at` is the mapper of the heap's own pages.
static bool match_mapper(struct heap *h, uint64_t at)
{
	const struct hotspot *vm = h->vm;
	uint64_t w[MAPPER_WORDS], pages;

	if (!hotspot_is_pointer(at) || !memory_read(vm->memory, at, w, sizeof(w), NULL) ||
	    !hotspot_is_vtable(vm, w[MAPPER_VTABLE]) || w[MAPPER_LOW] != vm->heap_start ||
	    w[MAPPER_HIGH] != vm->heap_end || w[MAPPER_TAIL] ||
	    w[MAPPER_PAGE_SIZE] < PAGE_SIZE_BYTES || !is_power_of_two(w[MAPPER_PAGE_SIZE]) ||
	    w[MAPPER_PAGE_SIZE] > GIB(1))
		return false;
	pages = (vm->heap_end - vm->heap_start) / w[MAPPER_PAGE_SIZE];
	if (w[MAPPER_BIT_COUNT] != pages || !hotspot_is_pointer(w[MAPPER_BITS_AT]))
		return false;
	h->bits_at = w[MAPPER_BITS_AT];
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
	return find_tags(vm, &h->tags, why) && find_mapper(h, why);
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
						 FIELD_G1_REGION_TOP, FIELD_G1_REGION_TYPE };
	size_t count = h->tags.known ? 4 : 3;

	for (size_t i = 0; i < count; i++) {
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

static bool add_region(const struct heap *h, size_t index, struct spaces_row *rows,
		       struct fail *why)
{
	uint64_t bottom = h->vm->heap_start + index * h->grain, top;
	unsigned char bytes[REGION_BYTES_LIMIT];
	enum kind kind = KIND_OLD;

	if (!hotspot_is_pointer(h->region_at[index]) ||
	    !memory_read(h->vm->memory, h->region_at[index], bytes, h->read_bytes, why))
		return fail(why, FAIL_CORRUPT, "committed region %zu is not in the table", index);
	top = member(h, FIELD_G1_REGION_TOP, bytes);
	// Where regions have no kind (JDK 8), the first of a large object's holds the top of all.
	if (member(h, FIELD_G1_REGION_BOTTOM, bytes) != bottom || top < bottom ||
	    top > (h->tags.known ? bottom + h->grain : h->vm->heap_end))
		return fail(why, FAIL_CORRUPT, "region %zu has bounds of another", index);
	if (h->tags.known) {
		uint64_t offset = h->vm->field[FIELD_G1_REGION_TYPE]->offset;
		int32_t tag;

		if (hotspot_has_offset(h->vm, FIELD_G1_REGION_TAG))
			offset += h->vm->field[FIELD_G1_REGION_TAG]->offset;
		if (offset + sizeof(tag) > sizeof(bytes))
			return fail(why, FAIL_CORRUPT, "layout unknown: a region's tag");
		memcpy(&tag, bytes + offset, sizeof(tag));
		if (!find_kind(&h->tags, tag, &kind))
			return fail(why, FAIL_CORRUPT, "region %zu is of kind %d", index, tag);
	}
	rows[kind].regions++;
	rows[kind].committed += h->grain;
	rows[kind].used += top - bottom;
	return true;
}

// The region objects were allocated one after the other: a few large reads instead of one for each.
static void prefetch_regions(const struct heap *h)
{
	uint64_t low = UINT64_MAX, high = 0;

	for (size_t i = 0; i < h->regions; i++) {
		uint64_t at = h->region_at[i];

		if (!hotspot_is_pointer(at))
			continue;
		low = at < low ? at : low;
		high = at + h->read_bytes > high ? at + h->read_bytes : high;
	}
	if (low < high && high - low <= h->regions * REGION_SPACING)
		memory_prefetch(h->vm->memory, low, high);
}

bool spaces_g1_read(const struct hotspot *vm, struct arena *mem, struct spaces *out,
		    struct fail *why)
{
	struct spaces_row rows[KIND_COUNT] = { 0 };
	struct heap h = { 0 };
	struct spaces s = { 0 };

	if (!open_heap(vm, mem, &h, why) || !find_read_bytes(&h, why))
		return false;
	prefetch_regions(&h);
	for (size_t i = 0; i < h.regions; i++) {
		bool committed = false;

		if (!is_committed(&h, i, &committed, why) ||
		    (committed && !add_region(&h, i, rows, why)))
			return false;
	}
	s.region_bytes = h.grain;
	for (size_t k = 0; k < KIND_COUNT; k++) {
		rows[k].name = h.tags.known ? KIND_NAMES[k] : "regions";
		s.committed += rows[k].committed;
		s.used += rows[k].used;
		if (rows[k].regions)
			spaces_add(&s, rows[k]);
	}
	if (!h.tags.known) {
		s.unknown = "the kinds of G1's regions: this VM does not export them";
		if (!hotspot_read_u64(vm, FIELD_G1_USED, vm->heap_at, &s.used, NULL))
			s.used = SPACES_UNKNOWN;
	}
	*out = s;
	return true;
}
