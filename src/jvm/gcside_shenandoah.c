// SPDX-License-Identifier: Apache-2.0
// Shenandoah: region objects, mark and auxiliary bitmap, collection set, card tables of generations.
//
// All are found from the heap object, whose members name the same things more than once.
#include "jvm/gcside.h"

#include <string.h>

#include "base/memory.h"
#include "base/units.h"
#include "jvm/flags.h"
#include "jvm/hotspot.h"
#include "jvm/vmstructs.h"

enum {
	HEAP_WORDS = 1024, // of the heap object
	OBJECT_LIMIT = 4096,
	OBJECT_WORDS = 64, // of an object below it that are looked at
	REGIONS_LIMIT = 1 << 20,
	STRIDE_LIMIT = 4096, // bytes of one region's object
	BARRIER_WORDS = 24,
	ROUNDING = 4 << 20, // to large pages
};

struct heap {
	struct gcside_probe *p;
	uint64_t words[HEAP_WORDS];
	size_t count;
	uint64_t start, size_words; // as MemRegions tell the heap
	uint64_t regions, region_bytes;
	unsigned shift; // of addresses to bits, above that of a word
};

static void refuse(const struct heap *h, const char *what)
{
	vec_push(h->p->mem, &h->p->out->refused, what);
}

static bool read_heap(struct heap *h)
{
	const struct hotspot *vm = h->p->vm;
	uint64_t bytes = vmstructs_size(vm->tables, "ShenandoahHeap"), aligned = 8;

	h->start = vm->heap_start;
	h->size_words = h->p->heap_bytes / 8;
	h->count = bytes / 8 < HEAP_WORDS ? (size_t)(bytes / 8) : HEAP_WORDS;
	hotspot_flag(vm, "ObjectAlignmentInBytes", &aligned);
	for (h->shift = 0; aligned > 8; aligned /= 2)
		h->shift++;
	return h->count && memory_read(vm->memory, vm->heap_at, h->words, h->count * 8, NULL) &&
	       hotspot_read_u64(vm, FIELD_SHENANDOAH_REGION_COUNT, vm->heap_at, &h->regions,
				NULL) &&
	       hotspot_read_u64(vm, FIELD_SHENANDOAH_REGION_BYTES, 0, &h->region_bytes, NULL) &&
	       h->regions && h->regions <= REGIONS_LIMIT && h->region_bytes >= KIB(4) &&
	       !(h->region_bytes & (h->region_bytes - 1)) &&
	       h->regions == h->p->heap_bytes / h->region_bytes;
}

static bool heap_has(const struct heap *h, uint64_t word)
{
	for (size_t i = 0; i < h->count; i++)
		if (h->words[i] == word)
			return true;
	return false;
}

static bool is_region(const struct heap *h, uint64_t at, uint64_t index)
{
	uint64_t w[3]; // index, bottom, end

	return memory_read(h->p->vm->memory, at, w, sizeof(w), NULL) && w[0] == index &&
	       w[1] == h->start + index * h->region_bytes && w[2] == w[1] + h->region_bytes;
}

// With large pages the last one is reserved as a whole.
static uint64_t storage_end(const struct heap *h, uint64_t start, uint64_t end)
{
	uint64_t transparent = 0, explicit = 0;

	hotspot_flag(h->p->vm, "UseTransparentHugePages", &transparent);
	hotspot_flag(h->p->vm, "UseLargePages", &explicit);
	return (transparent || explicit) && start % MIB(2) == 0
		       ? (end + MIB(2) - 1) / MIB(2) * MIB(2)
		       : end;
}

// Region objects stand in a row; an array names each.  Where vmStructs does not have the array (11), it
// comes after the number of regions.
static void find_regions(struct heap *h)
{
	const struct hotspot *vm = h->p->vm;
	uint64_t at = hotspot_has_offset(vm, FIELD_SHENANDOAH_REGIONS)
			      ? hotspot_at(vm, FIELD_SHENANDOAH_REGIONS, vm->heap_at)
			      : hotspot_at(vm, FIELD_SHENANDOAH_REGION_COUNT, vm->heap_at) + 8;
	uint64_t array = gcside_word(h->p, at), first = gcside_word(h->p, array);
	uint64_t stride = h->regions > 1 ? gcside_word(h->p, array + 8) - first : 0;
	uint64_t last = gcside_word(h->p, array + (h->regions - 1) * 8);

	if (hotspot_is_pointer(array) && gcside_is_side(h->p, first) && stride >= 64 &&
	    stride <= STRIDE_LIMIT && last == first + (h->regions - 1) * stride &&
	    is_region(h, first, 0) && is_region(h, first + stride, 1) &&
	    is_region(h, last, h->regions - 1) &&
	    gcside_add(h->p, first, storage_end(h, first, last + stride), "regions", false))
		return;
	refuse(h, "Shenandoah's region objects were not found");
}

struct bitmap {
	uint64_t map, bits;
};

// {heap start, heap words ..., map, bits}: up to four words between.  One or two bits a word.
static bool read_bitmap(const struct heap *h, const uint64_t *w, size_t count, struct bitmap *out)
{
	uint64_t once = h->size_words >> h->shift;

	if (count < 4 || w[0] != h->start || w[1] != h->size_words)
		return false;
	for (size_t i = 2; i + 1 < count && i < 7; i++)
		if ((w[i + 1] == once || w[i + 1] == 2 * once) && gcside_is_side(h->p, w[i])) {
			*out = (struct bitmap){ w[i], w[i + 1] };
			return true;
		}
	return false;
}

// In the heap object stands the auxiliary bitmap, and behind it how many bytes each of the two has
// reserved: enough for the mark bitmap.
static bool find_aux_bitmap(struct heap *h, uint64_t *reserved)
{
	for (size_t i = 0; i + 8 < h->count; i++) {
		struct bitmap b;
		size_t at = i + 2;

		if (!read_bitmap(h, &h->words[i], h->count - i, &b))
			continue;
		while (h->words[at] != b.map)
			at++;
		if (at + 2 >= h->count || h->words[at + 2] < b.bits / 8 ||
		    h->words[at + 2] > b.bits / 4 + ROUNDING || h->words[at + 2] % PAGE_SIZE_BYTES)
			continue;
		*reserved = h->words[at + 2];
		return gcside_add(h->p, b.map, b.map + *reserved, "auxiliary bitmap", false);
	}
	return false;
}

// In an object that the heap names; the heap has the map's address too.
static bool take_mark_bitmap(struct heap *h, uint64_t at, uint64_t reserved)
{
	uint64_t size = gcside_object_size(h->p, at), w[OBJECT_WORDS];
	size_t count = size / 8 < OBJECT_WORDS ? (size_t)(size / 8) : OBJECT_WORDS;

	if (!size || size > OBJECT_LIMIT || !memory_read(h->p->vm->memory, at, w, count * 8, NULL))
		return false;
	for (size_t i = 0; i < count; i++) {
		struct bitmap b;

		if (read_bitmap(h, &w[i], count - i, &b) && heap_has(h, b.map) &&
		    reserved >= b.bits / 8 && reserved <= b.bits / 8 + ROUNDING)
			return gcside_add(h->p, b.map, b.map + reserved, "mark bitmap", false);
	}
	return false;
}

static void find_bitmaps(struct heap *h)
{
	uint64_t reserved;

	if (!find_aux_bitmap(h, &reserved)) {
		refuse(h, "Shenandoah's auxiliary bitmap was not found");
		return;
	}
	for (size_t i = 1; i < h->count; i++)
		if (take_mark_bitmap(h, h->words[i], reserved))
			return;
	refuse(h, "Shenandoah's mark bitmap was not found");
}

// {regions, shift of a region's bytes, reserved start, reserved bytes ..., map, biased map}: a byte a
// region up to the heap's end, of which those below the heap's start are only reserved.  With a heap
// below 4 GB it lies below 64 KB, where no other memory is.
static bool take_collection_set(struct heap *h, uint64_t at)
{
	uint64_t size = gcside_object_size(h->p, at), w[16];
	size_t count = size / 8 < 16 ? (size_t)(size / 8) : 16;
	uint64_t start, bytes, needed;

	if (count < 6 || !memory_read(h->p->vm->memory, at, w, count * 8, NULL) ||
	    w[0] != h->regions || w[1] >= 64 || UINT64_C(1) << w[1] != h->region_bytes)
		return false;
	start = w[2];
	bytes = w[3];
	needed = (h->start >> w[1]) + h->regions;
	if (start % PAGE_SIZE_BYTES || !start || bytes % PAGE_SIZE_BYTES || start >> 47 ||
	    bytes < needed || bytes > needed + KIB(64))
		return false;
	for (size_t i = 4; i + 1 < count; i++)
		if (w[i] >= start && w[i] - w[i + 1] == h->start >> w[1] &&
		    w[i] + h->regions <= start + bytes)
			return gcside_add(h->p, start, start + bytes, "collection set", false);
	return false;
}

static void find_collection_set(struct heap *h)
{
	for (size_t i = 1; i < h->count; i++)
		if (take_collection_set(h, h->words[i]))
			return;
	refuse(h, "Shenandoah's collection set was not found");
}

// A CardTable: vtable, the heap (start, words), page size, bytes, map, biased map ...; behind them
// the second table, which takes turns with the first, likewise.
static size_t take_card_tables(struct heap *h, uint64_t at)
{
	uint64_t size = gcside_object_size(h->p, at), w[16], card = 512;
	size_t count = size / 8 < 16 ? (size_t)(size / 8) : 16, taken = 0;

	hotspot_flag(h->p->vm, "GCCardSizeInBytes", &card);
	if (count < 8 || !card || !memory_read(h->p->vm->memory, at, w, count * 8, NULL) ||
	    !hotspot_is_vtable(h->p->vm, w[0]) || w[1] != h->start || w[2] != h->size_words ||
	    w[4] < h->p->heap_bytes / card || w[4] > h->p->heap_bytes / card + ROUNDING)
		return 0;
	for (size_t i = 5; i < count; i++)
		for (size_t k = 5; k < count && gcside_is_side(h->p, w[i]); k++)
			if (w[i] - w[k] == h->start / card) {
				taken += gcside_add(h->p, w[i], w[i] + w[4], "card table", false);
				break;
			}
	return taken;
}

static bool is_generational(const struct hotspot *vm)
{
	const struct flags_entry *mode = flags_find(vm->flags, "ShenandoahGCMode");
	struct flags_value v;

	return mode && mode->kind == FLAGS_STRING && flags_read(vm, mode, vm->mem, &v, NULL) &&
	       v.text && !strcmp(v.text, "generational");
}

static void find_card_tables(struct heap *h)
{
	uint64_t barrier, w[BARRIER_WORDS];
	size_t found = 0;

	if (!is_generational(h->p->vm))
		return;
	if (hotspot_read_pointer(h->p->vm, FIELD_BARRIER_SET, 0, &barrier, NULL) &&
	    memory_read(h->p->vm->memory, barrier, w, sizeof(w), NULL))
		for (size_t i = 1; i < BARRIER_WORDS && !found; i++)
			found = take_card_tables(h, w[i]);
	if (found < 2)
		refuse(h, "Shenandoah's two card tables were not found");
}

void gcside_shenandoah_find(struct gcside_probe *p)
{
	struct heap h = { .p = p };

	if (!read_heap(&h)) {
		refuse(&h, "Shenandoah's heap and its regions do not agree");
		return;
	}
	find_regions(&h);
	find_bitmaps(&h);
	find_collection_set(&h);
	find_card_tables(&h);
}
