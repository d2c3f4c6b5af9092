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

Test(spaces, are_absent_while_the_vm_has_no_heap)
{
	serial = fakevm_add_serial(fake);
	open_vm();
	vm.heap_at = 0;
	cr_assert_not(read_spaces());
	cr_assert_eq(why.kind, FAIL_ABSENT);
}
