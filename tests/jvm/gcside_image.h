// SPDX-License-Identifier: Apache-2.0
// A VM with nothing but a collector, made by hand: libjvm's statics, malloc'd objects, and the ranges
// that they describe, laid out much as JDK 17 does.  Tests and the fuzz target break pieces of it;
// nothing here is the product's.

#ifndef TESTS_JVM_GCSIDE_IMAGE_H
#define TESTS_JVM_GCSIDE_IMAGE_H

#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/fail.h"
#include "base/memory.h"
#include "base/units.h"
#include "jvm/flags.h"
#include "jvm/hotspot.h"
#include "jvm/vmstructs.h"
#include "parse/maps.h"

#define SIDE_LIBRARY UINT64_C(0x7f0000000000)
#define SIDE_OBJECTS UINT64_C(0x7f1000000000) // malloc'd objects
#define SIDE_HEAP    UINT64_C(0x80000000)
#define SIDE_TABLES  UINT64_C(0x7f2000000000) // the side structures
#define SIDE_VTABLE  (SIDE_LIBRARY + 0x3000)
#define SIDE_FILE    UINT64_C(0x7f3000000000) // a mapped file

enum {
	SIDE_BYTES = 64 << 10, // of the library and of the objects
	SIDE_TEXT = 0x8000,    // the library's first half is not writable
	SIDE_HEAP_BYTES = 64 << 20,
	SIDE_REGIONS = 64,
	SIDE_CACHE_STRIDE = 64,
	SIDE_TABLE_BYTES = 64 << 20,
	SIDE_STACK_CHUNKS = 16,
	SIDE_STACK_LIMIT = 64 << 10, // MarkStackSizeMax in entries
	// Where the structures lie behind SIDE_TABLES.
	SIDE_CARDS = 0,
	SIDE_OFFSETS = 1 << 20,
	SIDE_COUNTS = 2 << 20,
	SIDE_BITMAP = 4 << 20,
	SIDE_NEXT_BITMAP = 6 << 20,
	SIDE_STACK = 8 << 20,
	SIDE_CACHE = 10 << 20,
	SIDE_SUMMARY = 12 << 20,
	SIDE_BLOCKS = 13 << 20,
	SIDE_START_ARRAY = 14 << 20,
	SIDE_OLD_OFFSETS = 15 << 20,
	SIDE_UNION = 16 << 20,
	// Where objects lie behind SIDE_OBJECTS.
	SIDE_G1_HEAP = 0x100,
	SIDE_MANAGER = SIDE_G1_HEAP + 64, // embedded
	SIDE_MARK = 0x1000,               // G1ConcurrentMark
	SIDE_MARK_STACK = SIDE_MARK + 216,
	SIDE_MAPPERS = 0x2000, // one every 0x40: heap, cards, offsets, counts, bitmaps
	SIDE_OLD = 0x3000,     // PSOldGen or TenuredGeneration
	SIDE_OLD_TABLE = 0x3800,
	SIDE_SPACES = 0x4000, // PSVirtualSpaces, one every 0x40
	SIDE_CMS_SPACE = 0x5000,
	SIDE_CMS = 0x6000, // CMSCollector: at 64 two CMSBitMaps, then the mark stack
	SIDE_CMS_BITMAP = SIDE_CMS + 64,
	SIDE_CMS_UNION = SIDE_CMS_BITMAP + 96,
	SIDE_CMS_STACK = SIDE_CMS_UNION + 96,
	SIDE_VIRTUAL_SPACE = 48, // bytes of one
	SIDE_BARRIER = 0x7000,
	SIDE_CARD_TABLE = 0x7100,
	// And in the library.
	SIDE_ALIGNMENT = 0x8208, // the flag's value
	SIDE_CARD_BYTES = 0x8210,
	SIDE_PARALLEL_OLD = 0x8218,
	SIDE_FIRST_STACK = 0x8220,
	SIDE_STATIC_CACHE = 0x8800,
	SIDE_STATIC_BITMAP = 0x9000,
	SIDE_STATIC_SUMMARY = 0x9200,
};

struct side_image {
	struct arena mem;
	unsigned char library[SIDE_BYTES], objects[SIDE_BYTES];
	unsigned char cache[PAGE_SIZE_BYTES]; // the first page of the from-card cache
	struct mapping mappings[8];
	struct maps maps;
	struct memory memory;
	struct hotspot vm;
};

static inline unsigned char *side_find(struct side_image *im, uint64_t at, size_t len)
{
	uint64_t cache = SIDE_TABLES + SIDE_CACHE;

	if (at >= SIDE_LIBRARY && at - SIDE_LIBRARY + len <= SIDE_BYTES)
		return im->library + (at - SIDE_LIBRARY);
	if (at >= SIDE_OBJECTS && at - SIDE_OBJECTS + len <= SIDE_BYTES)
		return im->objects + (at - SIDE_OBJECTS);
	if (at >= cache && at - cache + len <= PAGE_SIZE_BYTES)
		return im->cache + (at - cache);
	return NULL;
}

static inline bool side_read(void *self, uint64_t at, void *to, size_t len, struct fail *why)
{
	const unsigned char *from = side_find(self, at, len);

	if (!from)
		return fail(why, FAIL_ABSENT, "not in the image");
	memcpy(to, from, len);
	return true;
}

static inline void side_put(struct side_image *im, uint64_t at, uint64_t value)
{
	unsigned char *to = side_find(im, at, sizeof(value));

	if (!to)
		abort();
	memcpy(to, &value, sizeof(value));
}

static inline void side_words(struct side_image *im, uint64_t at, const uint64_t *words,
			      size_t count)
{
	for (size_t i = 0; i < count; i++)
		side_put(im, at + 8 * i, words[i]);
}

static inline uint64_t side_object(struct side_image *im, uint64_t offset, uint64_t size)
{
	side_put(im, SIDE_OBJECTS + offset - 8, (size + 16) | 1);
	return SIDE_OBJECTS + offset;
}

// --- the tables: only the sizes of types are asked through them

struct side_exports {
	struct side_image *im;
	uint64_t used;
	struct {
		const char *name;
		uint64_t at;
	} at[24];
	size_t count;
};

static inline uint64_t side_text(struct side_exports *e, const char *text)
{
	uint64_t at = SIDE_LIBRARY + e->used;

	strcpy((char *)e->im->library + e->used, text);
	e->used += (strlen(text) + 8) & ~(size_t)7;
	return at;
}

static inline void side_export(struct side_exports *e, const char *name, uint64_t value)
{
	side_put(e->im, SIDE_LIBRARY + e->used, value);
	e->at[e->count].name = name;
	e->at[e->count++].at = SIDE_LIBRARY + e->used;
	e->used += 8;
}

static inline uint64_t side_symbol(void *arg, const char *name)
{
	const struct side_exports *e = arg;

	for (size_t i = 0; i < e->count; i++)
		if (!strcmp(e->at[i].name, name))
			return e->at[i].at;
	return 0;
}

// Five types, one row of each other table, and the flags' own table with five flags.
static inline void side_tables(struct side_image *im)
{
	struct side_exports e = { .im = im, .used = 0x100 };
	uint64_t types = SIDE_LIBRARY + 0x2000, rows = SIDE_LIBRARY + 0x2100;
	struct fail why;

	side_put(im, types, side_text(&e, "G1CollectedHeap"));
	side_put(im, types + 32, 256);
	side_put(im, types + 40, side_text(&e, "G1HeapRegionTable"));
	side_put(im, types + 72, 56);
	side_put(im, types + 80, side_text(&e, "JVMFlag"));
	side_put(im, types + 112, 24);
	side_put(im, types + 120, side_text(&e, "VirtualSpace"));
	side_put(im, types + 152, SIDE_VIRTUAL_SPACE);
	side_put(im, types + 160, side_text(&e, "CMSBitMap"));
	side_put(im, types + 192, 96);
	side_put(im, SIDE_VTABLE, SIDE_VTABLE); // the first function
	side_put(im, SIDE_LIBRARY + 0x2500, side_text(&e, "MarkStackSizeMax"));
	side_put(im, SIDE_LIBRARY + 0x2508, SIDE_LIBRARY + 0x8200);
	side_put(im, SIDE_LIBRARY + 0x2510, UINT64_C(6) << 32); // size_t
	side_put(im, SIDE_LIBRARY + 0x8200, SIDE_STACK_LIMIT);
	side_put(im, SIDE_LIBRARY + 0x2518, side_text(&e, "ObjectAlignmentInBytes"));
	side_put(im, SIDE_LIBRARY + 0x2520, SIDE_LIBRARY + SIDE_ALIGNMENT);
	side_put(im, SIDE_LIBRARY + 0x2528, UINT64_C(3) << 32); // intx
	side_put(im, SIDE_LIBRARY + SIDE_ALIGNMENT, 8);
	side_put(im, SIDE_LIBRARY + 0x2530, side_text(&e, "GCCardSizeInBytes"));
	side_put(im, SIDE_LIBRARY + 0x2538, SIDE_LIBRARY + SIDE_CARD_BYTES);
	side_put(im, SIDE_LIBRARY + 0x2540, UINT64_C(2) << 32); // uint
	side_put(im, SIDE_LIBRARY + SIDE_CARD_BYTES, 512);
	side_put(im, SIDE_LIBRARY + 0x2548, side_text(&e, "UseParallelOldGC"));
	side_put(im, SIDE_LIBRARY + 0x2550, SIDE_LIBRARY + SIDE_PARALLEL_OLD);
	side_put(im, SIDE_LIBRARY + SIDE_PARALLEL_OLD, 1); // a bool
	side_put(im, SIDE_LIBRARY + 0x2560, side_text(&e, "MarkStackSize"));
	side_put(im, SIDE_LIBRARY + 0x2568, SIDE_LIBRARY + SIDE_FIRST_STACK);
	side_put(im, SIDE_LIBRARY + 0x2570, UINT64_C(6) << 32);
	side_put(im, SIDE_LIBRARY + SIDE_FIRST_STACK, MIB(1) / 8);
	side_put(im, SIDE_LIBRARY + 0x8110, SIDE_LIBRARY + 0x2500);
	side_put(im, SIDE_LIBRARY + 0x8118, 6);
	side_put(im, rows, side_text(&e, "G1CollectedHeap"));
	side_put(im, rows + 8, side_text(&e, "_hrm"));
	side_put(im, rows + 16, side_text(&e, "HeapRegionManager"));
	side_export(&e, "gHotSpotVMStructs", rows);
	side_export(&e, "gHotSpotVMStructEntryArrayStride", 48);
	side_export(&e, "gHotSpotVMStructEntryTypeNameOffset", 0);
	side_export(&e, "gHotSpotVMStructEntryFieldNameOffset", 8);
	side_export(&e, "gHotSpotVMStructEntryTypeStringOffset", 16);
	side_export(&e, "gHotSpotVMStructEntryIsStaticOffset", 24);
	side_export(&e, "gHotSpotVMStructEntryOffsetOffset", 32);
	side_export(&e, "gHotSpotVMStructEntryAddressOffset", 40);
	side_export(&e, "gHotSpotVMTypes", types);
	side_export(&e, "gHotSpotVMTypeEntryArrayStride", 40);
	side_export(&e, "gHotSpotVMTypeEntryTypeNameOffset", 0);
	side_export(&e, "gHotSpotVMTypeEntrySizeOffset", 32);
	side_export(&e, "gHotSpotVMIntConstants", SIDE_LIBRARY + 0x2300);
	side_export(&e, "gHotSpotVMIntConstantEntryArrayStride", 16);
	side_export(&e, "gHotSpotVMIntConstantEntryNameOffset", 0);
	side_export(&e, "gHotSpotVMIntConstantEntryValueOffset", 8);
	side_export(&e, "gHotSpotVMLongConstants", SIDE_LIBRARY + 0x2400);
	side_export(&e, "gHotSpotVMLongConstantEntryArrayStride", 16);
	side_export(&e, "gHotSpotVMLongConstantEntryNameOffset", 0);
	side_export(&e, "gHotSpotVMLongConstantEntryValueOffset", 8);
	side_put(im, SIDE_LIBRARY + 0x2300, side_text(&e, "one"));
	side_put(im, SIDE_LIBRARY + 0x2400, side_text(&e, "two"));
	if (!vmstructs_read(&im->memory, side_symbol, &e, &im->mem, &im->vm.tables, &why) ||
	    !flags_open(&im->vm, &im->vm.flags, &why))
		abort();
}

// --- members

#define SIDE_MEMBER(id, type, field, of, where) [FIELD_##id] = { type, field, of, false, where, 0 }
static const struct vmstructs_field SIDE_FIELDS[FIELD_COUNT] = {
	SIDE_MEMBER(G1_HRM, "G1CollectedHeap", "_hrm", "HeapRegionManager", 64),
	SIDE_MEMBER(G1_REGIONS, "HeapRegionManager", "_regions", "G1HeapRegionTable", 32),
	SIDE_MEMBER(G1_TABLE_LENGTH, "G1HeapRegionTable", "_length", "size_t", 8),
	SIDE_MEMBER(CARD_TABLE, "CardTableBarrierSet", "_card_table", "CardTable*", 56),
	SIDE_MEMBER(BYTE_MAP, "CardTable", "_byte_map", "jbyte*", 64),
	SIDE_MEMBER(BYTE_MAP_SIZE, "CardTable", "_byte_map_size", "size_t", 72),
	SIDE_MEMBER(PS_RESERVED_LOW, "PSVirtualSpace", "_reserved_low_addr", "char*", 16),
	SIDE_MEMBER(PS_RESERVED_HIGH, "PSVirtualSpace", "_reserved_high_addr", "char*", 24),
	SIDE_MEMBER(PS_COMMITTED_LOW, "PSVirtualSpace", "_committed_low_addr", "char*", 32),
	SIDE_MEMBER(PS_COMMITTED_HIGH, "PSVirtualSpace", "_committed_high_addr", "char*", 40),
	SIDE_MEMBER(GEN_OLD, "GenCollectedHeap", "_old_gen", "Generation*", 16),
	SIDE_MEMBER(GENERATION_RESERVED, "Generation", "_reserved", "MemRegion", 16),
	SIDE_MEMBER(CMS_SPACE, "ConcurrentMarkSweepGeneration", "_cmsSpace",
		    "CompactibleFreeListSpace*", 56),
	SIDE_MEMBER(CMS_COLLECTOR, "CompactibleFreeListSpace", "_collector", "CMSCollector*", 8),
	SIDE_MEMBER(CMS_MARK_BITMAP, "CMSCollector", "_markBitMap", "CMSBitMap", 64),
	SIDE_MEMBER(CMS_BITMAP_WORDS, "CMSBitMap", "_bmWordSize", "size_t", 8),
	SIDE_MEMBER(CMS_BITMAP_SHIFT, "CMSBitMap", "_shifter", "const int", 16),
	SIDE_MEMBER(CMS_BITMAP_VIRTUAL, "CMSBitMap", "_virtual_space", "VirtualSpace", 24),
	SIDE_MEMBER(VIRTUAL_LOW_BOUNDARY, "VirtualSpace", "_low_boundary", "char*", 0),
	SIDE_MEMBER(VIRTUAL_HIGH_BOUNDARY, "VirtualSpace", "_high_boundary", "char*", 8),
	SIDE_MEMBER(VIRTUAL_LOW, "VirtualSpace", "_low", "char*", 16),
	SIDE_MEMBER(VIRTUAL_HIGH, "VirtualSpace", "_high", "char*", 24),
	[FIELD_BARRIER_SET] = { "BarrierSet", "_barrier_set", "BarrierSet*", true, 0,
				SIDE_LIBRARY + 0x8100 },
	[FIELD_PS_OLD] = { "ParallelScavengeHeap", "_old_gen", "PSOldGen*", true, 0,
			   SIDE_LIBRARY + 0x8108 },
	SIDE_MEMBER(FLAG_NAME, "JVMFlag", "_name", "const char*", 0),
	SIDE_MEMBER(FLAG_ADDR, "JVMFlag", "_addr", "void*", 8),
	SIDE_MEMBER(FLAG_FLAGS, "JVMFlag", "_flags", "JVMFlag::Flags", 16),
	SIDE_MEMBER(FLAG_TYPE, "JVMFlag", "_type", "int", 20),
	[FIELD_FLAGS] = { "JVMFlag", "flags", "JVMFlag*", true, 0, SIDE_LIBRARY + 0x8110 },
	[FIELD_FLAG_COUNT] = { "JVMFlag", "numFlags", "size_t", true, 0, SIDE_LIBRARY + 0x8118 },
};

static inline void side_space(struct side_image *im, uint64_t at, uint64_t start, uint64_t size)
{
	side_words(im, at,
		   (uint64_t[]){ SIDE_VTABLE, 4096, start, start + size, start, start + size / 2 },
		   6);
}

static inline void side_g1(struct side_image *im)
{
	static const struct {
		uint64_t start, size;
	} MAPPED[] = {
		{ SIDE_HEAP, SIDE_HEAP_BYTES },
		{ SIDE_TABLES + SIDE_CARDS, SIDE_HEAP_BYTES / 512 },
		{ SIDE_TABLES + SIDE_OFFSETS, SIDE_HEAP_BYTES / 512 },
		{ SIDE_TABLES + SIDE_COUNTS, SIDE_HEAP_BYTES / 512 },
		{ SIDE_TABLES + SIDE_BITMAP, SIDE_HEAP_BYTES / 64 },
		{ SIDE_TABLES + SIDE_NEXT_BITMAP, SIDE_HEAP_BYTES / 64 },
	};
	static const uint64_t ORDER[] = {
		2, 1, 3, 0, 4, 5
	}; // offsets, cards, counts; heap, bitmaps
	uint64_t mark = side_object(im, SIDE_MARK, 0x400), cache = SIDE_TABLES + SIDE_CACHE;

	for (uint64_t i = 0; i < 6; i++) {
		uint64_t at = SIDE_OBJECTS + SIDE_MAPPERS + 0x40 * i;

		side_words(im, at,
			   (uint64_t[]){ SIDE_VTABLE, 0, MAPPED[i].start,
					 MAPPED[i].start + MAPPED[i].size, 0, 4096 },
			   6);
		for (uint64_t k = 0; k < 6; k++)
			if (ORDER[k] == i)
				side_put(im, SIDE_OBJECTS + SIDE_MANAGER + 8 * (k < 3 ? k : k + 8),
					 at);
	}
	side_put(im, SIDE_OBJECTS + SIDE_MANAGER + 32 + 8, SIDE_REGIONS);
	side_put(im, SIDE_OBJECTS + SIDE_G1_HEAP + 200, mark);
	side_put(im, mark, SIDE_OBJECTS); // its thread
	side_words(im, mark + 24, (uint64_t[]){ SIDE_VTABLE, SIDE_HEAP, SIDE_HEAP_BYTES / 8 }, 3);
	side_words(im, SIDE_OBJECTS + SIDE_MARK_STACK,
		   (uint64_t[]){ SIDE_STACK_LIMIT / 1024, SIDE_TABLES + SIDE_STACK,
				 SIDE_STACK_CHUNKS },
		   3);
	side_put(im, SIDE_LIBRARY + SIDE_STATIC_CACHE, cache);
	for (uint64_t i = 0; i < SIDE_REGIONS; i++)
		side_put(im, cache + 8 * i, cache + SIDE_REGIONS * 8 + i * SIDE_CACHE_STRIDE);
}

static inline void side_parallel(struct side_image *im)
{
	uint64_t spaces = SIDE_OBJECTS + SIDE_SPACES, old = side_object(im, SIDE_OLD, 0x200);

	side_space(im, spaces, SIDE_TABLES + SIDE_BITMAP, SIDE_HEAP_BYTES / 32);
	side_space(im, spaces + 0x40, SIDE_TABLES + SIDE_SUMMARY, 8192);
	side_space(im, spaces + 0x80, SIDE_TABLES + SIDE_BLOCKS, SIDE_HEAP_BYTES / 512);
	side_words(im, SIDE_LIBRARY + SIDE_STATIC_BITMAP,
		   (uint64_t[]){ SIDE_HEAP, SIDE_HEAP_BYTES / 8, SIDE_TABLES + SIDE_BITMAP, 77,
				 SIDE_TABLES + SIDE_BITMAP + MIB(1), 77, spaces,
				 SIDE_HEAP_BYTES / 32 },
		   8);
	side_words(im, SIDE_LIBRARY + SIDE_STATIC_SUMMARY,
		   (uint64_t[]){ SIDE_HEAP, spaces + 0x40, SIDE_HEAP_BYTES / 512,
				 SIDE_TABLES + SIDE_SUMMARY, 128, spaces + 0x80,
				 SIDE_TABLES + SIDE_BLOCKS },
		   7);
	side_put(im, SIDE_LIBRARY + 0x8108, old);
	side_space(im, old + 0x40, SIDE_TABLES + SIDE_START_ARRAY, SIDE_HEAP_BYTES / 1024);
}

static inline void side_serial(struct side_image *im)
{
	uint64_t old = side_object(im, SIDE_OLD, 0x200),
		 table = side_object(im, SIDE_OLD_TABLE, 0x80);
	uint64_t start = SIDE_TABLES + SIDE_OLD_OFFSETS, size = SIDE_HEAP_BYTES / 1024 + 4096;

	side_put(im, SIDE_OBJECTS + SIDE_G1_HEAP + 16, old);
	side_words(im, old + 16, (uint64_t[]){ SIDE_HEAP, SIDE_HEAP_BYTES / 16 }, 2); // half of it
	side_put(im, old + 48, table);
	side_words(im, table + 24, (uint64_t[]){ start, start + size, start, start + size }, 4);
}

static inline void side_virtual_space(struct side_image *im, uint64_t at, uint64_t start,
				      uint64_t size)
{
	side_words(im, at, (uint64_t[]){ start, start + size, start, start + size }, 4);
}

// Serial's, with a collector below the old generation's space.
static inline void side_cms(struct side_image *im)
{
	uint64_t space = side_object(im, SIDE_CMS_SPACE, 0x200);
	uint64_t collector = side_object(im, SIDE_CMS, 0x800), stack = SIDE_TABLES + SIDE_STACK;
	uint64_t words = SIDE_HEAP_BYTES / 16; // of the generation

	side_serial(im);
	side_put(im, SIDE_OBJECTS + SIDE_OLD + 56, space);
	side_put(im, space + 8, collector);
	side_words(im, SIDE_OBJECTS + SIDE_CMS_BITMAP, (uint64_t[]){ SIDE_HEAP, words, 0 }, 3);
	side_virtual_space(im, SIDE_OBJECTS + SIDE_CMS_BITMAP + 24, SIDE_TABLES + SIDE_BITMAP,
			   words / 8 + 4096);
	side_words(im, SIDE_OBJECTS + SIDE_CMS_UNION, (uint64_t[]){ SIDE_HEAP, words, 6 }, 3);
	side_virtual_space(im, SIDE_OBJECTS + SIDE_CMS_UNION + 24, SIDE_TABLES + SIDE_UNION,
			   words / 512 + 4096);
	side_virtual_space(im, SIDE_OBJECTS + SIDE_CMS_STACK, stack, MIB(1));
	side_words(im, SIDE_OBJECTS + SIDE_CMS_STACK + SIDE_VIRTUAL_SPACE,
		   (uint64_t[]){ stack, 3, MIB(1) / 8 }, 3);
}

// A mark stack of CMS that was one page, then two, and now is four; the first page is left over, full.
static inline void side_cms_outgrown(struct side_image *im)
{
	side_put(im, SIDE_LIBRARY + SIDE_FIRST_STACK, 512);
	side_put(im, SIDE_OBJECTS + SIDE_CMS_STACK + SIDE_VIRTUAL_SPACE + 16, 2048);
	for (uint64_t i = 0; i < 512; i++)
		side_put(im, SIDE_TABLES + SIDE_CACHE + 8 * i, SIDE_HEAP + 16 * i);
}

// Makes JDK 17's G1 that of JDK 8: no bitmap with a vtable, the heap as the second word of the
// concurrent mark, and its stack in a VirtualSpace.
static inline void side_g1_before_9(struct side_image *im)
{
	uint64_t mark = SIDE_OBJECTS + SIDE_MARK, stack = SIDE_TABLES + SIDE_STACK;
	uint64_t at = SIDE_OBJECTS + SIDE_MARK_STACK;

	im->vm.jdk = 8;
	memset(side_find(im, mark, 0x400), 0, 0x400);
	side_words(im, mark, (uint64_t[]){ SIDE_OBJECTS, im->vm.heap_at }, 2);
	side_words(im, mark + 136, (uint64_t[]){ SIDE_HEAP, SIDE_HEAP_BYTES / 8 }, 2);
	side_virtual_space(im, at, stack, SIDE_STACK_CHUNKS * 8192);
	side_words(im, at + SIDE_VIRTUAL_SPACE,
		   (uint64_t[]){ mark, stack, UINT64_C(0x4000) << 32 | 7 }, 3);
}

static inline void side_map(struct side_image *im, uint64_t start, uint64_t size, bool writable,
			    const char *path)
{
	im->mappings[im->maps.count++] = (struct mapping){ .start = start,
							   .end = start + size,
							   .readable = true,
							   .writable = writable,
							   .path = path };
}

static const struct memory_source SIDE_SOURCE = { .read = side_read };

// `im` is large: static, or from an allocator.
static inline void side_init(struct side_image *im, enum gc_kind gc)
{
	memset(im, 0, sizeof(*im));
	im->maps.at = im->mappings;
	side_map(im, SIDE_HEAP, SIDE_HEAP_BYTES, true, "");
	side_map(im, SIDE_LIBRARY, SIDE_TEXT, false, "/jvm/libjvm.so");
	side_map(im, SIDE_LIBRARY + SIDE_TEXT, SIDE_BYTES - SIDE_TEXT, true, "/jvm/libjvm.so");
	side_map(im, SIDE_OBJECTS, SIDE_BYTES, true, "");
	side_map(im, SIDE_TABLES, SIDE_TABLE_BYTES, true, "");
	side_map(im, SIDE_FILE, MIB(1), true, "/tmp/file");
	memory_init(&im->memory, &im->mem);
	memory_add_segment(&im->memory, 0, UINT64_C(1) << 47, &SIDE_SOURCE, im);
	im->vm = (struct hotspot){ .memory = &im->memory,
				   .maps = &im->maps,
				   .mem = &im->mem,
				   .jdk = 17,
				   .gc = gc,
				   .library = "/jvm/libjvm.so",
				   .library_start = SIDE_LIBRARY,
				   .library_end = SIDE_LIBRARY + SIDE_BYTES,
				   .heap_at = SIDE_OBJECTS + SIDE_G1_HEAP,
				   .heap_start = SIDE_HEAP,
				   .heap_end = SIDE_HEAP + SIDE_HEAP_BYTES };
	for (size_t i = 0; i < FIELD_COUNT; i++)
		if (SIDE_FIELDS[i].type)
			im->vm.field[i] = &SIDE_FIELDS[i];
	side_tables(im);
	side_put(im, SIDE_LIBRARY + 0x8100, SIDE_OBJECTS + SIDE_BARRIER);
	side_put(im, SIDE_OBJECTS + SIDE_BARRIER + 56, SIDE_OBJECTS + SIDE_CARD_TABLE);
	side_put(im, SIDE_OBJECTS + SIDE_CARD_TABLE + 64, SIDE_TABLES + SIDE_CARDS);
	side_put(im, SIDE_OBJECTS + SIDE_CARD_TABLE + 72, SIDE_HEAP_BYTES / 512);
	if (gc == GC_G1)
		side_g1(im);
	else if (gc == GC_PARALLEL)
		side_parallel(im);
	else if (gc == GC_CMS)
		side_cms(im);
	else
		side_serial(im);
}

static inline void side_drop(struct side_image *im)
{
	arena_drop(&im->mem);
}

#endif
