// SPDX-License-Identifier: Apache-2.0
#include "jvm/codeheaps.h"

#include <criterion/criterion.h>
#include <string.h>

#include "base/fail.h"
#include "fakevm.h"

// One code heap of 8 pages, 4 committed, in segments of 128 bytes: a used block of 4 segments, a
// free one of 2, a used one of 10, a free one of 3, a used one of 1; next segment 20.
enum { SEGMENT = 128, PAGES = 4096 };
static struct fakevm *fake;
static struct hotspot vm;
static struct codeheaps heaps;
static struct fail why;
static uint64_t code, segmap, heap, free_a, free_b;

static void put_block(uint64_t segment, uint64_t length, bool used)
{
	fakevm_set(fake, code + segment * SEGMENT, length);
	fakevm_set(fake, code + segment * SEGMENT + 8, used);
}

static void put_virtual_space(uint64_t at, uint64_t low, uint64_t high, uint64_t boundary)
{
	fakevm_set(fake, at, low);
	fakevm_set(fake, at + 8, boundary);
	fakevm_set(fake, at + 16, low);
	fakevm_set(fake, at + 24, high);
}

static void declare(uint64_t list)
{
	fakevm_field(fake, "Universe", "_collectedHeap", "CollectedHeap*", 0);
	fakevm_type(fake, "VirtualSpace", 64);
	fakevm_member(fake, "VirtualSpace", "_low_boundary", "char*", 0);
	fakevm_member(fake, "VirtualSpace", "_high_boundary", "char*", 8);
	fakevm_member(fake, "VirtualSpace", "_low", "char*", 16);
	fakevm_member(fake, "VirtualSpace", "_high", "char*", 24);
	fakevm_type(fake, "CodeHeap", 256);
	fakevm_member(fake, "CodeHeap", "_memory", "VirtualSpace", 8);
	fakevm_member(fake, "CodeHeap", "_segmap", "VirtualSpace", 72);
	fakevm_member(fake, "CodeHeap", "_log2_segment_size", "int", 160);
	fakevm_type(fake, "HeapBlock", 16);
	fakevm_type(fake, "HeapBlock::Header", 16);
	fakevm_member(fake, "HeapBlock::Header", "_length", "size_t", 0);
	fakevm_member(fake, "HeapBlock::Header", "_used", "bool", 8);
	fakevm_type(fake, "GrowableArrayBase", 16);
	fakevm_member(fake, "GrowableArrayBase", "_len", "int", 0);
	fakevm_type(fake, "GrowableArray<int>", 24);
	fakevm_member(fake, "GrowableArray<int>", "_data", "int*", 8);
	fakevm_field(fake, "CodeCache", "_heaps", "GrowableArray<CodeHeap*>*", list);
}

static void setup(void)
{
	uint64_t list, array;

	fake = fakevm_create();
	fake->objects_used = 16 * PAGES;
	code = fakevm_object(fake, 8 * PAGES);
	segmap = fakevm_object(fake, PAGES);
	memset(fakevm_at(fake, segmap + 20), 0xff, PAGES - 20);
	heap = fakevm_object(fake, 256);
	list = fakevm_object(fake, 16);
	array = fakevm_object(fake, 8);
	fakevm_set(fake, list, 1);
	fakevm_set(fake, list + 8, array);
	fakevm_set(fake, array, heap);
	put_virtual_space(heap + 8, code, code + 4 * PAGES, code + 8 * PAGES);
	put_virtual_space(heap + 72, segmap, segmap + PAGES, segmap + PAGES);
	fakevm_set(fake, heap + 136, 4 * PAGES / SEGMENT);
	fakevm_set(fake, heap + 144, 8 * PAGES / SEGMENT);
	fakevm_set(fake, heap + 152, SEGMENT);
	fakevm_set(fake, heap + 160, 7);
	fakevm_set(fake, heap + 168, 20); // next segment
	put_block(0, 4, true);
	put_block(4, 2, false);
	put_block(6, 10, true);
	put_block(16, 3, false);
	put_block(19, 1, true);
	free_a = code + 4 * SEGMENT;
	free_b = code + 16 * SEGMENT;
	fakevm_set(fake, free_a + 16, free_b);
	fakevm_set(fake, heap + 176, free_a); // free list
	fakevm_set(fake, heap + 184, 0);      // last insert point
	fakevm_set(fake, heap + 192, 5);      // free segments
	fakevm_set(fake, heap + 200, 2);      // free blocks
	fakevm_set(fake, heap + 208, fakevm_text(fake, "CodeHeap 'profiled nmethods'"));
	declare(list);
}

static void teardown(void)
{
	fakevm_free(fake);
}

TestSuite(codeheaps, .init = setup, .fini = teardown);

static bool read_heaps(void)
{
	if (!vm.tables)
		cr_assert(fakevm_open(fake, &vm, &why), "%s", why.text);
	return codeheaps_read(&vm, &fake->mem, &heaps, &why);
}

Test(codeheaps, have_ranges_a_name_and_what_is_used)
{
	cr_assert(read_heaps(), "%s", why.text);
	cr_assert_eq(heaps.count, 1);
	cr_assert_str_eq(heaps.at[0].name, "profiled nmethods");
	cr_assert_eq(heaps.at[0].memory.low, code);
	cr_assert_eq(heaps.at[0].memory.high, code + 4 * PAGES);
	cr_assert_eq(heaps.at[0].memory.high_boundary, code + 8 * PAGES);
	cr_assert_eq(heaps.at[0].segmap.low, segmap);
	cr_assert_eq(heaps.at[0].used, 15 * SEGMENT);
}

Test(codeheaps, count_the_same_by_counters_and_by_blocks)
{
	uint64_t used;

	cr_assert(read_heaps());
	cr_assert(codeheaps_used_by_counters(&vm, &heaps.at[0], &used, &why), "%s", why.text);
	cr_assert_eq(used, 15 * SEGMENT);
	cr_assert(codeheaps_used_by_blocks(&vm, &heaps.at[0], &used, &why), "%s", why.text);
	cr_assert_eq(used, 15 * SEGMENT);
}

Test(codeheaps, count_the_counters_of_a_heap_without_an_insert_point)
{
	uint64_t used;

	fakevm_set(fake, heap + 184, 5);
	fakevm_set(fake, heap + 192, 2);
	cr_assert(read_heaps());
	cr_assert(codeheaps_used_by_counters(&vm, &heaps.at[0], &used, &why), "%s", why.text);
	cr_assert_eq(used, 15 * SEGMENT);
}

Test(codeheaps, do_not_believe_counters_that_the_free_list_denies)
{
	static const struct {
		const char *what;
		uint64_t *object, offset, value;
	} BAD[] = {
		{ "a segment too many", &heap, 192, 6 },
		{ "a block too many", &heap, 200, 3 },
		{ "a block too few", &heap, 200, 1 },
		{ "a list in a circle", &free_b, 16, 0 },
		{ "a list that leaves the heap", &free_b, 16, 0x1000 },
		{ "a used block in the list", &free_a, 8, 1 },
		{ "a next segment beyond the committed", &heap, 168, 129 },
		{ "another committed size", &heap, 136, 127 },
		{ "a next segment that the map calls free", &heap, 168, 21 },
		{ "a next segment before the last block", &heap, 168, 19 },
	};

	for (size_t i = 0; i < sizeof(BAD) / sizeof(BAD[0]); i++) {
		uint64_t used = 1;

		teardown();
		setup();
		memset(&vm, 0, sizeof(vm));
		cr_assert(read_heaps());
		fakevm_set(fake, *BAD[i].object + BAD[i].offset,
			   BAD[i].value ? BAD[i].value : free_a);
		cr_assert_not(codeheaps_used_by_counters(&vm, &heaps.at[0], &used, &why), "%s",
			      BAD[i].what);
		cr_assert_eq(used, 1, "%s", BAD[i].what);
	}
}

Test(codeheaps, leave_used_unknown_when_blocks_make_no_sense_either)
{
	fakevm_set(fake, heap + 192, 6);
	put_block(6, 1000, true);
	cr_assert(read_heaps(), "%s", why.text);
	cr_assert_eq(heaps.at[0].used, CODEHEAPS_UNKNOWN);
}

Test(codeheaps, whose_ranges_make_no_sense_are_refused)
{
	static const struct {
		const char *what;
		uint64_t offset, value;
	} BAD[] = {
		{ "committed beyond reserved", 8 + 24, FAKEVM_OBJECTS + 25 * PAGES },
		{ "not page-aligned", 8 + 16, FAKEVM_OBJECTS + 16 * PAGES + 8 },
		{ "reserved where nothing is mapped", 8 + 8, FAKEVM_OBJECTS + 65 * PAGES },
		{ "a segment map in the blocks", 72 + 0, FAKEVM_OBJECTS + 16 * PAGES },
		{ "a segment map that is too short", 72 + 24, FAKEVM_OBJECTS + 24 * PAGES },
		{ "fewer committed than its segments", 8 + 24, FAKEVM_OBJECTS + 19 * PAGES },
		{ "a committed part that starts late", 72 + 16, FAKEVM_OBJECTS + 24 * PAGES + 8 },
		{ "a segment map below its segments", 72 + 8, FAKEVM_OBJECTS + 24 * PAGES },
		{ "segments of one byte", 160, 0 },
		{ "segments of 16 MB", 160, 24 },
	};

	for (size_t i = 0; i < sizeof(BAD) / sizeof(BAD[0]); i++) {
		teardown();
		setup();
		memset(&vm, 0, sizeof(vm));
		fakevm_set(fake, heap + BAD[i].offset, BAD[i].value);
		cr_assert_not(read_heaps(), "%s", BAD[i].what);
		cr_assert_eq(why.kind, FAIL_CORRUPT);
	}
}

// A second heap beside the first, without blocks, that has this name (NULL: none).
static void add_second(const char *name)
{
	uint64_t second = fakevm_object(fake, 256), list = fakevm_object(fake, 16);
	uint64_t array = fakevm_object(fake, 16), more, map;

	fake->objects_used = (fake->objects_used + PAGES - 1) / PAGES * PAGES;
	more = fakevm_object(fake, PAGES);
	map = fakevm_object(fake, PAGES);
	fakevm_set(fake, list, 2);
	fakevm_set(fake, list + 8, array);
	fakevm_set(fake, array, heap);
	fakevm_set(fake, array + 8, second);
	put_virtual_space(second + 8, more, more + PAGES, more + PAGES);
	put_virtual_space(second + 72, map, map + PAGES, map + PAGES);
	fakevm_set(fake, second + 160, 7);
	if (name)
		fakevm_set(fake, second + 208, fakevm_text(fake, name));
	cr_assert(read_heaps(), "%s", why.text);
	fakevm_set(fake, hotspot_at(&vm, FIELD_CODE_HEAPS, 0), list);
}

Test(codeheaps, of_several_each_has_a_name_of_its_own)
{
	add_second("CodeHeap 'non-nmethods'");
	cr_assert(read_heaps(), "%s", why.text);
	cr_assert_eq(heaps.count, 2);
	cr_expect_str_eq(heaps.at[1].name, "non-nmethods");
}

Test(codeheaps, of_which_one_alone_has_a_name_are_refused)
{
	add_second(NULL);
	cr_assert_not(read_heaps());
	cr_expect_eq(why.kind, FAIL_CORRUPT);
	fakevm_set(fake, heap + 208, 0);
	cr_assert(read_heaps(), "none has one: %s", why.text);
	cr_expect_str_eq(heaps.at[1].name, "code cache");
}

Test(codeheaps, of_one_name_are_refused)
{
	add_second("CodeHeap 'profiled nmethods'");
	cr_assert_not(read_heaps());
	cr_expect_eq(why.kind, FAIL_CORRUPT);
}
