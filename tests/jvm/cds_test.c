// SPDX-License-Identifier: Apache-2.0
#include "jvm/cds.h"

#include <criterion/criterion.h>
#include <string.h>

#include "base/fail.h"
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
	cr_assert(cds_read(&vm, &fake->mem, &cds, &why), "%s", why.text);
	cr_assert_eq(cds.count, 1);
	cr_assert_not(cds.at[0].exact);
}
