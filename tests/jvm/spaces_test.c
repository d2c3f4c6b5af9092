// SPDX-License-Identifier: Apache-2.0
#include "jvm/spaces.h"

#include <criterion/criterion.h>
#include <string.h>

#include "base/fail.h"
#include "base/units.h"
#include "fakevm.h"

static struct fakevm *fake;
static struct hotspot vm;
static struct spaces spaces;
static struct fail why;
static uint64_t heap;

static void setup(void)
{
	fake = fakevm_create();
	heap = fakevm_object(fake, 512);
	fakevm_set(fake, heap, fake->vtable);
	fakevm_set(fake, heap + 16, FAKEVM_HEAP);
	fakevm_set(fake, heap + 24, FAKEVM_HEAP_SIZE / 8);
	fakevm_field(fake, "Universe", "_collectedHeap", "CollectedHeap*", heap);
}

static void teardown(void)
{
	fakevm_free(fake);
}

TestSuite(spaces, .init = setup, .fini = teardown);

static void open_vm(void)
{
	cr_assert(fakevm_open(fake, &vm, &why), "%s", why.text);
}

static bool read_spaces(void)
{
	return spaces_read(&vm, &fake->mem, &spaces, &why);
}

// --- Serial ---

static uint64_t young, old, eden, tenured;

static uint64_t add_space(uint64_t bottom, uint64_t top, uint64_t end)
{
	uint64_t at = fakevm_object(fake, 32);

	fakevm_set(fake, at, bottom);
	fakevm_set(fake, at + 8, end);
	fakevm_set(fake, at + 16, top);
	return at;
}

static void add_generation(uint64_t at, uint64_t low, uint64_t high, uint64_t end)
{
	fakevm_set(fake, at + 32, low);
	fakevm_set(fake, at + 40, end);
	fakevm_set(fake, at + 48, low);
	fakevm_set(fake, at + 56, high);
}

// Young: eden 8 MB, from and to 1 MB; old: 16 of 48 MB committed.
static void make_serial(void)
{
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
	young = fakevm_object(fake, 128);
	old = fakevm_object(fake, 128);
	fakevm_set(fake, heap + 64, young);
	fakevm_set(fake, heap + 72, old);
	eden = add_space(h, h + MIB(3), h + MIB(8));
	fakevm_set(fake, young, eden);
	fakevm_set(fake, young + 8, add_space(h + MIB(8), h + MIB(8) + 4096, h + MIB(9)));
	fakevm_set(fake, young + 16, add_space(h + MIB(9), h + MIB(9), h + MIB(10)));
	tenured = add_space(h + MIB(16), h + MIB(20), h + MIB(32));
	fakevm_set(fake, old, tenured);
	add_generation(young, h, h + MIB(10), h + MIB(16));
	add_generation(old, h + MIB(16), h + MIB(32), h + MIB(64));
}

Test(spaces, of_serial_are_eden_from_to_and_old)
{
	make_serial();
	open_vm();
	cr_assert(read_spaces(), "%s", why.text);
	cr_assert_eq(spaces.count, 4);
	cr_assert_str_eq(spaces.at[0].name, "eden");
	cr_assert_eq(spaces.at[0].used, MIB(3));
	cr_assert_eq(spaces.at[3].used, MIB(4));
	cr_assert_eq(spaces.committed, MIB(26));
	cr_assert_eq(spaces.used, MIB(7) + 4096);
	cr_assert_null(spaces.unknown);
}

Test(spaces, whose_bounds_make_no_sense_are_no_numbers)
{
	static const struct {
		const char *what;
		uint64_t *object, offset, value;
	} BAD[] = {
		{ "top above end", &eden, 16, FAKEVM_HEAP + MIB(9) },
		{ "top below bottom", &eden, 16, FAKEVM_HEAP - 8 },
		{ "top between words", &eden, 16, FAKEVM_HEAP + 4 },
		{ "end beyond the heap", &tenured, 8, FAKEVM_HEAP + MIB(65) },
		{ "end wrapped", &tenured, 8, 8 },
		{ "eden too small for its generation", &eden, 8, FAKEVM_HEAP + MIB(7) },
		{ "from where eden is", &young, 8, 0 },
		{ "no eden", &young, 0, 0 },
		{ "an eden nowhere", &young, 0, 0x5000 },
		{ "generation beyond the heap", &old, 40, FAKEVM_HEAP + MIB(80) },
		{ "committed above reserved", &old, 56, FAKEVM_HEAP + MIB(65) },
		{ "committed below its spaces", &young, 56, FAKEVM_HEAP + MIB(9) },
	};

	for (size_t i = 0; i < sizeof(BAD) / sizeof(BAD[0]); i++) {
		teardown();
		setup();
		make_serial();
		open_vm();
		fakevm_set(fake, *BAD[i].object + BAD[i].offset,
			   BAD[i].object == &young && BAD[i].offset == 8 ? eden : BAD[i].value);
		cr_assert_not(read_spaces(), "%s", BAD[i].what);
	}
}

// --- G1 ---

enum { REGIONS = 64 };
static uint64_t manager_mapper, bits, table, regions[REGIONS];

static void commit(size_t region)
{
	uint64_t bottom = FAKEVM_HEAP + region * MIB(1);

	memset(fakevm_at(fake, bits + region * 32), 0xff, 32); // 256 pages
	regions[region] = fakevm_object(fake, 64);
	fakevm_set(fake, table + region * 8, regions[region]);
	fakevm_set(fake, regions[region], bottom);
	fakevm_set(fake, regions[region] + 8, bottom + MIB(1));
	fakevm_set(fake, regions[region] + 16, bottom);
}

static void fill(size_t region, int tag, uint64_t used)
{
	fakevm_set(fake, regions[region] + 16, FAKEVM_HEAP + region * MIB(1) + used);
	fakevm_set(fake, regions[region] + 24, (uint64_t)tag);
}

// 64 regions of 1 MB; 0 to 5 committed: two eden, one survivor, one old, one humongous, one free.
static void make_g1(void)
{
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
	table = fakevm_object(fake, REGIONS * 8);
	bits = fakevm_object(fake, REGIONS * 32);
	manager_mapper = fakevm_object(fake, 64);
	fakevm_set(fake, heap + 64 + 16 + 16, table);
	fakevm_set(fake, heap + 64 + 16 + 24, REGIONS);
	fakevm_set(fake, heap + 64 + 96, manager_mapper);
	fakevm_set(fake, manager_mapper, fake->vtable);
	fakevm_set(fake, manager_mapper + 16, FAKEVM_HEAP);
	fakevm_set(fake, manager_mapper + 24, FAKEVM_HEAP + FAKEVM_HEAP_SIZE);
	fakevm_set(fake, manager_mapper + 40, 4096);
	fakevm_set(fake, manager_mapper + 48, bits);
	fakevm_set(fake, manager_mapper + 56, FAKEVM_HEAP_SIZE / 4096);
	for (size_t i = 0; i < 6; i++)
		commit(i);
	fill(0, 2, MIB(1));
	fill(1, 2, 4096);
	fill(2, 3, MIB(1));
	fill(3, 16, 8);
	fill(4, 12, MIB(1));
	fill(5, 0, 0);
}

static const struct spaces_row *find_row(const char *name)
{
	for (size_t i = 0; i < spaces.count; i++)
		if (!strcmp(spaces.at[i].name, name))
			return &spaces.at[i];
	cr_assert_fail("no row %s", name);
	return NULL;
}

Test(spaces, of_g1_are_committed_regions_by_kind)
{
	make_g1();
	open_vm();
	cr_assert(read_spaces(), "%s", why.text);
	cr_assert_eq(spaces.region_bytes, MIB(1));
	cr_assert_eq(spaces.committed, MIB(6));
	cr_assert_eq(spaces.used, MIB(3) + 4096 + 8);
	cr_assert_eq(find_row("eden")->regions, 2);
	cr_assert_eq(find_row("eden")->used, MIB(1) + 4096);
	cr_assert_eq(find_row("survivor")->regions, 1);
	cr_assert_eq(find_row("humongous")->regions, 1);
	cr_assert_eq(find_row("free")->committed, MIB(1));
	cr_assert_eq(find_row("old")->used, 8);
}

Test(spaces, of_g1_leave_an_uncommitted_region_out_whose_object_remains)
{
	make_g1();
	memset(fakevm_at(fake, bits + 5 * 32), 0, 32);
	open_vm();
	cr_assert(read_spaces(), "%s", why.text);
	cr_assert_eq(spaces.committed, MIB(5));
}

Test(spaces, of_g1_are_no_numbers_when_redundant_fields_disagree)
{
	static const struct {
		const char *what;
		uint64_t *object, offset, value;
	} BAD[] = {
		{ "a region in two places", &regions[1], 0, FAKEVM_HEAP },
		{ "a top in the next region", &regions[1], 16, FAKEVM_HEAP + MIB(2) + 8 },
		{ "a kind that is none", &regions[1], 24, 64 },
		{ "a committed region without an object", &table, 8, 0 },
		{ "a region half committed", &bits, 32, 0xffff },
		{ "a region whose first pages are not committed", &bits, 32, 0 },
		{ "a mapper of other bounds", &manager_mapper, 16, FAKEVM_HEAP + 4096 },
		{ "a bitmap of another length", &manager_mapper, 56, 77 },
		{ "a mapper without a vtable", &manager_mapper, 0, 0 },
		{ "a table of another length", &heap, 64 + 16 + 24, REGIONS - 1 },
	};

	for (size_t i = 0; i < sizeof(BAD) / sizeof(BAD[0]); i++) {
		teardown();
		setup();
		make_g1();
		open_vm();
		fakevm_set(fake, *BAD[i].object + BAD[i].offset, BAD[i].value);
		cr_assert_not(read_spaces(), "%s", BAD[i].what);
		cr_assert_eq(why.kind, FAIL_CORRUPT);
	}
}

Test(spaces, are_absent_while_the_vm_has_no_heap)
{
	make_serial();
	open_vm();
	vm.heap_at = 0;
	cr_assert_not(read_spaces());
	cr_assert_eq(why.kind, FAIL_ABSENT);
}
