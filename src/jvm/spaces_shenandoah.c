// SPDX-License-Identifier: Apache-2.0
#include "jvm/spaces_shenandoah.h"

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
	REGIONS_LIMIT = 1 << 20,
	REGION_BYTES_LIMIT = 4096, // of a region's object
	STATES = 10,
};

enum row { REGULAR, HUMONGOUS, COLLECTION_SET, PINNED, TRASH, FREE, ROWS, UNCOMMITTED };
static const char *const NAMES[ROWS] = { "regular", "humongous", "collection set",
					 "pinned",  "trash",     "free" };

// The VM's states by its own names.
static const struct state {
	const char *name;
	enum row row;
} STATE_NAMES[STATES] = {
	{ "_empty_uncommitted", UNCOMMITTED },
	{ "_empty_committed", FREE },
	{ "_regular", REGULAR },
	{ "_humongous_start", HUMONGOUS },
	{ "_humongous_cont", HUMONGOUS },
	{ "_pinned_humongous_start", HUMONGOUS },
	{ "_cset", COLLECTION_SET },
	{ "_pinned", PINNED },
	{ "_pinned_cset", COLLECTION_SET },
	{ "_trash", TRASH },
};

struct regions {
	const struct hotspot *vm;
	uint64_t count, bytes;
	enum row row_of[64]; // by the state's number
	uint64_t known;      // which numbers those are, as bits
	struct spaces_row rows[ROWS];
};

static bool read_states(struct regions *r)
{
	for (size_t i = 0; i < STATES; i++) {
		char name[64];
		int64_t number;

		snprintf(name, sizeof(name), "ShenandoahHeapRegion::%s", STATE_NAMES[i].name);
		if (!vmstructs_constant(r->vm->tables, name, &number) || number < 0 || number > 63)
			return false;
		r->row_of[number] = STATE_NAMES[i].row;
		r->known |= UINT64_C(1) << number;
	}
	return true;
}

static uint64_t member(const struct regions *r, enum field_id id, const unsigned char *object)
{
	uint64_t value;

	memcpy(&value, object + r->vm->field[id]->offset, sizeof(value));
	return value;
}

static bool add_region(struct regions *r, uint64_t index, const unsigned char *object)
{
	uint64_t bottom = r->vm->heap_start + index * r->bytes;
	uint64_t top = member(r, FIELD_SHENANDOAH_REGION_TOP, object);
	uint64_t state = member(r, FIELD_SHENANDOAH_REGION_STATE, object) & UINT32_MAX;
	enum row row;

	if (member(r, FIELD_SHENANDOAH_REGION_INDEX, object) != index ||
	    member(r, FIELD_SHENANDOAH_REGION_BOTTOM, object) != bottom || top < bottom ||
	    top > bottom + r->bytes || state > 63 || !(r->known >> state & 1))
		return false;
	row = r->row_of[state];
	if (row == UNCOMMITTED)
		return true;
	r->rows[row].regions++;
	r->rows[row].committed += r->bytes;
	r->rows[row].used += top - bottom;
	return true;
}

static bool read_regions(struct regions *r, struct arena *mem)
{
	static const enum field_id MEMBERS[] = { FIELD_SHENANDOAH_REGION_INDEX,
						 FIELD_SHENANDOAH_REGION_BOTTOM,
						 FIELD_SHENANDOAH_REGION_TOP,
						 FIELD_SHENANDOAH_REGION_STATE };
	uint64_t array, *at = arena_array(mem, uint64_t, r->count);
	struct memory_objects objects = { .at = at, .count = r->count };
	unsigned char *copy;

	for (size_t i = 0; i < sizeof(MEMBERS) / sizeof(MEMBERS[0]); i++) {
		if (!hotspot_has_offset(r->vm, MEMBERS[i]))
			return false;
		if (r->vm->field[MEMBERS[i]]->offset + 8 > objects.len)
			objects.len = r->vm->field[MEMBERS[i]]->offset + 8;
	}
	if (objects.len > REGION_BYTES_LIMIT ||
	    !hotspot_read_pointer(r->vm, FIELD_SHENANDOAH_REGIONS, r->vm->heap_at, &array, NULL) ||
	    !memory_read(r->vm->memory, array, at, r->count * 8, NULL))
		return false;
	for (size_t i = 0; i < r->count; i++)
		if (!hotspot_is_pointer(at[i]))
			return false;
	copy = arena_get_array(mem, r->count, objects.len);
	if (!memory_gather(r->vm->memory, &objects, copy, NULL))
		return false;
	for (size_t i = 0; i < r->count; i++)
		if (!add_region(r, i, copy + i * objects.len))
			return false;
	return true;
}

static void add_rows(const struct hotspot *vm, uint64_t committed, struct spaces *out)
{
	struct regions r = { .vm = vm };
	struct arena frame = { 0 };
	uint64_t sum = 0;

	if (!hotspot_read_u64(vm, FIELD_SHENANDOAH_REGION_COUNT, vm->heap_at, &r.count, NULL) ||
	    !hotspot_read_u64(vm, FIELD_SHENANDOAH_REGION_BYTES, 0, &r.bytes, NULL) || !r.count ||
	    r.count > REGIONS_LIMIT || r.bytes > GIB(1) ||
	    r.count * r.bytes != vm->heap_end - vm->heap_start)
		return;
	out->region_bytes = r.bytes;
	if (read_states(&r) && read_regions(&r, &frame)) {
		for (int i = 0; i < ROWS; i++)
			sum += r.rows[i].committed;
		for (int i = 0; i < ROWS && sum == committed; i++) {
			r.rows[i].name = NAMES[i];
			if (r.rows[i].regions)
				spaces_add(out, r.rows[i]);
		}
	}
	arena_drop(&frame);
}

// In the heap (to 23), in the global generation (24, 25), or in the set of free regions.
static bool read_used(const struct hotspot *vm, uint64_t *used, struct fail *why)
{
	uint64_t owner;

	if (hotspot_has_offset(vm, FIELD_SHENANDOAH_USED))
		return hotspot_read_u64(vm, FIELD_SHENANDOAH_USED, vm->heap_at, used, why);
	if (hotspot_has_offset(vm, FIELD_SHENANDOAH_FREE_SET))
		return hotspot_read_pointer(vm, FIELD_SHENANDOAH_FREE_SET, vm->heap_at, &owner,
					    why) &&
		       hotspot_read_u64(vm, FIELD_SHENANDOAH_TOTAL_USED, owner, used, why);
	return hotspot_read_pointer(vm, FIELD_SHENANDOAH_GLOBAL, vm->heap_at, &owner, why) &&
	       hotspot_read_u64(vm, FIELD_SHENANDOAH_GENERATION_USED, owner, used, why);
}

bool spaces_shenandoah_read(const struct hotspot *vm, struct spaces *out, struct fail *why)
{
	uint64_t committed, used;

	if (!hotspot_read_u64(vm, FIELD_SHENANDOAH_COMMITTED, vm->heap_at, &committed, why) ||
	    !read_used(vm, &used, why))
		return false;
	if (committed % PAGE_SIZE_BYTES || committed > vm->heap_end - vm->heap_start ||
	    used > committed)
		return fail(why, FAIL_CORRUPT,
			    "layout unknown: %" PRIu64 " of %" PRIu64 " heap bytes used", used,
			    committed);
	out->committed = committed;
	out->used = used;
	add_rows(vm, committed, out);
	return true;
}
