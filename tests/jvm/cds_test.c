// SPDX-License-Identifier: Apache-2.0
#include "jvm/cds.h"

#include <criterion/criterion.h>
#include <string.h>

#include "base/fail.h"
#include "base/units.h"
#include "fakevm_heaps.h"

// A static archive of two mappings with an anonymous page between them, a dynamic one behind it,
// and archived heap objects inside the Java heap.
#define BASE 0x7f3000000000u
enum { PAGE = 4096 };
static struct fakevm *fake;
static struct hotspot vm;
static struct cds cds;
static struct fail why;

static void map_file(uint64_t start, uint64_t end, const char *path, uint64_t inode)
{
	fakevm_map(fake, start, end, path);
	for (size_t i = 0; i < fake->maps.count; i++)
		if (fake->mappings[i].start == start)
			fake->mappings[i].inode = inode;
}

static void setup(void)
{
	fake = fakevm_create();
	fakevm_add_serial(fake);
	map_file(BASE, BASE + 4 * PAGE, "/cache/app.one", 101);
	fakevm_map(fake, BASE + 4 * PAGE, BASE + 5 * PAGE, "");
	map_file(BASE + 5 * PAGE, BASE + 8 * PAGE, "/cache/app.one", 101);
	map_file(BASE + 8 * PAGE, BASE + 10 * PAGE, "/cache/app.two", 102);
	map_file(BASE + 20 * PAGE, BASE + 21 * PAGE, "/cache/app.one", 101);
	for (size_t i = 0; i < fake->maps.count; i++) // the heap's mapping makes room
		if (fake->mappings[i].start == FAKEVM_HEAP)
			fake->mappings[i].end -= PAGE;
	map_file(FAKEVM_HEAP + FAKEVM_HEAP_SIZE - PAGE, FAKEVM_HEAP + FAKEVM_HEAP_SIZE,
		 "/cache/app.one", 101);
}

static void teardown(void)
{
	fakevm_free(fake);
}

TestSuite(cds, .init = setup, .fini = teardown);

static bool read_archives(uint64_t base, uint64_t top)
{
	fakevm_field(fake, "MetaspaceObj", "_shared_metaspace_base", "void*", base);
	fakevm_field(fake, "MetaspaceObj", "_shared_metaspace_top", "void*", top);
	cr_assert(fakevm_open(fake, &vm, &why), "%s", why.text);
	return cds_read(&vm, &fake->mem, &cds, &why);
}

Test(cds, archives_are_told_apart_by_file_whatever_it_is_called)
{
	cr_assert(read_archives(BASE, BASE + 10 * PAGE - 100), "%s", why.text);
	cr_assert_eq(cds.count, 5);
	cr_assert_str_eq(cds.at[0].name, "static archive");
	cr_assert_str_eq(cds.at[1].name, "static archive", "the page between its mappings");
	cr_assert_str_eq(cds.at[3].name, "dynamic archive");
	cr_assert_eq(cds.at[3].end, BASE + 10 * PAGE, "to the end of the last page");
	cr_assert_eq(cds.at[4].start, BASE + 20 * PAGE);
	cr_assert_not(cds.at[4].exact, "outside of the VM's bounds");
}

Test(cds, leave_heap_objects_to_the_heap)
{
	cr_assert(read_archives(BASE, BASE + 10 * PAGE), "%s", why.text);
	for (size_t i = 0; i < cds.count; i++)
		cr_assert(cds.at[i].start >= BASE);
}

Test(cds, of_a_vm_without_an_archive_are_none)
{
	cr_assert(read_archives(0, 0), "%s", why.text);
	cr_assert_eq(cds.count, 0);
}

Test(cds, whose_bounds_make_no_sense_are_refused)
{
	static const uint64_t BAD[][2] = {
		{ BASE, BASE },
		{ BASE + 8, BASE + PAGE },
		{ BASE, 0 },
		{ BASE, BASE + 12 * PAGE },
		{ BASE, BASE + ((uint64_t)5 << 30) },
		{ FAKEVM_HEAP, FAKEVM_HEAP + PAGE },
	};

	for (size_t i = 0; i < sizeof(BAD) / sizeof(BAD[0]); i++) {
		teardown();
		setup();
		cr_assert_not(read_archives(BAD[i][0], BAD[i][1]), "row %zu", i);
		cr_assert_eq(why.kind, FAIL_CORRUPT);
	}
}

Test(cds, of_a_vm_that_exports_no_bounds_go_by_name)
{
	map_file(BASE + 30 * PAGE, BASE + 31 * PAGE, "/jdk/lib/server/classes.jsa", 103);
	cr_assert(fakevm_open(fake, &vm, &why), "%s", why.text);
	vm.narrow_klass_base = BASE + 30 * PAGE;
	cr_assert(cds_read(&vm, &fake->mem, &cds, &why), "%s", why.text);
	cr_assert_eq(cds.count, 1);
	cr_assert_not(cds.at[0].exact);
}

// FileMapInfo of JDK 11: a table of regions, and no bounds.
enum { REGION = 40, REGION_BASE = 16, REGION_USED = 24, REGIONS_AT = 16 };

static void add_region_members(const char *table, const char *base)
{
	fakevm_type(fake, "CDSFileMapRegion", REGION);
	fakevm_member(fake, "FileMapInfo", "_header", "FileMapHeader*", 16);
	fakevm_member(fake, "FileMapHeader", table, "CDSFileMapRegion", REGIONS_AT);
	fakevm_member(fake, "CDSFileMapRegion", base, "char*", REGION_BASE);
	fakevm_member(fake, "CDSFileMapRegion", "_used", "size_t", REGION_USED);
}

static uint64_t add_regions(const uint64_t (*regions)[2], size_t count)
{
	uint64_t info = fakevm_object(fake, 64), header = fakevm_object(fake, 512);

	fakevm_set(fake, info + 16, header);
	for (size_t i = 0; i < count; i++) {
		uint64_t at = header + REGIONS_AT + i * REGION;

		fakevm_set(fake, at + REGION_BASE, regions[i][0]);
		fakevm_set(fake, at + REGION_USED, regions[i][1]);
	}
	fakevm_field(fake, "FileMapInfo", "_current_info", "FileMapInfo*", info);
	return header;
}

Test(cds, of_a_vm_with_regions_and_no_bounds_go_by_the_regions)
{
	static const uint64_t REGIONS[][2] = {
		{ BASE, 4 * PAGE },    { BASE + 5 * PAGE, 3 * PAGE - 40 }, { 0, 0 }, // not mapped
		{ 0x10, 7 * PAGE },    // an offset in the heap
		{ BASE + PAGE, PAGE }, // an address, but none where a mapping begins
	};

	add_region_members("_space[0]", "_addr._base");
	add_regions(REGIONS, 4);
	cr_assert(fakevm_open(fake, &vm, &why), "%s", why.text);
	cr_assert(cds_read(&vm, &fake->mem, &cds, &why), "%s", why.text);
	cr_assert_eq(cds.count, 4);
	cr_assert_eq(cds.at[2].start, BASE + 5 * PAGE);
	cr_assert_eq(cds.at[2].end, BASE + 8 * PAGE);
	cr_assert(cds.at[2].exact);
	cr_assert_not(cds.at[3].exact, "another mapping of the file");
}

Test(cds, regions_that_are_longer_than_what_is_mapped_are_no_bounds)
{
	static const uint64_t REGIONS[][2] = { { BASE, 4 * PAGE + 1 }, { BASE + 100, PAGE } };

	add_region_members("_space[0]", "_addr._base");
	add_regions(REGIONS, 2);
	cr_assert(fakevm_open(fake, &vm, &why), "%s", why.text);
	cr_assert_not(cds_read(&vm, &fake->mem, &cds, &why));
	cr_assert_eq(why.kind, FAIL_ABSENT);
}

// An AOT cache: the core within the bounds, the code elsewhere.
static void read_aot_cache(const char *flag, uint64_t code_used)
{
	const uint64_t regions[][2] = { { BASE, 100 }, { BASE + 20 * PAGE, code_used } };

	add_region_members("_regions[0]", "_mapped_base");
	add_regions(regions, 2);
	fakevm_flag(fake, "AOTCache", 8, flag ? fakevm_text(fake, flag) : 0, 1);
	cr_assert(read_archives(BASE, BASE + 8 * PAGE), "%s", why.text);
	cr_assert_eq(cds.count, 4);
	cr_assert_eq(cds.at[3].start, BASE + 20 * PAGE);
}

Test(cds, an_aot_cache_is_what_the_flag_says_and_its_code_a_region_outside_of_the_bounds)
{
	read_aot_cache("/cache/app.one", PAGE);
	cr_assert_str_eq(cds.at[0].name, "AOT cache");
	cr_assert_str_eq(cds.at[3].name, "AOT code");
	cr_assert(cds.at[3].exact);
}

Test(cds, a_region_of_another_length_than_its_mapping_is_no_aot_code)
{
	read_aot_cache("/cache/app.one", 2 * PAGE);
	cr_assert_str_eq(cds.at[3].name, "AOT cache");
	cr_assert_not(cds.at[3].exact);
}

Test(cds, without_an_aot_cache_another_mapping_of_the_archive_has_its_name)
{
	read_aot_cache(NULL, PAGE);
	cr_assert_str_eq(cds.at[0].name, "static archive");
	cr_assert_str_eq(cds.at[3].name, "static archive");
}

Test(cds, of_jdk_8_are_the_file_that_the_flag_names)
{
	fakevm_flag(fake, "SharedArchiveFile", 8, fakevm_text(fake, "/cache/app.two"), 1);
	cr_assert(fakevm_open(fake, &vm, &why), "%s", why.text);
	vm.narrow_klass_base = BASE;
	cr_assert(cds_read(&vm, &fake->mem, &cds, &why), "%s", why.text);
	cr_assert_eq(cds.count, 1);
	cr_assert_eq(cds.at[0].start, BASE + 8 * PAGE);
}

Test(cds, a_program_s_file_with_an_archive_s_name_is_none)
{
	map_file(BASE + 30 * PAGE, BASE + 31 * PAGE, "/jdk/lib/server/classes.jsa", 103);
	map_file(BASE + 40 * PAGE, BASE + 41 * PAGE, "/data/classes.jsa", 104);
	fake->mappings[fake->maps.count - 1].shared = true;
	map_file(BASE - 10 * PAGE, BASE - 9 * PAGE, "/data/classes.jsa", 105);
	map_file(BASE + GIB(4), BASE + GIB(4) + PAGE, "/data/classes.jsa", 106);
	cr_assert(fakevm_open(fake, &vm, &why), "%s", why.text);
	vm.narrow_klass_base = BASE;
	cr_assert(cds_read(&vm, &fake->mem, &cds, &why), "%s", why.text);
	cr_assert_eq(cds.count, 1);
	cr_assert_eq(cds.at[0].start, BASE + 30 * PAGE);
}

Test(cds, of_jdk_8_are_none_where_the_vm_says_so)
{
	uint64_t flag = fakevm_flag(fake, "UseSharedSpaces", 0, 0, 0);

	map_file(BASE + 30 * PAGE, BASE + 31 * PAGE, "/data/classes.jsa", 103);
	cr_assert(fakevm_open(fake, &vm, &why), "%s", why.text);
	cr_assert(cds_read(&vm, &fake->mem, &cds, &why), "%s", why.text);
	cr_assert_eq(cds.count, 0);
	*fakevm_at(fake, flag) = 1;
	cr_assert_not(cds_read(&vm, &fake->mem, &cds, &why), "it has one, which was not found");
	cr_assert_eq(why.kind, FAIL_ABSENT);
}
