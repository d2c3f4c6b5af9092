// SPDX-License-Identifier: Apache-2.0
#include "fakevm_z.h"

#include "base/units.h"

enum {
	Z_HEAP_AT = 64, // in ZCollectedHeap
	Z_HEAP_BYTES = 1024,
	// In ZHeap, which begins with the allocator.
	BACKING_AT = 48,
	LIMIT_AT = 64,
	Z_USED_AT = 96,
	Z_CAPACITY_AT = 104,
	PAGE_TABLE_AT = 256,
	FORWARDING_AT = 272,
	GENERATION_AT = 512, // the old one, then the young one
	GENERATION_BYTES = 128,
	STACKS_AT = 64, // in a generation
	FORWARDING_BYTES = 64,
};

static uint64_t add_mask(struct fakevm *fake, uint64_t globals, const char *name, uint64_t offset,
			 uint64_t value)
{
	uint64_t at = fakevm_static(fake, 8);

	fakevm_member(fake, "ZGlobalsForVMStructs", name, "uintptr_t*", offset);
	fakevm_set(fake, globals + offset, at);
	fakevm_set(fake, at, value);
	return at;
}

static void add_masks(struct fakevm *fake, struct fakevm_z *z)
{
	uint64_t globals = fakevm_static(fake, 64);

	fakevm_field(fake, "ZGlobalsForVMStructs", "_instance_p", "ZGlobalsForVMStructs*", globals);
	if (z->kind == FAKEVM_Z_COLOURED) {
		z->good = add_mask(fake, globals, "_ZPointerLoadGoodMask", 0, 1 << 14);
		add_mask(fake, globals, "_ZPointerLoadShift", 16, 15);
	} else { // remapped is good, both marks are not
		z->good = add_mask(fake, globals, "_ZAddressGoodMask", 0, FAKEVM_Z_BASE << 2);
		z->weak_bad = add_mask(fake, globals, "_ZAddressWeakBadMask", 8, FAKEVM_Z_BASE * 3);
	}
	if (z->kind == FAKEVM_Z_EARLY)
		fakevm_constant(fake, "ZAddressOffsetMask", (int)(FAKEVM_Z_BASE - 1));
	else
		add_mask(fake, globals, "_ZAddressOffsetMask", 24, FAKEVM_Z_BASE - 1);
	add_mask(fake, globals, "_ZObjectAlignmentSmallShift", 32, 3);
}

static void add_page(struct fakevm *fake, struct fakevm_z *z)
{
	uint64_t granule = FAKEVM_Z_PAGE >> 21;
	bool has_end = z->kind != FAKEVM_Z_COLOURED;

	fakevm_member(fake, "ZPage", "_type", "const uint8_t", 0);
	fakevm_member(fake, "ZPage", "_virtual", "const ZVirtualMemory", 8);
	fakevm_member(fake, "ZVirtualMemory", "_start", "const uintptr_t", 0);
	fakevm_member(fake, "ZVirtualMemory", has_end ? "_end" : "_size", "const uintptr_t", 8);
	z->page = fakevm_object(fake, 64);
	fakevm_set(fake, z->page + 8, FAKEVM_Z_PAGE);
	fakevm_set(fake, z->page + 16, has_end ? FAKEVM_Z_PAGE + MIB(2) : MIB(2));
	z->pages = fakevm_pages(fake, FAKEVM_Z_GRANULES * 8);
	fakevm_set(fake, z->pages + granule * 8, z->page);
	if (z->kind == FAKEVM_Z_EARLY) {
		fakevm_member(fake, "ZHeap", "_pagetable", "ZPageTable", PAGE_TABLE_AT);
		fakevm_member(fake, "ZAddressRangeMapForPageTable", "_map", "ZPageTableEntry*", 0);
		fakevm_set(fake, z->heap + PAGE_TABLE_AT, z->pages);
		fakevm_member(fake, "ZPage", "_forwarding", "ZForwardingTable", 32);
		fakevm_member(fake, "ZForwardingTable", "_table", "ZForwardingTableEntry*", 0);
		fakevm_member(fake, "ZForwardingTable", "_size", "size_t", 8);
		return;
	}
	fakevm_member(fake, "ZHeap", "_page_table", "ZPageTable", PAGE_TABLE_AT);
	fakevm_member(fake, "ZGranuleMapForPageTable", "_map", "ZPage**", 8);
	fakevm_set(fake, z->heap + PAGE_TABLE_AT, FAKEVM_Z_GRANULES);
	fakevm_set(fake, z->heap + PAGE_TABLE_AT + 8, z->pages);
}

static void add_generation(struct fakevm *fake, struct fakevm_z *z, int id, uint64_t at)
{
	z->generation[id] = at;
	fakevm_set(fake, at, fake->vtable);
	fakevm_set(fake, at + 8, (uint64_t)id);
	fakevm_set(fake, at + 16, z->heap);
	fakevm_set(fake, at + 24, z->heap + PAGE_TABLE_AT);
	fakevm_set(fake, at + 32, FAKEVM_Z_GRANULES);
	fakevm_set(fake, at + 40, z->forward[id]);
}

static void add_forwarding(struct fakevm *fake, struct fakevm_z *z)
{
	if (z->kind == FAKEVM_Z_EARLY)
		return;
	fakevm_type(fake, "ZForwarding", FORWARDING_BYTES);
	fakevm_member(fake, "ZForwarding", "_virtual", "const ZVirtualMemory", 0);
	fakevm_member(fake, "ZForwarding", "_object_alignment_shift", "const size_t", 16);
	fakevm_member(fake, "ZForwarding", "_entries", "const ZAttachedArrayForForwarding", 24);
	fakevm_member(fake, "ZGranuleMapForForwarding", "_map", "ZForwarding**", 8);
	z->forward[0] = fakevm_pages(fake, FAKEVM_Z_GRANULES * 8);
	if (z->kind == FAKEVM_Z_VIEWS) {
		fakevm_member(fake, "ZHeap", "_forwarding_table", "ZForwardingTable",
			      FORWARDING_AT);
		fakevm_set(fake, z->heap + FORWARDING_AT, FAKEVM_Z_GRANULES);
		fakevm_set(fake, z->heap + FORWARDING_AT + 8, z->forward[0]);
		return;
	}
	z->forward[1] = fakevm_pages(fake, FAKEVM_Z_GRANULES * 8);
	add_generation(fake, z, 1, z->heap + GENERATION_AT);
	add_generation(fake, z, 0, z->heap + GENERATION_AT + GENERATION_BYTES);
	z->backing = fakevm_pages(fake, FAKEVM_Z_GRANULES * 4);
	fakevm_set(fake, z->heap + BACKING_AT, FAKEVM_Z_GRANULES);
	fakevm_set(fake, z->heap + BACKING_AT + 8, z->backing);
}

static void map_stacks(struct fakevm *fake, uint64_t start)
{
	fakevm_map(fake, start, start + MIB(32), "");
	for (size_t i = 0; i < fake->maps.count; i++)
		if (fake->maps.at[i].start == start)
			fake->maps.at[i].writable = true;
	fakevm_map(fake, start + MIB(32), start + FAKEVM_Z_STACK_LIMIT, "");
	for (size_t i = 0; i < fake->maps.count; i++)
		if (fake->maps.at[i].start == start + MIB(32))
			fake->maps.at[i].readable = false;
}

static void add_stacks(struct fakevm *fake, struct fakevm_z *z)
{
	bool early = z->kind == FAKEVM_Z_EARLY;

	fakevm_flag(fake, early ? "ZMarkStacksMax" : "ZMarkStackSpaceLimit", 6,
		    FAKEVM_Z_STACK_LIMIT, 0);
	for (uint64_t i = 0; i < (z->kind == FAKEVM_Z_COLOURED ? 2 : 1); i++) {
		uint64_t start = FAKEVM_Z_STACKS + i * FAKEVM_Z_STACK_LIMIT;
		uint64_t at = z->heap + GENERATION_AT + i * GENERATION_BYTES + STACKS_AT;

		z->stacks[i] = at;
		map_stacks(fake, start);
		if (!early)
			fakevm_set(fake, at, start);
		fakevm_set(fake, at + (early ? 0 : 8), start + 4096);
		fakevm_set(fake, at + (early ? 8 : 16), start + MIB(32));
	}
}

// The memory file behind the page and the next 2 MB, which are free.
static void map_heap(struct fakevm *fake)
{
	for (size_t i = 0; i < fake->maps.count; i++) {
		struct mapping *m = &fake->maps.at[i];

		if (m->start == FAKEVM_HEAP)
			*m = (struct mapping){ .start = FAKEVM_Z_BASE + FAKEVM_Z_PAGE,
					       .end = FAKEVM_Z_BASE + FAKEVM_Z_PAGE + MIB(4),
					       .inode = 9,
					       .readable = true,
					       .writable = true,
					       .shared = true,
					       .path = "/memfd:java_heap" };
	}
}

static void add_totals(struct fakevm *fake, struct fakevm_z *z)
{
	fakevm_member(fake, "ZPageAllocator", "_used", "size_t", Z_USED_AT);
	fakevm_member(fake, "ZPageAllocator", "_capacity", "size_t", Z_CAPACITY_AT);
	z->used_at = z->heap + Z_USED_AT;
	z->capacity_at = z->heap + Z_CAPACITY_AT;
	fakevm_set(fake, z->used_at, MIB(2));
	fakevm_set(fake, z->capacity_at, MIB(4));
}

struct fakevm_z fakevm_add_z(struct fakevm *fake, enum fakevm_z_kind kind)
{
	struct fakevm_z z = { .kind = kind };

	for (size_t i = 0; i < fake->maps.count; i++)
		fake->maps.at[i].writable = true;
	z.collected = fakevm_object(fake, Z_HEAP_AT + Z_HEAP_BYTES);
	z.heap = z.collected + Z_HEAP_AT;
	fakevm_set(fake, z.collected, fake->vtable);
	fakevm_field(fake, "Universe", "_collectedHeap", "CollectedHeap*", z.collected);
	fakevm_flag(fake, "UseZGC", 0, 1, 1);
	fakevm_type(fake, "uintptr_t", 8);
	fakevm_type(fake, "uint8_t", 1);
	fakevm_type(fake, "ZHeap", Z_HEAP_BYTES);
	fakevm_member(fake, "ZCollectedHeap", "_heap", "ZHeap", Z_HEAP_AT);
	fakevm_member(fake, "ZHeap", "_page_allocator", "ZPageAllocator", 0);
	fakevm_member(fake, "ZPageAllocator", "_max_capacity", "const size_t", LIMIT_AT);
	add_masks(fake, &z);
	add_page(fake, &z);
	add_forwarding(fake, &z);
	add_stacks(fake, &z);
	add_totals(fake, &z);
	map_heap(fake);
	if (kind == FAKEVM_Z_COLOURED)
		fakevm_member(fake, "ZPageAllocator", "_partitions", "ZPerNUMAZPartition",
			      LIMIT_AT + 8);
	return z;
}

uint64_t fakevm_z_forward(struct fakevm *fake, const struct fakevm_z *z, int generation)
{
	uint64_t at, entries;

	if (z->kind == FAKEVM_Z_EARLY) {
		entries = fakevm_object(fake, FAKEVM_Z_ENTRIES * 8);
		fakevm_set(fake, z->page + 32, entries);
		fakevm_set(fake, z->page + 40, FAKEVM_Z_ENTRIES);
		for (uint64_t i = 0; i < FAKEVM_Z_ENTRIES; i++)
			fakevm_set(fake, entries + i * 8, UINT64_MAX);
		return entries;
	}
	at = fakevm_object(fake, FORWARDING_BYTES + FAKEVM_Z_ENTRIES * 8);
	fakevm_set(fake, at, FAKEVM_Z_PAGE);
	fakevm_set(fake, at + 8, z->kind == FAKEVM_Z_COLOURED ? MIB(2) : FAKEVM_Z_PAGE + MIB(2));
	fakevm_set(fake, at + 16, 3);
	fakevm_set(fake, at + 24, FAKEVM_Z_ENTRIES);
	fakevm_set(fake, z->forward[generation] + (FAKEVM_Z_PAGE >> 21) * 8, at);
	return at + FORWARDING_BYTES;
}

void fakevm_z_move(struct fakevm *fake, const struct fakevm_z *z, uint64_t entries, uint64_t from,
		   uint64_t to)
{
	bool early = z->kind == FAKEVM_Z_EARLY;

	for (uint64_t i = 0; i < FAKEVM_Z_ENTRIES; i++) {
		uint64_t index = i ? 0x10000 + i : from >> 3, target = i ? MIB(64) : to;

		fakevm_set(fake, entries + i * 8,
			   early ? index << 42 | target : index << 46 | target << 1 | 1);
	}
}

uint64_t fakevm_z_reference(unsigned colour, uint64_t offset)
{
	return (FAKEVM_Z_BASE | offset) << (13 + colour) | UINT64_C(1) << (12 + colour);
}
