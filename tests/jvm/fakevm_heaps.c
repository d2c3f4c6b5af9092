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

struct fakevm_serial fakevm_add_serial(struct fakevm *fake)
{
	struct fakevm_serial s = { .heap = add_heap(fake) };
	uint64_t h = FAKEVM_HEAP;

	fakevm_flag(fake, "UseSerialGC", 0, 1, 1);
	fakevm_type(fake, "GenCollectedHeap", 512);
	fakevm_member(fake, "GenCollectedHeap", "_young_gen", "Generation*", 64);
	fakevm_member(fake, "GenCollectedHeap", "_old_gen", "Generation*", 72);
	fakevm_type(fake, "DefNewGeneration", 128);
	fakevm_member(fake, "DefNewGeneration", "_eden_space", "ContiguousSpace*", 0);
	fakevm_member(fake, "DefNewGeneration", "_from_space", "ContiguousSpace*", 8);
	fakevm_member(fake, "DefNewGeneration", "_to_space", "ContiguousSpace*", 16);
	fakevm_type(fake, "TenuredGeneration", 128);
	fakevm_member(fake, "TenuredGeneration", "_the_space", "ContiguousSpace*", 0);
	fakevm_type(fake, "Generation", 128);
	fakevm_member(fake, "Generation", "_virtual_space", "VirtualSpace", 32);
	fakevm_type(fake, "VirtualSpace", 64);
	fakevm_member(fake, "VirtualSpace", "_low_boundary", "char*", 0);
	fakevm_member(fake, "VirtualSpace", "_high_boundary", "char*", 8);
	fakevm_member(fake, "VirtualSpace", "_low", "char*", 16);
	fakevm_member(fake, "VirtualSpace", "_high", "char*", 24);
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
	s.tenured = add_space(fake, h + MIB(16), h + MIB(20), h + MIB(32));
	fakevm_set(fake, s.old, s.tenured);
	add_generation(fake, s.young, h, h + MIB(10), h + MIB(16));
	add_generation(fake, s.old, h + MIB(16), h + MIB(32), h + MIB(64));
	return s;
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

struct fakevm_g1 fakevm_add_g1(struct fakevm *fake)
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
	fakevm_member(fake, "HeapRegion", "_type", "HeapRegionType", 24);
	fakevm_type(fake, "HeapRegionType", 4);
	fakevm_member(fake, "HeapRegionType", "_tag", "int", 0);
	fakevm_constant(fake, "HeapRegionType::FreeTag", 0);
	fakevm_constant(fake, "HeapRegionType::EdenTag", 2);
	fakevm_constant(fake, "HeapRegionType::SurvTag", 3);
	fakevm_constant(fake, "HeapRegionType::HumongousMask", 4);
	fakevm_constant(fake, "HeapRegionType::OldMask", 16);
	g.table = fakevm_object(fake, FAKEVM_REGIONS * 8);
	g.bits = fakevm_object(fake, FAKEVM_REGIONS * 32);
	g.mapper = fakevm_object(fake, 64);
	fakevm_set(fake, g.heap + 64 + 16 + 16, g.table);
	fakevm_set(fake, g.heap + 64 + 16 + 24, FAKEVM_REGIONS);
	fakevm_set(fake, g.heap + 64 + 96, g.mapper);
	fakevm_set(fake, g.mapper, fake->vtable);
	fakevm_set(fake, g.mapper + 16, FAKEVM_HEAP);
	fakevm_set(fake, g.mapper + 24, FAKEVM_HEAP + FAKEVM_HEAP_SIZE);
	fakevm_set(fake, g.mapper + 40, 4096);
	fakevm_set(fake, g.mapper + 48, g.bits);
	fakevm_set(fake, g.mapper + 56, FAKEVM_HEAP_SIZE / 4096);
	for (size_t i = 0; i < 6; i++)
		commit(fake, &g, i);
	fill(fake, &g, 0, 2, MIB(1));
	fill(fake, &g, 1, 2, 4096);
	fill(fake, &g, 2, 3, MIB(1));
	fill(fake, &g, 3, 16, 8);
	fill(fake, &g, 4, 12, MIB(1));
	fill(fake, &g, 5, 0, 0);
	return g;
}
