// SPDX-License-Identifier: Apache-2.0
#include "fakevm_shenandoah.h"

#include "base/units.h"

enum {
	HEAP_BYTES = 1024,
	COMMITTED_AT = 64,
	USED_AT = 72,
	COUNT_AT = 80,
	REGIONS_AT = 88,
	CONTEXT_AT = 96,
	MARK_AT = 104, // {mark bitmap, bytes of a slice}
	AUX_AT = 128,
	SET_AT = 208,
};

// A malloc'd object: glibc's size stands before it.
static uint64_t object(struct fakevm *fake, uint64_t size)
{
	uint64_t at = fakevm_object(fake, size + 16) + 16;

	fakevm_set(fake, at - 8, (size + 16) | 1);
	return at;
}

static void words(struct fakevm *fake, uint64_t at, const uint64_t *w, size_t count)
{
	for (size_t i = 0; i < count; i++)
		fakevm_set(fake, at + 8 * i, w[i]);
}

static void declare(struct fakevm *fake)
{
	static const char *const STATES[] = {
		"empty_uncommitted",
		"empty_committed",
		"regular",
		"humongous_start",
		"humongous_cont",
		"pinned_humongous_start",
		"cset",
		"pinned",
		"pinned_cset",
		"trash",
	};

	fakevm_type(fake, "ShenandoahHeap", HEAP_BYTES);
	fakevm_member(fake, "ShenandoahHeap", "_committed", "size_t", COMMITTED_AT);
	fakevm_member(fake, "ShenandoahHeap", "_used", "size_t", USED_AT);
	fakevm_member(fake, "ShenandoahHeap", "_num_regions", "size_t", COUNT_AT);
	fakevm_member(fake, "ShenandoahHeap", "_regions", "ShenandoahHeapRegion**", REGIONS_AT);
	fakevm_field(fake, "ShenandoahHeapRegion", "RegionSizeBytes", "size_t", MIB(1));
	fakevm_member(fake, "ShenandoahHeapRegion", "_index", "size_t const", 0);
	fakevm_member(fake, "ShenandoahHeapRegion", "_bottom", "HeapWord* const", 8);
	fakevm_member(fake, "ShenandoahHeapRegion", "_end", "HeapWord* const", 16);
	fakevm_member(fake, "ShenandoahHeapRegion", "_state", "ShenandoahHeapRegion::RegionState",
		      48);
	fakevm_member(fake, "ShenandoahHeapRegion", "_top", "HeapWord*", 56);
	for (int i = 0; i < 10; i++) {
		char name[64] = "ShenandoahHeapRegion::_";

		for (size_t n = 0; STATES[i][n]; n++)
			name[23 + n] = STATES[i][n];
		fakevm_constant(fake, name, i);
	}
}

static void add_regions(struct fakevm *fake, struct fakevm_shenandoah *s)
{
	static const uint64_t STATES[] = { 2, 2, 2, 3, 4, 6, 1 };

	s->array = fakevm_object(fake, FAKEVM_SHENANDOAH_REGIONS * 8);
	s->regions = fakevm_pages(fake, FAKEVM_SHENANDOAH_REGIONS * FAKEVM_SHENANDOAH_STRIDE);
	for (uint64_t i = 0; i < FAKEVM_SHENANDOAH_REGIONS; i++) {
		uint64_t at = s->regions + i * FAKEVM_SHENANDOAH_STRIDE;
		uint64_t bottom = FAKEVM_HEAP + i * MIB(1);

		fakevm_set(fake, s->array + i * 8, at);
		words(fake, at, (uint64_t[]){ i, bottom, bottom + MIB(1) }, 3);
		fakevm_set(fake, at + 48, i < 7 ? STATES[i] : 0);
		fakevm_set(fake, at + 56, i < 6 ? bottom + (i == 2 ? 4096 : MIB(1)) : bottom);
	}
	fakevm_set(fake, s->heap + COUNT_AT, FAKEVM_SHENANDOAH_REGIONS);
	fakevm_set(fake, s->heap + REGIONS_AT, s->array);
	fakevm_set(fake, s->committed_at, MIB(7));
	fakevm_set(fake, s->used_at, MIB(5) + 4096);
}

static void add_bitmaps(struct fakevm *fake, struct fakevm_shenandoah *s)
{
	uint64_t mark = FAKEVM_SHENANDOAH_TABLES + FAKEVM_SHENANDOAH_MARK;
	uint64_t heap_words = FAKEVM_HEAP_SIZE / 8;

	s->context = object(fake, 256);
	words(fake, s->context, (uint64_t[]){ 0, FAKEVM_HEAP, heap_words, mark, 2 * heap_words },
	      5);
	fakevm_set(fake, s->heap + CONTEXT_AT, s->context);
	fakevm_set(fake, s->heap + MARK_AT, mark);
	s->aux = s->heap + AUX_AT;
	words(fake, s->aux,
	      (uint64_t[]){ FAKEVM_HEAP, heap_words, 0,
			    FAKEVM_SHENANDOAH_TABLES + FAKEVM_SHENANDOAH_AUX, heap_words,
			    FAKEVM_SHENANDOAH_BITMAP },
	      6);
}

static void add_set(struct fakevm *fake, struct fakevm_shenandoah *s)
{
	s->set = object(fake, 128);
	words(fake, s->set,
	      (uint64_t[]){ FAKEVM_SHENANDOAH_REGIONS, 20, FAKEVM_SHENANDOAH_SET, 8192, 0, 4096,
			    FAKEVM_SHENANDOAH_SET + (FAKEVM_HEAP >> 20), FAKEVM_SHENANDOAH_SET },
	      8);
	fakevm_set(fake, s->heap + SET_AT, s->set);
	fakevm_map(fake, FAKEVM_SHENANDOAH_SET, FAKEVM_SHENANDOAH_SET + 8192, "");
}

static void add_cards(struct fakevm *fake, struct fakevm_shenandoah *s)
{
	uint64_t read = FAKEVM_SHENANDOAH_TABLES + FAKEVM_SHENANDOAH_READ;
	uint64_t write = FAKEVM_SHENANDOAH_TABLES + FAKEVM_SHENANDOAH_WRITE;
	uint64_t bias = FAKEVM_HEAP / 512;

	s->barrier = object(fake, 192);
	s->cards = object(fake, 128);
	fakevm_set(fake, s->barrier + 72, s->cards);
	words(fake, s->cards,
	      (uint64_t[]){ fake->vtable, FAKEVM_HEAP, FAKEVM_HEAP_SIZE / 8, 4096,
			    FAKEVM_SHENANDOAH_CARDS, write, write - bias, 0, 0, 0, 0, read, write,
			    read - bias, write - bias },
	      15);
	fakevm_field(fake, "BarrierSet", "_barrier_set", "BarrierSet*", s->barrier);
}

struct fakevm_shenandoah fakevm_add_shenandoah(struct fakevm *fake, bool generational)
{
	struct fakevm_shenandoah s = { .heap = fakevm_object(fake, HEAP_BYTES) };

	s.committed_at = s.heap + COMMITTED_AT;
	s.used_at = s.heap + USED_AT;
	fakevm_set(fake, s.heap, fake->vtable);
	fakevm_set(fake, s.heap + 16, FAKEVM_HEAP);
	fakevm_set(fake, s.heap + 24, FAKEVM_HEAP_SIZE / 8);
	fakevm_field(fake, "Universe", "_collectedHeap", "CollectedHeap*", s.heap);
	fakevm_flag(fake, "MaxHeapSize", 6, FAKEVM_HEAP_SIZE, 1);
	fakevm_flag(fake, "UseShenandoahGC", 0, 1, 1);
	fakevm_flag(fake, "ObjectAlignmentInBytes", 4, 8, 0);
	fakevm_flag(fake, "ShenandoahGCMode", 8,
		    fakevm_text(fake, generational ? "generational" : "satb"), 1);
	fakevm_map(fake, FAKEVM_SHENANDOAH_TABLES, FAKEVM_SHENANDOAH_TABLES + MIB(16), "");
	declare(fake);
	add_regions(fake, &s);
	add_bitmaps(fake, &s);
	add_set(fake, &s);
	if (generational)
		add_cards(fake, &s);
	return s;
}
