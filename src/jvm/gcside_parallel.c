// SPDX-License-Identifier: Apache-2.0
// Parallel: mark bitmap, summary data and the old generation's object start array.
//
// The first two are static objects of libjvm that begin with the heap's start and point to a
// PSVirtualSpace whose bounds they repeat; the third is a PSVirtualSpace in or below PSOldGen.
#include "jvm/gcside.h"

#include "base/memory.h"
#include "jvm/hotspot.h"

enum {
	BITMAP_WORDS = 18,  // of ParMarkBitMap that may hold its space and size
	OLD_LIMIT = 16384,  // bytes of PSOldGen
	OBJECT_LIMIT = 512, // bytes of what it points to and that may hold a space
};

// {heap start, heap words, map..., PSVirtualSpace*, its bytes}
static bool take_mark_bitmap(struct gcside_probe *p, const uint64_t *w)
{
	for (size_t i = 3; i < BITMAP_WORDS - 1; i++) {
		struct range r;

		if (!gcside_ps_space(p, w[i], &r) || r.end - r.start != w[i + 1])
			continue;
		for (size_t k = 2; k < i; k++)
			if (w[k] == r.start)
				return gcside_add(p, r.start, r.end, "mark bitmap", false);
	}
	return false;
}

// {heap start, PSVirtualSpace*, bytes, data, count [, PSVirtualSpace*, data]}: `bytes` are those of
// the last space that was made.
static bool take_summary(struct gcside_probe *p, const uint64_t *w)
{
	struct range region, block = { 0, 0 };
	bool has_block;

	if (!gcside_ps_space(p, w[1], &region) || w[3] != region.start)
		return false;
	has_block = gcside_ps_space(p, w[5], &block) && w[6] == block.start;
	if (w[2] != region.end - region.start && (!has_block || w[2] != block.end - block.start))
		return false;
	return gcside_add(p, region.start, region.end, "summary data", false) &&
	       (!has_block || gcside_add(p, block.start, block.end, "block table", false));
}

static bool take_start_array(struct gcside_probe *p, uint64_t space)
{
	struct range r;

	// A byte a card of the old generation, rounded up.
	return gcside_ps_space(p, space, &r) && r.start != p->vm->heap_start &&
	       !(r.start >= p->vm->heap_start && r.start < p->vm->heap_end) &&
	       r.end - r.start <= p->heap_bytes / p->card_bytes * 2 &&
	       gcside_add(p, r.start, r.end, "object start array", false);
}

static bool find_start_array(struct gcside_probe *p)
{
	uint64_t old, size;

	if (!hotspot_read_pointer(p->vm, FIELD_PS_OLD, p->vm->heap_at, &old, NULL))
		return false;
	size = gcside_object_size(p, old);
	for (uint64_t o = 8; o < size && o < OLD_LIMIT; o += 8) {
		uint64_t below = gcside_word(p, old + o);
		uint64_t below_size = gcside_object_size(p, below);

		if (take_start_array(p, old + o))
			return true;
		for (uint64_t q = 0; q < below_size && below_size <= OBJECT_LIMIT; q += 8)
			if ((q + 48 <= below_size && take_start_array(p, below + q)) ||
			    take_start_array(p, gcside_word(p, below + q)))
				return true;
	}
	return false;
}

static void find_compaction(struct gcside_probe *p)
{
	bool has_bitmap = false, has_summary = false;

	for (size_t i = 0; i + BITMAP_WORDS <= p->static_count; i++) {
		const uint64_t *w = &p->statics[i];

		if (w[0] != p->vm->heap_start)
			continue;
		if (w[1] == p->heap_bytes / 8)
			has_bitmap |= take_mark_bitmap(p, w);
		else
			has_summary |= take_summary(p, w);
	}
	if (!has_bitmap)
		vec_push(p->mem, &p->out->refused, "Parallel's mark bitmap was not found");
	if (!has_summary)
		vec_push(p->mem, &p->out->refused, "Parallel's summary data were not found");
}

void gcside_parallel_find(struct gcside_probe *p)
{
	uint64_t is_parallel;

	// Until JDK 14 the old generation may be collected as Serial does, which needs neither.
	if (!hotspot_flag(p->vm, "UseParallelOldGC", &is_parallel) || is_parallel)
		find_compaction(p);
	if (!find_start_array(p))
		vec_push(p->mem, &p->out->refused, "Parallel's object start array was not found");
}
