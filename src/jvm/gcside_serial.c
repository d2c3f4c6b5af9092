// SPDX-License-Identifier: Apache-2.0
// Serial and CMS: the old generation's block offset table, a VirtualSpace inside a malloc'd object
// that the generation points to.  It has a byte for each card of the generation's reserved range.
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
	uint64_t table_bytes; // the generation's cards
};

static bool take_space(struct search *s, uint64_t at)
{
	struct range r;

	return gcside_virtual_space(s->p, at, &r) && r.end - r.start >= s->table_bytes &&
	       r.end - r.start <= s->table_bytes + ROUNDING &&
	       gcside_add(s->p, r.start, r.end, "block offset table", false);
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

void gcside_serial_find(struct gcside_probe *p)
{
	struct search s = { .p = p };
	uint64_t old = gcside_old_generation(p), reserved; // MemRegion: start, words

	addresses_init(&s.seen, p->mem);
	if (old && hotspot_has_offset(p->vm, FIELD_GENERATION_RESERVED)) {
		reserved = gcside_word(p, hotspot_at(p->vm, FIELD_GENERATION_RESERVED, old) + 8);
		s.table_bytes = reserved * 8 / p->card_bytes;
		if (reserved <= p->heap_bytes / 8 && s.table_bytes && search_object(&s, old, DEPTH))
			return;
	}
	vec_push(p->mem, &p->out->refused, "the old generation's block offset table was not found");
}
