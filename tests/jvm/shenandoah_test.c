// SPDX-License-Identifier: Apache-2.0
// Shenandoah's heap by state of region (jvm/spaces_shenandoah.h) and what it keeps beside the heap
// (jvm/gcside.h).
#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <string.h>

#include "base/fail.h"
#include "base/units.h"
#include "fakevm_shenandoah.h"
#include "jvm/gcside.h"
#include "jvm/spaces.h"

static struct fakevm *fake;
static struct fakevm_shenandoah s;
static struct hotspot vm;
static struct gcside side;
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

TestSuite(shenandoah, .init = setup, .fini = teardown);

static void start(bool generational)
{
	s = fakevm_add_shenandoah(fake, generational);
	cr_assert(fakevm_open(fake, &vm, &why), "%s", why.text);
}

static void read_side(void)
{
	cr_assert(gcside_read(&vm, &fake->mem, &side, &why), "%s", why.text);
}

static const struct gcside_range *find(uint64_t at)
{
	for (size_t i = 0; i < side.ranges.count; i++)
		if (side.ranges.at[i].start == at)
			return &side.ranges.at[i];
	return NULL;
}

static void expect(uint64_t at, uint64_t size, const char *part)
{
	const struct gcside_range *r = find(at);

	cr_assert(r != NULL, "%s is missing", part);
	cr_assert(eq(u64, r->end - r->start, size), "%s", part);
	cr_assert(eq(str, (char *)r->part, (char *)part));
}

static void expect_all(size_t count)
{
	cr_assert(eq(sz, side.refused.count, 0), "%s",
		  side.refused.count ? side.refused.at[0] : "");
	cr_assert(eq(sz, side.ranges.count, count));
	expect(s.regions, FAKEVM_SHENANDOAH_REGIONS * FAKEVM_SHENANDOAH_STRIDE, "regions");
	expect(FAKEVM_SHENANDOAH_TABLES + FAKEVM_SHENANDOAH_MARK, FAKEVM_SHENANDOAH_BITMAP,
	       "mark bitmap");
	expect(FAKEVM_SHENANDOAH_TABLES + FAKEVM_SHENANDOAH_AUX, FAKEVM_SHENANDOAH_BITMAP,
	       "auxiliary bitmap");
	expect(FAKEVM_SHENANDOAH_SET, 8192, "collection set");
}

Test(shenandoah, keeps_regions_bitmaps_and_a_collection_set_beside_the_heap)
{
	start(false);
	read_side();
	expect_all(4);
}

Test(shenandoah, with_generations_has_two_card_tables)
{
	start(true);
	read_side();
	expect_all(6);
	expect(FAKEVM_SHENANDOAH_TABLES + FAKEVM_SHENANDOAH_READ,
	       units_page_up(FAKEVM_SHENANDOAH_CARDS), "card table");
	expect(FAKEVM_SHENANDOAH_TABLES + FAKEVM_SHENANDOAH_WRITE,
	       units_page_up(FAKEVM_SHENANDOAH_CARDS), "card table");
}

Test(shenandoah, of_jdk_11_has_its_regions_behind_their_number)
{
	start(false);
	vm.field[FIELD_SHENANDOAH_REGIONS] = NULL;
	read_side();
	expect_all(4);
}

Test(shenandoah, reserves_regions_in_whole_large_pages)
{
	static unsigned char copy[FAKEVM_SHENANDOAH_REGIONS * FAKEVM_SHENANDOAH_STRIDE];
	uint64_t large = FAKEVM_SHENANDOAH_TABLES + MIB(12);
	uint64_t flag = fakevm_flag(fake, "UseTransparentHugePages", 0, 0, 1);

	start(false);
	memcpy(copy, fakevm_at(fake, s.regions), sizeof(copy));
	fakevm_area(fake, large, copy, sizeof(copy));
	for (uint64_t i = 0; i < FAKEVM_SHENANDOAH_REGIONS; i++)
		fakevm_set(fake, s.array + i * 8, large + i * FAKEVM_SHENANDOAH_STRIDE);
	read_side();
	expect(large, sizeof(copy), "regions");
	fakevm_set(fake, flag, 1);
	read_side();
	expect(large, MIB(2), "regions");
}

Test(shenandoah, objects_twice_as_far_apart_need_half_the_bits)
{
	start(false);
	for (size_t i = 0; i < fake->flag_count; i++)
		if (!strcmp((char *)fakevm_at(fake, fake->flags[i][1]), "ObjectAlignmentInBytes"))
			fakevm_set(fake, fake->flags[i][0], 16);
	fakevm_set(fake, s.context + 32, FAKEVM_HEAP_SIZE / 8);
	fakevm_set(fake, s.aux + 32, FAKEVM_HEAP_SIZE / 16);
	fakevm_set(fake, s.aux + 40, FAKEVM_SHENANDOAH_BITMAP / 2);
	read_side();
	cr_assert(eq(sz, side.refused.count, 0), "%s",
		  side.refused.count ? side.refused.at[0] : "");
	expect(FAKEVM_SHENANDOAH_TABLES, FAKEVM_SHENANDOAH_BITMAP / 2, "mark bitmap");
}

Test(shenandoah, a_field_that_contradicts_another_leaves_its_structure_out)
{
	static const struct {
		const char *what;
		uint64_t *object, offset, value;
		uint64_t gone;
	} BAD[] = {
		{ "a region of another number", &s.regions, 128, 7, 0 },
		{ "a last region elsewhere", &s.regions, 63 * 128 + 8, FAKEVM_HEAP, 0 },
		{ "regions not in a row", &s.array, 63 * 8, 0x7f2000001000, 0 },
		{ "a bitmap of another range", &s.context, 16, 4711, FAKEVM_SHENANDOAH_TABLES },
		{ "a bitmap of other bits", &s.context, 32, FAKEVM_HEAP_SIZE,
		  FAKEVM_SHENANDOAH_TABLES },
		{ "a bitmap that the heap does not name", &s.heap, 104, 0,
		  FAKEVM_SHENANDOAH_TABLES },
		{ "an auxiliary bitmap without bytes", &s.aux, 40, 4096,
		  FAKEVM_SHENANDOAH_TABLES + FAKEVM_SHENANDOAH_AUX },
		{ "an auxiliary bitmap in a file", &s.aux, 24, FAKEVM_LIBRARY,
		  FAKEVM_SHENANDOAH_TABLES + FAKEVM_SHENANDOAH_AUX },
		{ "a set of other regions", &s.set, 0, 63, FAKEVM_SHENANDOAH_SET },
		{ "a set of regions of another size", &s.set, 8, 21, FAKEVM_SHENANDOAH_SET },
		{ "a set with another bias", &s.set, 56, 0, FAKEVM_SHENANDOAH_SET },
		{ "a set that is too small", &s.set, 24, 0, FAKEVM_SHENANDOAH_SET },
		{ "a set that is too large", &s.set, 24, MIB(1), FAKEVM_SHENANDOAH_SET },
		{ "card tables of another heap", &s.cards, 8, FAKEVM_HEAP + 4096,
		  FAKEVM_SHENANDOAH_TABLES + FAKEVM_SHENANDOAH_READ },
		{ "card tables of another size", &s.cards, 32, 4096,
		  FAKEVM_SHENANDOAH_TABLES + FAKEVM_SHENANDOAH_READ },
		{ "a card table with another bias", &s.cards, 104, 0,
		  FAKEVM_SHENANDOAH_TABLES + FAKEVM_SHENANDOAH_READ },
		{ "card tables without a vtable", &s.cards, 0, 0,
		  FAKEVM_SHENANDOAH_TABLES + FAKEVM_SHENANDOAH_READ },
	};

	for (size_t i = 0; i < sizeof(BAD) / sizeof(BAD[0]); i++) {
		teardown();
		setup();
		start(true);
		fakevm_set(fake, *BAD[i].object + BAD[i].offset, BAD[i].value);
		read_side();
		cr_assert(find(BAD[i].gone ? BAD[i].gone : s.regions) == NULL, "%s", BAD[i].what);
		cr_assert(gt(sz, side.refused.count, 0), "%s", BAD[i].what);
	}
}

Test(shenandoah, without_a_number_of_regions_that_fits_the_heap_nothing_is_believed)
{
	start(false);
	fakevm_set(fake, s.heap + 80, FAKEVM_SHENANDOAH_REGIONS - 1);
	read_side();
	cr_assert(eq(sz, side.ranges.count, 0));
	cr_assert(eq(sz, side.refused.count, 1));
}

// --- the heap ---

static const struct spaces_row *row(const char *name)
{
	for (size_t i = 0; i < spaces.count; i++)
		if (!strcmp(spaces.at[i].name, name))
			return &spaces.at[i];
	return NULL;
}

Test(shenandoah, has_its_heap_by_what_regions_are_used_for)
{
	start(false);
	cr_assert(spaces_read(&vm, &fake->mem, &spaces, &why), "%s", why.text);
	cr_assert(eq(u64, spaces.committed, MIB(7)));
	cr_assert(eq(u64, spaces.used, MIB(5) + 4096));
	cr_assert(eq(u64, spaces.region_bytes, MIB(1)));
	cr_assert(eq(sz, spaces.count, 4));
	cr_assert(eq(u32, row("regular")->regions, 3));
	cr_assert(eq(u64, row("regular")->used, MIB(2) + 4096));
	cr_assert(eq(u32, row("humongous")->regions, 2));
	cr_assert(eq(u64, row("collection set")->committed, MIB(1)));
	cr_assert(eq(u64, row("free")->used, 0));
}

Test(shenandoah, whose_regions_do_not_sum_up_has_totals_alone)
{
	static const struct {
		const char *what;
		uint64_t *object, offset, value;
	} BAD[] = {
		{ "one more committed", &s.committed_at, 0, MIB(8) },
		{ "a region of another number", &s.regions, 128, 7 },
		{ "a top in the next region", &s.regions, 56, FAKEVM_HEAP + MIB(2) },
		{ "a top below its bottom", &s.regions, 128 + 56, FAKEVM_HEAP },
		{ "a state that is none", &s.regions, 48, 10 },
		{ "no object", &s.array, 8, 0 },
	};

	for (size_t i = 0; i < sizeof(BAD) / sizeof(BAD[0]); i++) {
		teardown();
		setup();
		start(false);
		fakevm_set(fake, *BAD[i].object + BAD[i].offset, BAD[i].value);
		cr_assert(spaces_read(&vm, &fake->mem, &spaces, &why), "%s", BAD[i].what);
		cr_assert(eq(sz, spaces.count, 0), "%s", BAD[i].what);
		cr_assert(eq(u64, spaces.used, MIB(5) + 4096));
	}
	fakevm_set(fake, s.used_at, MIB(9));
	cr_assert(not(spaces_read(&vm, &fake->mem, &spaces, &why)), "more used than committed");
	fakevm_set(fake, s.committed_at, MIB(65));
	cr_assert(not(spaces_read(&vm, &fake->mem, &spaces, &why)), "more than reserved");
}
