// SPDX-License-Identifier: Apache-2.0
#include "jvm/spaces.h"

#include <criterion/criterion.h>
#include <string.h>

#include "base/fail.h"
#include "base/units.h"
#include "fakevm_heaps.h"

static struct fakevm *fake;
static struct hotspot vm;
static struct spaces spaces;
static struct fail why;

static void setup(void)
{
	fake = fakevm_create();
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

static struct fakevm_serial serial;

Test(spaces, of_serial_are_eden_from_to_and_old)
{
	serial = fakevm_add_serial(fake);
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
		{ "top above end", &serial.eden, 16, FAKEVM_HEAP + MIB(9) },
		{ "top below bottom", &serial.eden, 16, FAKEVM_HEAP - 8 },
		{ "top between words", &serial.eden, 16, FAKEVM_HEAP + 4 },
		{ "end beyond the heap", &serial.tenured, 8, FAKEVM_HEAP + MIB(65) },
		{ "end wrapped", &serial.tenured, 8, 8 },
		{ "eden too small for its generation", &serial.eden, 8, FAKEVM_HEAP + MIB(7) },
		{ "from where eden is", &serial.young, 8, 0 },
		{ "no eden", &serial.young, 0, 0 },
		{ "an eden nowhere", &serial.young, 0, 0x5000 },
		{ "generation beyond the heap", &serial.old, 40, FAKEVM_HEAP + MIB(80) },
		{ "committed above reserved", &serial.old, 56, FAKEVM_HEAP + MIB(65) },
		{ "committed below its spaces", &serial.young, 56, FAKEVM_HEAP + MIB(9) },
	};

	for (size_t i = 0; i < sizeof(BAD) / sizeof(BAD[0]); i++) {
		teardown();
		setup();
		serial = fakevm_add_serial(fake);
		open_vm();
		fakevm_set(fake, *BAD[i].object + BAD[i].offset,
			   BAD[i].object == &serial.young && BAD[i].offset == 8 ? serial.eden
										: BAD[i].value);
		cr_assert_not(read_spaces(), "%s", BAD[i].what);
	}
}

// --- G1 ---

static struct fakevm_g1 g1;

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
	g1 = fakevm_add_g1(fake);
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
	g1 = fakevm_add_g1(fake);
	memset(fakevm_at(fake, g1.bits + 5 * 32), 0, 32);
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
		{ "a region in two places", &g1.regions[1], 0, FAKEVM_HEAP },
		{ "a top in the next region", &g1.regions[1], 16, FAKEVM_HEAP + MIB(2) + 8 },
		{ "a kind that is none", &g1.regions[1], 24, 64 },
		{ "a committed region without an object", &g1.table, 8, 0 },
		{ "a region half committed", &g1.bits, 32, 0xffff },
		{ "a region whose first pages are not committed", &g1.bits, 32, 0 },
		{ "a mapper of other bounds", &g1.mapper, 16, FAKEVM_HEAP + 4096 },
		{ "a bitmap of another length", &g1.mapper, 56, 77 },
		{ "a mapper without a vtable", &g1.mapper, 0, 0 },
		{ "a table of another length", &g1.heap, 64 + 16 + 24, FAKEVM_REGIONS - 1 },
	};

	for (size_t i = 0; i < sizeof(BAD) / sizeof(BAD[0]); i++) {
		teardown();
		setup();
		g1 = fakevm_add_g1(fake);
		open_vm();
		fakevm_set(fake, *BAD[i].object + BAD[i].offset, BAD[i].value);
		cr_assert_not(read_spaces(), "%s", BAD[i].what);
		cr_assert_eq(why.kind, FAIL_CORRUPT);
	}
}

static struct spaces_row *read_old_g1(void)
{
	open_vm();
	cr_assert(read_spaces(), "%s", why.text);
	cr_assert_eq(spaces.committed, MIB(6));
	cr_assert_eq(spaces.used, MIB(3) + KIB(512) + 4096 + 8);
	return spaces.at;
}

Test(spaces, of_an_old_g1_have_the_kinds_that_stand_beside_the_regions_numbers)
{
	g1 = fakevm_add_g1_before_9(fake);
	read_old_g1();
	cr_assert_null(spaces.unknown);
	cr_assert_eq(find_row("eden")->used, MIB(1) + 4096);
	cr_assert_eq(find_row("survivor")->regions, 1);
	cr_assert_eq(find_row("old")->used, 8);
	cr_assert_eq(find_row("humongous")->regions, 2);
	cr_assert_eq(find_row("humongous")->used, MIB(1) + KIB(512));
}

Test(spaces, of_an_old_g1_are_of_no_kind_when_anything_speaks_against_it)
{
	static const struct {
		const char *what;
		uint64_t *object, offset, value;
	} BAD[] = {
		{ "more old regions than the old set has", &g1.heap, FAKEVM_G1_OLD_SET + 24, 2 },
		{ "a set of humongous ones that has none", &g1.heap, FAKEVM_G1_HUMONGOUS_SET + 24,
		  0 },
		{ "a tag that is none", &g1.regions[1], FAKEVM_REGION_TAG, 1 },
		{ "a tag of a later VM", &g1.regions[3], FAKEVM_REGION_TAG, 16 },
		{ "a region with another's number", &g1.regions[2], FAKEVM_REGION_NUMBER, 3 },
	};

	for (size_t i = 0; i < sizeof(BAD) / sizeof(BAD[0]); i++) {
		teardown();
		setup();
		g1 = fakevm_add_g1_before_9(fake);
		fakevm_set(fake, *BAD[i].object + BAD[i].offset, BAD[i].value);
		cr_assert_str_eq(read_old_g1()->name, "regions", "%s", BAD[i].what);
		cr_assert_eq(spaces.count, 1);
		cr_assert_not_null(spaces.unknown);
	}
}

Test(spaces, of_an_old_g1_need_a_bitmap_whose_address_is_there_twice)
{
	g1 = fakevm_add_g1_before_9(fake);
	fakevm_set(fake, g1.mapper + 80, g1.bits + 8);
	open_vm();
	cr_assert_not(read_spaces());
	cr_assert_eq(why.kind, FAIL_CORRUPT);
}

// --- CMS ---

static struct fakevm_cms cms;

Test(spaces, of_cms_are_used_but_for_what_its_free_lists_have)
{
	cms = fakevm_add_cms(fake);
	open_vm();
	cr_assert(read_spaces(), "%s", why.text);
	cr_assert_eq(spaces.count, 4);
	cr_assert_str_eq(spaces.at[3].name, "old");
	cr_assert_eq(spaces.at[3].committed, MIB(16));
	cr_assert_eq(spaces.at[3].used, MIB(16) - MIB(1) - 8 * (3 * 8 + 2 * 100 + 512));
	cr_assert_eq(spaces.used, MIB(3) + 4096 + spaces.at[3].used);
	cr_assert_null(spaces.unknown);
}

Test(spaces, of_cms_are_no_numbers_when_its_lists_make_no_sense)
{
	static const struct {
		const char *what;
		uint64_t *object, offset, value;
	} BAD[] = {
		{ "more free than there is", &cms.dictionary, 8, MIB(3) },
		{ "free words beyond reason", &cms.dictionary, 8, UINT64_MAX },
		{ "a list of another size", &cms.lists, 40 * FAKEVM_CMS_LIST + 16, 41 },
		{ "a list with a negative count", &cms.lists, 40 * FAKEVM_CMS_LIST + 24,
		  UINT64_MAX },
		{ "a block larger than all", &cms.linear, 8, MIB(2) },
		{ "no space", &cms.old, 64, 0 },
	};

	for (size_t i = 0; i < sizeof(BAD) / sizeof(BAD[0]); i++) {
		teardown();
		setup();
		cms = fakevm_add_cms(fake);
		open_vm();
		fakevm_set(fake, *BAD[i].object + BAD[i].offset, BAD[i].value);
		cr_assert_not(read_spaces(), "%s", BAD[i].what);
		cr_assert_eq(why.kind, FAIL_CORRUPT, "%s", BAD[i].what);
	}
}

Test(spaces, of_cms_leave_open_what_is_used_where_no_list_is_exported)
{
	cms = fakevm_add_cms(fake);
	open_vm();
	vm.field[FIELD_CMS_LISTS] = NULL;
	cr_assert(read_spaces(), "%s", why.text);
	cr_assert_eq(spaces.used, SPACES_UNKNOWN);
	cr_assert_eq(spaces.committed, MIB(26));
	cr_assert_not_null(spaces.unknown);
}

// --- Parallel ---

static struct fakevm_parallel parallel;

Test(spaces, of_parallel_are_eden_from_to_and_old)
{
	for (int shared = 0; shared < 2; shared++) {
		teardown();
		setup();
		parallel = fakevm_add_parallel(fake, shared);
		open_vm();
		cr_assert(read_spaces(), "%s", why.text);
		cr_assert_eq(spaces.count, 4);
		cr_assert_eq(spaces.committed, MIB(22)); // with the megabyte that no space has
		cr_assert_eq(spaces.used, MIB(8));
		cr_assert_str_eq(spaces.at[0].name, "eden");
		cr_assert_eq(spaces.at[0].used, MIB(2));
		cr_assert_eq(spaces.at[3].used, MIB(5));
		cr_assert_null(spaces.unknown);
	}
}

Test(spaces, of_parallel_are_no_numbers_when_their_bounds_make_no_sense)
{
	static const struct {
		bool shared;
		const char *what;
		uint64_t *object, offset, value;
	} BAD[] = {
		{ false, "committed below its spaces", &parallel.young_bounds, 40,
		  FAKEVM_HEAP + MIB(41) },
		{ false, "committed above reserved", &parallel.old_bounds, 40,
		  FAKEVM_HEAP + MIB(33) },
		{ false, "a generation beyond the heap", &parallel.young_bounds, 24,
		  FAKEVM_HEAP + MIB(65) },
		{ false, "top above end", &parallel.eden, 16, FAKEVM_HEAP + MIB(39) },
		{ true, "another heap", &parallel.young_bounds, 16, FAKEVM_HEAP + 4096 },
		{ true, "a heap that ends elsewhere", &parallel.young_bounds, 24,
		  FAKEVM_HEAP + MIB(63) },
		{ true, "old beyond the boundary", &parallel.young_bounds, 32,
		  FAKEVM_HEAP + MIB(33) },
		{ true, "a boundary above eden", &parallel.young_bounds, 40,
		  FAKEVM_HEAP + MIB(33) },
		{ true, "young committed below its spaces", &parallel.young_bounds, 48,
		  FAKEVM_HEAP + MIB(41) },
		{ true, "old larger than what is committed", &parallel.space, 8,
		  FAKEVM_HEAP + MIB(13) },
	};

	for (size_t i = 0; i < sizeof(BAD) / sizeof(BAD[0]); i++) {
		teardown();
		setup();
		parallel = fakevm_add_parallel(fake, BAD[i].shared);
		open_vm();
		fakevm_set(fake, *BAD[i].object + BAD[i].offset, BAD[i].value);
		cr_assert_not(read_spaces(), "%s", BAD[i].what);
		cr_assert_eq(why.kind, FAIL_CORRUPT, "%s", BAD[i].what);
	}
}

Test(spaces, of_parallel_leave_open_what_is_committed_where_no_bounds_are_exported)
{
	parallel = fakevm_add_parallel(fake, true);
	open_vm();
	vm.field[FIELD_PS_HEAP_VIRTUAL] = NULL;
	cr_assert(read_spaces(), "%s", why.text);
	cr_assert_eq(spaces.committed, SPACES_UNKNOWN);
	cr_assert_eq(spaces.used, MIB(8));
	cr_assert_not_null(spaces.unknown);
}

Test(spaces, are_absent_while_the_vm_has_no_heap)
{
	serial = fakevm_add_serial(fake);
	open_vm();
	vm.heap_at = 0;
	cr_assert_not(read_spaces());
	cr_assert_eq(why.kind, FAIL_ABSENT);
}
