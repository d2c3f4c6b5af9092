// SPDX-License-Identifier: Apache-2.0
// CMS: mark bitmap, mod union table, mark stack.
//
// All three are members of the CMSCollector: two CMSBitMaps, of which vmStructs names the first, and
// a CMSMarkStack right behind the second.  Each holds its VirtualSpace; the bitmaps' cover exactly
// the old generation, and the stack's first word behind its space is the space's start.
#include "jvm/gcside.h"

#include "base/memory.h"
#include "base/units.h"
#include "jvm/hotspot.h"
#include "jvm/vmstructs.h"

enum {
	CARD_WORDS_LOG2 = 6, // the mod union table has a bit a card
	ROUNDING = 4096,     // beside whole pages: one byte more than needed
};

// Covered start and words, bits' shift, VirtualSpace.
static bool take_bitmap(struct gcside_probe *p, uint64_t at, struct range covered, uint64_t shift,
			const char *part)
{
	uint64_t words = (covered.end - covered.start) / 8, bytes = (words >> shift) / 8;
	uint32_t has_shift;
	struct range r;

	return gcside_word(p, at) == covered.start &&
	       gcside_word(p, hotspot_at(p->vm, FIELD_CMS_BITMAP_WORDS, at)) == words &&
	       hotspot_read_u32(p->vm, FIELD_CMS_BITMAP_SHIFT, at, &has_shift, NULL) &&
	       has_shift == shift &&
	       gcside_virtual_space(p, hotspot_at(p->vm, FIELD_CMS_BITMAP_VIRTUAL, at), &r) &&
	       r.end - r.start >= bytes && r.end - r.start <= units_page_up(bytes) + ROUNDING &&
	       gcside_add(p, r.start, r.end, part, false);
}

// VirtualSpace, then base, entries in use, entries in all.
static bool take_mark_stack(struct gcside_probe *p, uint64_t at)
{
	uint64_t size = vmstructs_size(p->vm->tables, "VirtualSpace"), w[3];
	struct range r;

	if (!size || !gcside_virtual_space(p, at, &r) || r.end - r.start > GIB(4) ||
	    !memory_read(p->vm->memory, at + size, w, sizeof(w), NULL) || w[0] != r.start ||
	    w[1] > w[2] || !w[2] || w[2] > (r.end - r.start) / 8)
		return false;
	if (!gcside_add(p, r.start, r.end, "mark stack", false))
		return false;
	gcside_outgrown_find(p, w[2]);
	return true;
}

// From the old generation's space, or 0.
static uint64_t find_collector(const struct gcside_probe *p, uint64_t old)
{
	static const enum field_id MEMBERS[] = { FIELD_CMS_SPACE,          FIELD_CMS_COLLECTOR,
						 FIELD_CMS_MARK_BITMAP,    FIELD_CMS_BITMAP_WORDS,
						 FIELD_CMS_BITMAP_VIRTUAL, FIELD_CMS_BITMAP_SHIFT };
	uint64_t space, collector;

	for (size_t i = 0; i < sizeof(MEMBERS) / sizeof(MEMBERS[0]); i++)
		if (!hotspot_has_offset(p->vm, MEMBERS[i]))
			return 0;
	if (!old || !hotspot_has_offset(p->vm, FIELD_GENERATION_RESERVED) ||
	    !hotspot_read_pointer(p->vm, FIELD_CMS_SPACE, old, &space, NULL) ||
	    !hotspot_read_pointer(p->vm, FIELD_CMS_COLLECTOR, space, &collector, NULL))
		return 0;
	return collector;
}

void gcside_cms_find(struct gcside_probe *p)
{
	uint64_t old = gcside_old_generation(p), collector = find_collector(p, old), first, bitmap;
	struct range covered = { 0, 0 };

	if (!collector) {
		vec_push(p->mem, &p->out->refused, "CMS's collector was not found");
		return;
	}
	first = hotspot_at(p->vm, FIELD_GENERATION_RESERVED, old); // start, words
	covered.start = gcside_word(p, first);
	covered.end = covered.start + gcside_word(p, first + 8) * 8;
	first = hotspot_at(p->vm, FIELD_CMS_MARK_BITMAP, collector);
	bitmap = vmstructs_size(p->vm->tables, "CMSBitMap");
	if (covered.start < p->vm->heap_start || covered.end <= covered.start ||
	    covered.end > p->vm->heap_end) {
		vec_push(p->mem, &p->out->refused, "CMS's generation is not in the heap");
		return;
	}
	if (!take_bitmap(p, first, covered, 0, "mark bitmap"))
		vec_push(p->mem, &p->out->refused, "CMS's mark bitmap was not found");
	if (!take_bitmap(p, first + bitmap, covered, CARD_WORDS_LOG2, "mod union table"))
		vec_push(p->mem, &p->out->refused, "CMS's mod union table was not found");
	if (!take_mark_stack(p, first + 2 * bitmap))
		vec_push(p->mem, &p->out->refused, "CMS's mark stack was not found");
}
