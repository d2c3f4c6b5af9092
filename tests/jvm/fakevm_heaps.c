// SPDX-License-Identifier: Apache-2.0
#include "fakevm_heaps.h"

#include <string.h>

#include "base/units.h"

static uint64_t add_heap(struct fakevm *fake)
{
	uint64_t heap = fakevm_object(fake, 512);

	fakevm_set(fake, heap, fake->vtable);
	fakevm_set(fake, heap + 16, FAKEVM_HEAP);
	fakevm_set(fake, heap + 24, FAKEVM_HEAP_SIZE / 8);
	fakevm_field(fake, "Universe", "_collectedHeap", "CollectedHeap*", heap);
	fakevm_flag(fake, "MaxHeapSize", 6, FAKEVM_HEAP_SIZE, 1);
	return heap;
}

static uint64_t add_space(struct fakevm *fake, uint64_t bottom, uint64_t top, uint64_t end)
{
	uint64_t at = fakevm_object(fake, 32);

	fakevm_set(fake, at, bottom);
	fakevm_set(fake, at + 8, end);
	fakevm_set(fake, at + 16, top);
	return at;
}

static void add_generation(struct fakevm *fake, uint64_t at, uint64_t low, uint64_t high,
			   uint64_t end)
{
	fakevm_set(fake, at + 32, low);
	fakevm_set(fake, at + 40, end);
	fakevm_set(fake, at + 48, low);
	fakevm_set(fake, at + 56, high);
}

static void add_virtual_space_members(struct fakevm *fake)
{
	fakevm_type(fake, "VirtualSpace", 64);
	fakevm_member(fake, "VirtualSpace", "_low_boundary", "char*", 0);
	fakevm_member(fake, "VirtualSpace", "_high_boundary", "char*", 8);
	fakevm_member(fake, "VirtualSpace", "_low", "char*", 16);
	fakevm_member(fake, "VirtualSpace", "_high", "char*", 24);
}

// Both generations' records, and what is in the young one.
static struct fakevm_serial add_generations(struct fakevm *fake)
{
	struct fakevm_serial s = { .heap = add_heap(fake) };
	uint64_t h = FAKEVM_HEAP;

	fakevm_type(fake, "GenCollectedHeap", 512);
	fakevm_member(fake, "GenCollectedHeap", "_young_gen", "Generation*", 64);
	fakevm_member(fake, "GenCollectedHeap", "_old_gen", "Generation*", 72);
	fakevm_type(fake, "DefNewGeneration", 128);
	fakevm_member(fake, "DefNewGeneration", "_eden_space", "ContiguousSpace*", 0);
	fakevm_member(fake, "DefNewGeneration", "_from_space", "ContiguousSpace*", 8);
	fakevm_member(fake, "DefNewGeneration", "_to_space", "ContiguousSpace*", 16);
	fakevm_type(fake, "Generation", 128);
	fakevm_member(fake, "Generation", "_virtual_space", "VirtualSpace", 32);
	add_virtual_space_members(fake);
	fakevm_type(fake, "ContiguousSpace", 32);
	fakevm_member(fake, "ContiguousSpace", "_bottom", "HeapWord*", 0);
	fakevm_member(fake, "ContiguousSpace", "_end", "HeapWord*", 8);
	fakevm_member(fake, "ContiguousSpace", "_top", "HeapWord*", 16);
	s.young = fakevm_object(fake, 128);
	s.old = fakevm_object(fake, 128);
	fakevm_set(fake, s.heap + 64, s.young);
	fakevm_set(fake, s.heap + 72, s.old);
	s.eden = add_space(fake, h, h + MIB(3), h + MIB(8));
	fakevm_set(fake, s.young, s.eden);
	fakevm_set(fake, s.young + 8, add_space(fake, h + MIB(8), h + MIB(8) + 4096, h + MIB(9)));
	fakevm_set(fake, s.young + 16, add_space(fake, h + MIB(9), h + MIB(9), h + MIB(10)));
	add_generation(fake, s.young, h, h + MIB(10), h + MIB(16));
	add_generation(fake, s.old, h + MIB(16), h + MIB(32), h + MIB(64));
	return s;
}

struct fakevm_serial fakevm_add_serial(struct fakevm *fake)
{
	struct fakevm_serial s = add_generations(fake);
	uint64_t h = FAKEVM_HEAP;

	fakevm_flag(fake, "UseSerialGC", 0, 1, 1);
	fakevm_type(fake, "TenuredGeneration", 128);
	fakevm_member(fake, "TenuredGeneration", "_the_space", "ContiguousSpace*", 0);
	s.tenured = add_space(fake, h + MIB(16), h + MIB(20), h + MIB(32));
	fakevm_set(fake, s.old, s.tenured);
	return s;
}

static void add_cms_members(struct fakevm *fake)
{
	fakevm_type(fake, "ConcurrentMarkSweepGeneration", 128);
	fakevm_member(fake, "ConcurrentMarkSweepGeneration", "_cmsSpace",
		      "CompactibleFreeListSpace*", 64);
	fakevm_type(fake, "CompactibleFreeListSpace", 16 << 10);
	fakevm_member(fake, "CompactibleFreeListSpace", "_smallLinearAllocBlock",
		      "LinearAllocBlock", 32);
	fakevm_member(fake, "CompactibleFreeListSpace", "_dictionary", "AFLBinaryTreeDictionary*",
		      64);
	fakevm_member(fake, "CompactibleFreeListSpace", "_indexedFreeList[0]",
		      "AdaptiveFreeList<FreeChunk>", 72);
	fakevm_type(fake, "LinearAllocBlock", 32);
	fakevm_member(fake, "LinearAllocBlock", "_word_size", "size_t", 8);
	fakevm_type(fake, "AFLBinaryTreeDictionary", 32);
	fakevm_member(fake, "AFLBinaryTreeDictionary", "_total_size", "size_t", 8);
	fakevm_type(fake, "AdaptiveFreeList<FreeChunk>", FAKEVM_CMS_LIST);
	fakevm_member(fake, "AdaptiveFreeList<FreeChunk>", "_size", "size_t", 16);
	fakevm_member(fake, "AdaptiveFreeList<FreeChunk>", "_count", "ssize_t", 24);
}

struct fakevm_cms fakevm_add_cms(struct fakevm *fake)
{
	struct fakevm_serial s = add_generations(fake);
	struct fakevm_cms c = { .heap = s.heap, .old = s.old };
	uint64_t space = fakevm_object(fake, 16 << 10);

	fakevm_flag(fake, "UseConcMarkSweepGC", 0, 1, 1);
	add_cms_members(fake);
	c.dictionary = fakevm_object(fake, 32);
	c.linear = space + 32;
	c.lists = space + 72;
	fakevm_set(fake, c.old + 64, space);
	fakevm_set(fake, space + 64, c.dictionary);
	fakevm_set(fake, c.dictionary + 8, MIB(1) / 8);
	fakevm_set(fake, c.linear + 8, 512);
	for (uint64_t i = 0; i < 257; i++)
		fakevm_set(fake, c.lists + i * FAKEVM_CMS_LIST + 16, i);
	fakevm_set(fake, c.lists + 8 * FAKEVM_CMS_LIST + 24, 3);
	fakevm_set(fake, c.lists + 100 * FAKEVM_CMS_LIST + 24, 2);
	return c;
}

static void add_parallel_members(struct fakevm *fake, bool shared)
{
	fakevm_type(fake, "ParallelScavengeHeap", 512);
	fakevm_member(fake, "ParallelScavengeHeap", "_young_gen", "PSYoungGen*", 64);
	fakevm_member(fake, "ParallelScavengeHeap", "_old_gen", "PSOldGen*", 72);
	fakevm_type(fake, "PSYoungGen", 64);
	fakevm_member(fake, "PSYoungGen", "_eden_space", "MutableSpace*", 16);
	fakevm_member(fake, "PSYoungGen", "_from_space", "MutableSpace*", 24);
	fakevm_member(fake, "PSYoungGen", "_to_space", "MutableSpace*", 32);
	fakevm_type(fake, "PSOldGen", 64);
	fakevm_member(fake, "PSOldGen", "_object_space", "MutableSpace*", 16);
	fakevm_type(fake, "MutableSpace", 32);
	fakevm_member(fake, "MutableSpace", "_bottom", "HeapWord*", 0);
	fakevm_member(fake, "MutableSpace", "_end", "HeapWord*", 8);
	fakevm_member(fake, "MutableSpace", "_top", "HeapWord*", 16);
	if (shared) {
		fakevm_member(fake, "PSYoungGen", "_heap_vs", "PSHeapVirtualSpace*", 8);
		fakevm_type(fake, "PSHeapVirtualSpace", 64);
		fakevm_member(fake, "PSHeapVirtualSpace", "_reserved_low_addr", "char*", 16);
		fakevm_member(fake, "PSHeapVirtualSpace", "_reserved_high_addr", "char*", 24);
		fakevm_member(fake, "PSHeapVirtualSpace", "_old_gen_committed_high_addr", "char*",
			      32);
		fakevm_member(fake, "PSHeapVirtualSpace", "_gen_boundary", "char*", 40);
		fakevm_member(fake, "PSHeapVirtualSpace", "_young_gen_committed_high_addr", "char*",
			      48);
		return;
	}
	fakevm_member(fake, "PSYoungGen", "_virtual_space", "PSVirtualSpace*", 8);
	fakevm_member(fake, "PSOldGen", "_virtual_space", "PSVirtualSpace*", 8);
	fakevm_type(fake, "PSVirtualSpace", 64);
	fakevm_member(fake, "PSVirtualSpace", "_reserved_low_addr", "char*", 16);
	fakevm_member(fake, "PSVirtualSpace", "_reserved_high_addr", "char*", 24);
	fakevm_member(fake, "PSVirtualSpace", "_committed_low_addr", "char*", 32);
	fakevm_member(fake, "PSVirtualSpace", "_committed_high_addr", "char*", 40);
}

static uint64_t add_bounds(struct fakevm *fake, const uint64_t words[5])
{
	uint64_t at = fakevm_object(fake, 64);

	for (uint64_t i = 0; i < 5; i++)
		fakevm_set(fake, at + 16 + 8 * i, words[i]);
	return at;
}

struct fakevm_parallel fakevm_add_parallel(struct fakevm *fake, bool shared)
{
	struct fakevm_parallel p = { .heap = add_heap(fake) };
	uint64_t h = FAKEVM_HEAP, y = h + MIB(32), end = h + FAKEVM_HEAP_SIZE;

	fakevm_flag(fake, "UseParallelGC", 0, 1, 1);
	add_parallel_members(fake, shared);
	p.young = fakevm_object(fake, 64);
	p.old = fakevm_object(fake, 64);
	fakevm_set(fake, p.heap + 64, p.young);
	fakevm_set(fake, p.heap + 72, p.old);
	p.eden = add_space(fake, y, y + MIB(2), y + MIB(6));
	p.space = add_space(fake, h, h + MIB(5), h + MIB(12));
	fakevm_set(fake, p.young + 16, p.eden);
	fakevm_set(fake, p.young + 24, add_space(fake, y + MIB(6), y + MIB(7), y + MIB(7)));
	fakevm_set(fake, p.young + 32, add_space(fake, y + MIB(8), y + MIB(8), y + MIB(10)));
	fakevm_set(fake, p.old + 16, p.space);
	if (shared) {
		p.young_bounds = p.old_bounds =
			add_bounds(fake, (uint64_t[]){ h, end, h + MIB(12), y, y + MIB(10) });
		fakevm_set(fake, p.young + 8, p.young_bounds);
		return p;
	}
	p.young_bounds = add_bounds(fake, (uint64_t[]){ y, end, y, y + MIB(10), 0 });
	p.old_bounds = add_bounds(fake, (uint64_t[]){ h, y, h, h + MIB(12), 0 });
	fakevm_set(fake, p.young + 8, p.young_bounds);
	fakevm_set(fake, p.old + 8, p.old_bounds);
	return p;
}

static void commit(struct fakevm *fake, struct fakevm_g1 *g, size_t region)
{
	uint64_t bottom = FAKEVM_HEAP + region * MIB(1);

	memset(fakevm_at(fake, g->bits + region * 32), 0xff, 32); // 256 pages
	g->regions[region] = fakevm_object(fake, 64);
	fakevm_set(fake, g->table + region * 8, g->regions[region]);
	fakevm_set(fake, g->regions[region], bottom);
	fakevm_set(fake, g->regions[region] + 8, bottom + MIB(1));
	fakevm_set(fake, g->regions[region] + 16, bottom);
}

static void fill(struct fakevm *fake, const struct fakevm_g1 *g, size_t region, int tag,
		 uint64_t used)
{
	fakevm_set(fake, g->regions[region] + 16, FAKEVM_HEAP + region * MIB(1) + used);
	fakevm_set(fake, g->regions[region] + 24, (uint64_t)tag);
}

static struct fakevm_g1 add_region_table(struct fakevm *fake)
{
	struct fakevm_g1 g = { .heap = add_heap(fake) };

	fakevm_flag(fake, "UseG1GC", 0, 1, 5);
	fakevm_type(fake, "G1CollectedHeap", 512);
	fakevm_member(fake, "G1CollectedHeap", "_hrm", "HeapRegionManager", 64);
	fakevm_type(fake, "HeapRegionManager", 128);
	fakevm_member(fake, "HeapRegionManager", "_regions", "G1HeapRegionTable", 16);
	fakevm_type(fake, "G1HeapRegionTable", 56);
	fakevm_member(fake, "G1HeapRegionTable", "_base", "address", 16);
	fakevm_member(fake, "G1HeapRegionTable", "_length", "size_t", 24);
	fakevm_type(fake, "HeapRegion", 64);
	fakevm_field(fake, "HeapRegion", "GrainBytes", "size_t", MIB(1));
	fakevm_member(fake, "HeapRegion", "_bottom", "HeapWord*", 0);
	fakevm_member(fake, "HeapRegion", "_end", "HeapWord*", 8);
	fakevm_member(fake, "HeapRegion", "_top", "HeapWord*", 16);
	g.table = fakevm_object(fake, FAKEVM_REGIONS * 8);
	g.bits = fakevm_object(fake, FAKEVM_REGIONS * 32);
	g.mapper = fakevm_object(fake, 96);
	fakevm_set(fake, g.heap + 64 + 16 + 16, g.table);
	fakevm_set(fake, g.heap + 64 + 16 + 24, FAKEVM_REGIONS);
	fakevm_set(fake, g.heap + 64 + 96, g.mapper);
	fakevm_set(fake, g.mapper, fake->vtable);
	fakevm_set(fake, g.mapper + 16, FAKEVM_HEAP);
	fakevm_set(fake, g.mapper + 24, FAKEVM_HEAP + FAKEVM_HEAP_SIZE);
	fakevm_set(fake, g.mapper + 40, 4096);
	fakevm_set(fake, g.mapper + 48, g.bits);
	for (size_t i = 0; i < 6; i++)
		commit(fake, &g, i);
	return g;
}

struct fakevm_g1 fakevm_add_g1(struct fakevm *fake)
{
	struct fakevm_g1 g = add_region_table(fake);

	fakevm_member(fake, "HeapRegion", "_type", "HeapRegionType", 24);
	fakevm_type(fake, "HeapRegionType", 4);
	fakevm_member(fake, "HeapRegionType", "_tag", "int", 0);
	fakevm_constant(fake, "HeapRegionType::FreeTag", 0);
	fakevm_constant(fake, "HeapRegionType::EdenTag", 2);
	fakevm_constant(fake, "HeapRegionType::SurvTag", 3);
	fakevm_constant(fake, "HeapRegionType::HumongousMask", 4);
	fakevm_constant(fake, "HeapRegionType::OldMask", 16);
	fakevm_set(fake, g.mapper + 56, FAKEVM_HEAP_SIZE / 4096);
	fill(fake, &g, 0, 2, MIB(1));
	fill(fake, &g, 1, 2, 4096);
	fill(fake, &g, 2, 3, MIB(1));
	fill(fake, &g, 3, 16, 8);
	fill(fake, &g, 4, 12, MIB(1));
	fill(fake, &g, 5, 0, 0);
	return g;
}

struct fakevm_g1 fakevm_add_g1_before_9(struct fakevm *fake)
{
	static const struct {
		uint64_t tag, used;
	} REGIONS[] = {
		{ 2, MIB(1) },  { 2, 4096 }, { 3, MIB(1) }, { 8, 8 }, { 4, MIB(1) + KIB(512) },
		{ 5, KIB(512) }
	};
	struct fakevm_g1 g = add_region_table(fake);

	fakevm_member(fake, "G1CollectedHeap", "_old_set", "HeapRegionSetBase", FAKEVM_G1_OLD_SET);
	fakevm_member(fake, "G1CollectedHeap", "_humongous_set", "HeapRegionSetBase",
		      FAKEVM_G1_HUMONGOUS_SET);
	fakevm_type(fake, "HeapRegionSetBase", 56);
	fakevm_member(fake, "HeapRegionSetBase", "_count", "HeapRegionSetCount", 24);
	fakevm_type(fake, "HeapRegionSetCount", 16);
	fakevm_member(fake, "HeapRegionSetCount", "_length", "uint", 0);
	fakevm_set(fake, g.heap + FAKEVM_G1_OLD_SET + 24, 1);
	fakevm_set(fake, g.heap + FAKEVM_G1_HUMONGOUS_SET + 24, 2);
	fakevm_set(fake, g.mapper + 56, 1); // a flag; then bytes
	fakevm_set(fake, g.mapper + 64, FAKEVM_HEAP_SIZE / 4096 / 8);
	fakevm_set(fake, g.mapper + 80, g.bits);
	fakevm_set(fake, g.mapper + 88, FAKEVM_HEAP_SIZE / 4096);
	for (size_t i = 0; i < sizeof(REGIONS) / sizeof(REGIONS[0]); i++) {
		fill(fake, &g, i, 0, REGIONS[i].used);
		fakevm_set(fake, g.regions[i] + FAKEVM_REGION_NUMBER, i);
		fakevm_set(fake, g.regions[i] + FAKEVM_REGION_TAG, REGIONS[i].tag);
	}
	fakevm_set(fake, g.regions[4] + 8, FAKEVM_HEAP + MIB(6)); // the end of all of the object
	return g;
}
