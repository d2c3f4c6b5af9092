// SPDX-License-Identifier: Apache-2.0
#include "jvm/g1kinds.h"

#include <stdio.h>
#include <string.h>

#include "base/fail.h"
#include "jvm/hotspot.h"
#include "jvm/vmstructs.h"

// Tags of JDK 8, which it does not export.
enum {
	OLD_EDEN = 2,
	OLD_SURVIVOR = 3,
	OLD_HUMONGOUS_MASK = 4,
	OLD_OLD = 8,
	OLD_LAST = 8,
	TAG_DISTANCE = 8, // from a region's number to its tag
};

const char *g1kinds_name(enum g1kind kind)
{
	static const char *const NAMES[G1KIND_COUNT] = {
		[G1KIND_FREE] = "free",         [G1KIND_EDEN] = "eden",
		[G1KIND_SURVIVOR] = "survivor", [G1KIND_HUMONGOUS] = "humongous",
		[G1KIND_ARCHIVE] = "archive",   [G1KIND_OLD] = "old",
	};

	return NAMES[kind];
}

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

bool g1kinds_find(const struct hotspot *vm, struct g1kinds *out, struct fail *why)
{
	struct g1kinds k = { 0 };

	if (!hotspot_has_offset(vm, FIELD_G1_REGION_TYPE)) {
		*out = k;
		return true;
	}
	k.known = true;
	k.offset = vm->field[FIELD_G1_REGION_TYPE]->offset;
	if (hotspot_has_offset(vm, FIELD_G1_REGION_TAG))
		k.offset += vm->field[FIELD_G1_REGION_TAG]->offset;
	k.free = constant(vm, "FreeTag");
	k.eden = constant(vm, "EdenTag");
	k.survivor = constant(vm, "SurvTag");
	k.humongous_mask = constant(vm, "HumongousMask");
	k.archive_mask = constant(vm, "ArchiveMask");
	k.old_mask = constant(vm, "OldMask");
	if (k.free < 0 || k.eden < 0 || k.survivor < 0 || k.humongous_mask <= 0 || k.old_mask <= 0)
		return fail(why, FAIL_ABSENT, "layout unknown: the kinds of G1's regions");
	*out = k;
	return true;
}

static uint32_t int_at(const unsigned char *region, uint64_t offset)
{
	uint32_t value;

	memcpy(&value, region + offset, sizeof(value));
	return value;
}

bool g1kinds_read(const struct g1kinds *k, const unsigned char *region, size_t bytes,
		  enum g1kind *kind)
{
	int64_t tag;

	if (k->offset + sizeof(uint32_t) > bytes)
		return false;
	tag = int_at(region, k->offset);
	if (tag == k->free)
		*kind = G1KIND_FREE;
	else if (tag == k->eden)
		*kind = G1KIND_EDEN;
	else if (tag == k->survivor)
		*kind = G1KIND_SURVIVOR;
	else if (tag & k->humongous_mask)
		*kind = G1KIND_HUMONGOUS;
	else if (k->archive_mask > 0 && tag & k->archive_mask)
		*kind = G1KIND_ARCHIVE;
	else if (tag & k->old_mask)
		*kind = G1KIND_OLD;
	else
		return false;
	return tag < 256;
}

// Whether every region has its own number at `offset`, and a tag behind it; how many are of each kind.
static bool count_kinds(const struct g1kinds_regions *r, uint64_t offset, const struct g1kinds *k,
			size_t counts[G1KIND_COUNT])
{
	memset(counts, 0, G1KIND_COUNT * sizeof(*counts));
	for (size_t i = 0; i < r->count; i++) {
		const unsigned char *region = r->objects + i * r->bytes;
		enum g1kind kind = G1KIND_OLD;

		if (int_at(region, offset) != r->index[i] || int_at(region, k->offset) > OLD_LAST ||
		    !g1kinds_read(k, region, r->bytes, &kind))
			return false;
		counts[kind]++;
	}
	return true;
}

static bool read_length(const struct hotspot *vm, enum field_id set, uint32_t *length)
{
	uint64_t at = hotspot_at(vm, set, vm->heap_at);

	return hotspot_has_offset(vm, set) && hotspot_has_offset(vm, FIELD_G1_SET_COUNT) &&
	       hotspot_read_u32(vm, FIELD_G1_SET_COUNT_LENGTH,
				hotspot_at(vm, FIELD_G1_SET_COUNT, at), length, NULL);
}

void g1kinds_probe(const struct hotspot *vm, const struct g1kinds_regions *r, struct g1kinds *out)
{
	struct g1kinds k = { .known = true,
			     .free = 0,
			     .eden = OLD_EDEN,
			     .survivor = OLD_SURVIVOR,
			     .humongous_mask = OLD_HUMONGOUS_MASK,
			     .archive_mask = -1,
			     .old_mask = OLD_OLD };
	size_t counts[G1KIND_COUNT];
	uint32_t old, humongous;

	if (r->count < 2 || !read_length(vm, FIELD_G1_OLD_SET, &old) ||
	    !read_length(vm, FIELD_G1_HUMONGOUS_SET, &humongous))
		return;
	for (uint64_t o = 0; o + TAG_DISTANCE + 8 <= r->bytes; o += 8) {
		k.offset = o + TAG_DISTANCE;
		if (!count_kinds(r, o, &k, counts))
			continue;
		if (counts[G1KIND_OLD] == old && counts[G1KIND_HUMONGOUS] == humongous)
			*out = k;
		return;
	}
}
