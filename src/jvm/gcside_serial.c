// SPDX-License-Identifier: Apache-2.0
// Serial and CMS: the old generation's block offset table, a VirtualSpace inside a malloc'd object
// that the generation points to.  It spans 1/512 of the generation's reserved range.
#include "jvm/gcside.h"

#include "base/memory.h"
#include "base/units.h"
#include "jvm/addresses.h"
#include "jvm/hotspot.h"

enum {
	OBJECT_LIMIT = 16384, // bytes of an object that is searched
	OBJECTS = 4096,       // searched at most
	DEPTH = 2,            // pointers away from the generation
	ROUNDING = 8 << 10,   // one slot more, then whole pages
};

struct search {
	struct gcside_probe *p;
	struct addresses seen;
	uint64_t table_bytes; // 1/512 of the generation
};

// Low and high boundary, low and high: the table is committed from its start.
static bool take_space(struct search *s, uint64_t at)
{
	static const enum field_id FIELDS[] = { FIELD_VIRTUAL_LOW_BOUNDARY,
						FIELD_VIRTUAL_HIGH_BOUNDARY, FIELD_VIRTUAL_LOW,
						FIELD_VIRTUAL_HIGH };
	uint64_t w[4], size;

	for (size_t i = 0; i < 4; i++)
		w[i] = gcside_word(s->p, hotspot_at(s->p->vm, FIELDS[i], at));
	size = w[1] - w[0];
	if (!gcside_is_side(s->p, w[0]) || w[1] <= w[0] || w[1] % PAGE_SIZE_BYTES || w[2] != w[0] ||
	    w[3] <= w[2] || w[3] > w[1] || size < s->table_bytes ||
	    size > s->table_bytes + ROUNDING)
		return false;
	return gcside_add(s->p, w[0], w[1], "block offset table", false);
}

static bool search_object(struct search *s, uint64_t at, unsigned depth)
{
	uint64_t size = gcside_object_size(s->p, at);

	if (!size || size > OBJECT_LIMIT || s->seen.count >= OBJECTS ||
	    !addresses_put(&s->seen, at, 1, NULL))
		return false;
	for (uint64_t o = 0; o + 8 <= size; o += 8) {
		if (o + 48 <= size && take_space(s, at + o))
			return true;
		if (depth && search_object(s, gcside_word(s->p, at + o), depth - 1))
			return true;
	}
	return false;
}

static uint64_t find_old(const struct gcside_probe *p)
{
	uint64_t old = 0;

	if (hotspot_has(p->vm, FIELD_GEN_OLD))
		hotspot_read_pointer(p->vm, FIELD_GEN_OLD, p->vm->heap_at, &old, NULL);
	else if (hotspot_has(p->vm, FIELD_GENS)) // JDK 8: young, old
		old = gcside_word(p, hotspot_at(p->vm, FIELD_GENS, p->vm->heap_at) + 8);
	return old;
}

void gcside_serial_find(struct gcside_probe *p)
{
	struct search s = { .p = p };
	uint64_t old = find_old(p), reserved; // MemRegion: start, words

	addresses_init(&s.seen, p->mem);
	if (hotspot_is_pointer(old) && hotspot_has_offset(p->vm, FIELD_GENERATION_RESERVED) &&
	    hotspot_has_offset(p->vm, FIELD_VIRTUAL_LOW_BOUNDARY)) {
		reserved = gcside_word(p, hotspot_at(p->vm, FIELD_GENERATION_RESERVED, old) + 8);
		s.table_bytes = reserved / (512 / 8);
		if (s.table_bytes && reserved * 8 <= p->heap_bytes && search_object(&s, old, DEPTH))
			return;
	}
	vec_push(p->mem, &p->out->refused, "the old generation's block offset table was not found");
}
