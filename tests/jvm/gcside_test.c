// SPDX-License-Identifier: Apache-2.0
#include "jvm/gcside.h"

#include <criterion/criterion.h>
#include <criterion/new/assert.h>

#include "gcside_image.h"

static struct side_image im;

static const struct gcside_range *find(const struct gcside *g, uint64_t offset)
{
	for (size_t i = 0; i < g->ranges.count; i++)
		if (g->ranges.at[i].start == SIDE_TABLES + offset)
			return &g->ranges.at[i];
	return NULL;
}

static void read_side(struct gcside *g)
{
	struct fail why;

	cr_assert(gcside_read(&im.vm, &im.mem, g, &why), "%s", why.text);
	for (size_t i = 1; i < g->ranges.count; i++)
		cr_assert(g->ranges.at[i].start >= g->ranges.at[i - 1].end);
}

static void expect(const struct gcside *g, uint64_t offset, uint64_t size, const char *part)
{
	const struct gcside_range *r = find(g, offset);

	cr_assert(r != NULL, "%s is missing", part);
	cr_assert(eq(u64, r->end - r->start, size), "%s", part);
	cr_assert(eq(str, (char *)r->part, (char *)part));
}

Test(gcside, all_of_g1_is_found)
{
	struct gcside g;

	side_init(&im, GC_G1);
	read_side(&g);
	cr_assert(eq(sz, g.refused.count, 0), "%s", g.refused.count ? g.refused.at[0] : "");
	cr_assert(eq(sz, g.ranges.count, 7));
	expect(&g, SIDE_CARDS, SIDE_HEAP_BYTES / 512, "card table");
	expect(&g, SIDE_OFFSETS, SIDE_HEAP_BYTES / 512, "block offset table");
	expect(&g, SIDE_COUNTS, SIDE_HEAP_BYTES / 512, "card counts");
	expect(&g, SIDE_BITMAP, SIDE_HEAP_BYTES / 64, "mark bitmap");
	expect(&g, SIDE_NEXT_BITMAP, SIDE_HEAP_BYTES / 64, "mark bitmap");
	expect(&g, SIDE_STACK, SIDE_STACK_CHUNKS * 8192, "mark stack");
	expect(&g, SIDE_CACHE, 8192, "from-card cache"); // with a cache line more than its rows
	cr_assert(find(&g, SIDE_CARDS)->named);
	cr_assert(not(find(&g, SIDE_BITMAP)->named));
	side_drop(&im);
}

Test(gcside, all_of_parallel_is_found)
{
	struct gcside g;

	side_init(&im, GC_PARALLEL);
	read_side(&g);
	cr_assert(eq(sz, g.refused.count, 0), "%s", g.refused.count ? g.refused.at[0] : "");
	cr_assert(eq(sz, g.ranges.count, 5));
	expect(&g, SIDE_CARDS, SIDE_HEAP_BYTES / 512, "card table");
	expect(&g, SIDE_BITMAP, SIDE_HEAP_BYTES / 32, "mark bitmap");
	expect(&g, SIDE_SUMMARY, 8192, "summary data");
	expect(&g, SIDE_BLOCKS, SIDE_HEAP_BYTES / 512, "block table");
	expect(&g, SIDE_START_ARRAY, SIDE_HEAP_BYTES / 1024, "object start array");
	side_drop(&im);
}

Test(gcside, parallel_has_no_bitmap_where_its_old_generation_is_not_collected_in_parallel)
{
	struct gcside g;

	side_init(&im, GC_PARALLEL);
	side_put(&im, SIDE_LIBRARY + SIDE_PARALLEL_OLD, 0);
	side_put(&im, SIDE_LIBRARY + SIDE_STATIC_BITMAP, 0);
	side_put(&im, SIDE_LIBRARY + SIDE_STATIC_SUMMARY, 0);
	read_side(&g);
	cr_assert(eq(sz, g.refused.count, 0), "%s", g.refused.count ? g.refused.at[0] : "");
	cr_assert(eq(sz, g.ranges.count, 2));
	side_drop(&im);
}

Test(gcside, all_of_serial_is_found)
{
	struct gcside g;

	side_init(&im, GC_SERIAL);
	read_side(&g);
	cr_assert(eq(sz, g.refused.count, 0), "%s", g.refused.count ? g.refused.at[0] : "");
	cr_assert(eq(sz, g.ranges.count, 2));
	expect(&g, SIDE_OLD_OFFSETS, SIDE_HEAP_BYTES / 1024 + 4096, "block offset table");
	side_drop(&im);
}

Test(gcside, all_of_cms_is_found)
{
	struct gcside g;

	side_init(&im, GC_CMS);
	read_side(&g);
	cr_assert(eq(sz, g.refused.count, 0), "%s", g.refused.count ? g.refused.at[0] : "");
	cr_assert(eq(sz, g.ranges.count, 5));
	expect(&g, SIDE_CARDS, SIDE_HEAP_BYTES / 512, "card table");
	expect(&g, SIDE_OLD_OFFSETS, SIDE_HEAP_BYTES / 1024 + 4096, "block offset table");
	expect(&g, SIDE_BITMAP, SIDE_HEAP_BYTES / 128 + 4096, "mark bitmap");
	expect(&g, SIDE_UNION, SIDE_HEAP_BYTES / 8192 + 4096, "mod union table");
	expect(&g, SIDE_STACK, MIB(1), "mark stack");
	side_drop(&im);
}

Test(gcside, a_mark_stack_that_the_vm_lost_is_known_by_its_content_and_length)
{
	struct gcside g;

	side_init(&im, GC_CMS);
	side_cms_outgrown(&im);
	side_put(&im, SIDE_TABLES + SIDE_CACHE + 4088, 0); // not quite full
	read_side(&g);
	expect(&g, SIDE_CACHE, 4096, "outgrown mark stack");
	cr_assert(find(&g, SIDE_CACHE)->unreferenced);
	cr_assert(not(find(&g, SIDE_STACK)->unreferenced));
	side_drop(&im);
}

Test(gcside, memory_that_only_resembles_a_lost_mark_stack_is_none)
{
	static const struct {
		const char *what;
		uint64_t at, value;
	} BAD[] = {
		{ "a word outside the heap", SIDE_TABLES + SIDE_CACHE + 800, SIDE_TABLES },
		{ "a word between places", SIDE_TABLES + SIDE_CACHE + 800, SIDE_HEAP + 4 },
		{ "a hole", SIDE_TABLES + SIDE_CACHE + 800, 0 },
		{ "a stack that was never so small", SIDE_LIBRARY + SIDE_FIRST_STACK, 1024 },
		{ "a stack that did not grow", SIDE_LIBRARY + SIDE_FIRST_STACK, 2048 },
		{ "a stack that did not double",
		  SIDE_OBJECTS + SIDE_CMS_STACK + SIDE_VIRTUAL_SPACE + 16, 1536 },
		{ "a stack above the limit",
		  SIDE_OBJECTS + SIDE_CMS_STACK + SIDE_VIRTUAL_SPACE + 16, 131072 },
	};

	for (size_t i = 0; i < sizeof(BAD) / sizeof(BAD[0]); i++) {
		struct gcside g;

		side_init(&im, GC_CMS);
		side_cms_outgrown(&im);
		side_put(&im, BAD[i].at, BAD[i].value);
		read_side(&g);
		cr_assert(find(&g, SIDE_CACHE) == NULL, "%s", BAD[i].what);
		cr_assert(eq(sz, g.refused.count, 0), "%s", BAD[i].what);
		side_drop(&im);
	}
}

Test(gcside, all_of_g1_is_found_where_its_mark_stack_has_a_virtual_space)
{
	struct gcside g;

	side_init(&im, GC_G1);
	side_g1_before_9(&im);
	read_side(&g);
	cr_assert(eq(sz, g.refused.count, 0), "%s", g.refused.count ? g.refused.at[0] : "");
	cr_assert(eq(sz, g.ranges.count, 7));
	expect(&g, SIDE_STACK, SIDE_STACK_CHUNKS * 8192, "mark stack");
	expect(&g, SIDE_NEXT_BITMAP, SIDE_HEAP_BYTES / 64, "mark bitmap");
	side_drop(&im);
}

Test(gcside, bitmaps_of_g1_are_half_as_large_where_objects_are_16_bytes_apart)
{
	static const uint64_t START[] = { SIDE_TABLES + SIDE_BITMAP,
					  SIDE_TABLES + SIDE_NEXT_BITMAP };
	struct gcside g;

	side_init(&im, GC_G1);
	side_put(&im, SIDE_LIBRARY + SIDE_ALIGNMENT, 16);
	for (uint64_t i = 0; i < 2; i++)
		side_put(&im, SIDE_OBJECTS + SIDE_MAPPERS + 0x40 * (4 + i) + 24,
			 START[i] + SIDE_HEAP_BYTES / 128);
	read_side(&g);
	cr_assert(eq(sz, g.refused.count, 0), "%s", g.refused.count ? g.refused.at[0] : "");
	expect(&g, SIDE_BITMAP, SIDE_HEAP_BYTES / 128, "mark bitmap");
	expect(&g, SIDE_NEXT_BITMAP, SIDE_HEAP_BYTES / 128, "mark bitmap");
	expect(&g, SIDE_OFFSETS, SIDE_HEAP_BYTES / 512, "block offset table");
	side_drop(&im);
}

Test(gcside, tables_have_a_byte_for_each_card_of_the_size_that_the_flag_says)
{
	uint64_t table = SIDE_OBJECTS + SIDE_OLD_TABLE + 24, start = SIDE_TABLES + SIDE_OLD_OFFSETS;
	uint64_t size = SIDE_HEAP_BYTES / 2048;
	struct gcside g;

	side_init(&im, GC_SERIAL);
	side_put(&im, SIDE_LIBRARY + SIDE_CARD_BYTES, 1024);
	side_put(&im, SIDE_OBJECTS + SIDE_CARD_TABLE + 72, SIDE_HEAP_BYTES / 1024);
	side_virtual_space(&im, table, start, size);
	read_side(&g);
	cr_assert(eq(sz, g.refused.count, 0), "%s", g.refused.count ? g.refused.at[0] : "");
	expect(&g, SIDE_CARDS, SIDE_HEAP_BYTES / 1024, "card table");
	expect(&g, SIDE_OLD_OFFSETS, size, "block offset table");
	side_drop(&im);
}

Test(gcside, a_vm_without_a_card_table_is_missing_one)
{
	struct gcside g;

	side_init(&im, GC_SERIAL);
	side_put(&im, SIDE_LIBRARY + 0x8100, 0);
	read_side(&g);
	cr_assert(eq(sz, g.refused.count, 1));
	side_drop(&im);
}

Test(gcside, a_mark_stack_is_missed_unless_there_is_no_thread_yet_that_marks)
{
	for (int is_made = 0; is_made < 2; is_made++) {
		struct gcside g;

		side_init(&im, GC_G1);
		side_words(&im, SIDE_OBJECTS + SIDE_MARK_STACK, (uint64_t[]){ 0, 0, 0 }, 3);
		if (!is_made)
			side_put(&im, SIDE_OBJECTS + SIDE_MARK, 0);
		read_side(&g);
		cr_assert(eq(sz, g.ranges.count, 6));
		cr_assert(eq(sz, g.refused.count, (size_t)is_made));
		side_drop(&im);
	}
}

Test(gcside, a_mark_stack_that_is_newer_than_the_mappings_is_not_missed)
{
	struct gcside g;

	side_init(&im, GC_G1);
	side_put(&im, SIDE_OBJECTS + SIDE_MARK_STACK + 8, SIDE_FILE + GIB(1));
	read_side(&g);
	cr_assert(eq(sz, g.refused.count, 0), "%s", g.refused.count ? g.refused.at[0] : "");
	cr_assert(eq(sz, g.ranges.count, 6));
	side_drop(&im);
}

static void mend_stack(void *self)
{
	side_put(self, SIDE_OBJECTS + SIDE_MARK_STACK, SIDE_STACK_LIMIT / 1024);
}

Test(gcside, a_structure_that_is_torn_is_read_again)
{
	static const struct memory_source MENDED = { .read = side_read, .forget = mend_stack };
	struct gcside g;

	side_init(&im, GC_G1);
	side_put(&im, SIDE_OBJECTS + SIDE_MARK_STACK, 0);
	im.memory.segments[0].source = &MENDED;
	read_side(&g);
	cr_assert(eq(sz, g.refused.count, 0), "%s", g.refused.count ? g.refused.at[0] : "");
	expect(&g, SIDE_STACK, SIDE_STACK_CHUNKS * 8192, "mark stack");
	side_drop(&im);
}

Test(gcside, a_bitmap_of_large_pages_is_reserved_in_whole_pages)
{
	uint64_t at = SIDE_OBJECTS + SIDE_MAPPERS + 0x40 * 4;
	struct gcside g;

	side_init(&im, GC_G1);
	side_put(&im, at + 32, MIB(1)); // of the last page
	side_put(&im, at + 40, MIB(2));
	read_side(&g);
	cr_assert(eq(sz, g.refused.count, 0), "%s", g.refused.count ? g.refused.at[0] : "");
	expect(&g, SIDE_BITMAP, MIB(2), "mark bitmap");
	side_drop(&im);
}

// Splits the mapping of the tables at `offset` behind its start and takes the access to the rest away.
static void close_from(uint64_t offset)
{
	size_t i = (size_t)(maps_find(&im.maps, SIDE_TABLES) - im.mappings);

	memmove(&im.mappings[i + 1], &im.mappings[i], (im.maps.count - i) * sizeof(*im.mappings));
	im.maps.count++;
	im.mappings[i].end = im.mappings[i + 1].start = SIDE_TABLES + offset;
	im.mappings[i + 1].writable = im.mappings[i + 1].readable = false;
}

Test(gcside, what_may_be_written_is_committed)
{
	struct gcside g;

	side_init(&im, GC_PARALLEL);
	close_from(SIDE_START_ARRAY + 8192);
	read_side(&g);
	cr_assert(eq(sz, g.refused.count, 0), "%s", g.refused.count ? g.refused.at[0] : "");
	cr_assert(eq(u64, find(&g, SIDE_BITMAP)->committed, SIDE_HEAP_BYTES / 32));
	cr_assert(eq(u64, find(&g, SIDE_START_ARRAY)->committed, 8192));
	expect(&g, SIDE_START_ARRAY, SIDE_HEAP_BYTES / 1024, "object start array");
	side_drop(&im);
}

// One word is changed: what it proves must be gone, and somebody must say so.
struct breakage {
	enum gc_kind gc;
	uint64_t at, value;
	uint64_t gone; // behind SIDE_TABLES
	const char *what;
};

#define MAPPER(i, word) (SIDE_OBJECTS + SIDE_MAPPERS + 0x40 * (i) + 8 * (word))
#define SPACE(i, word)  (SIDE_OBJECTS + SIDE_SPACES + 0x40 * (i) + 8 * (word))
#define OLD             (SIDE_OBJECTS + SIDE_OLD)
#define CMS_BITMAP      (SIDE_OBJECTS + SIDE_CMS_BITMAP)
#define CMS_UNION       (SIDE_OBJECTS + SIDE_CMS_UNION)
#define CMS_STACK       (SIDE_OBJECTS + SIDE_CMS_STACK)
static const struct breakage BREAKAGES[] = {
	{ GC_G1, MAPPER(0, 3), SIDE_HEAP + SIDE_HEAP_BYTES - 4096, SIDE_BITMAP, "the heap's end" },
	{ GC_G1, MAPPER(1, 2), SIDE_TABLES + 4096, SIDE_BITMAP,
	  "no mapper begins at the card table" },
	{ GC_G1, MAPPER(2, 0), SIDE_OBJECTS, SIDE_OFFSETS, "a vtable outside libjvm" },
	{ GC_G1, MAPPER(2, 3), SIDE_TABLES + SIDE_OFFSETS + 4096, SIDE_OFFSETS,
	  "no share of the heap" },
	{ GC_G1, MAPPER(4, 2), SIDE_TABLES + SIDE_BITMAP + 8, SIDE_BITMAP, "an odd start" },
	{ GC_G1, MAPPER(4, 5), 5000, SIDE_BITMAP, "an odd page size" },
	{ GC_G1, SIDE_OBJECTS + SIDE_MARK_STACK, 70, SIDE_STACK, "a limit that is not the flag's" },
	{ GC_G1, SIDE_OBJECTS + SIDE_MARK_STACK + 8, SIDE_TABLES + SIDE_STACK + 8, SIDE_STACK,
	  "an odd base" },
	{ GC_G1, SIDE_OBJECTS + SIDE_MARK_STACK + 8, SIDE_FILE, SIDE_STACK, "a base in a file" },
	{ GC_G1, SIDE_OBJECTS + SIDE_MARK_STACK + 16, 100, SIDE_STACK, "more than the limit" },
	{ GC_G1, SIDE_OBJECTS + SIDE_MARK + 40, 1, SIDE_STACK, "a bitmap of another range" },
	{ GC_G1, SIDE_OBJECTS + SIDE_CARD_TABLE + 72, 4096, SIDE_CARDS, "a card table too small" },
	{ GC_PARALLEL, SIDE_LIBRARY + SIDE_STATIC_BITMAP + 8, 12345, SIDE_BITMAP,
	  "other heap words" },
	{ GC_PARALLEL, SIDE_LIBRARY + SIDE_STATIC_BITMAP + 56, 4096, SIDE_BITMAP, "other bytes" },
	{ GC_PARALLEL, SIDE_LIBRARY + SIDE_STATIC_BITMAP + 16, 4096, SIDE_BITMAP, "another map" },
	{ GC_PARALLEL, SPACE(0, 0), 8, SIDE_BITMAP, "no vtable" },
	{ GC_PARALLEL, SPACE(1, 2), SIDE_TABLES + MIB(20), SIDE_SUMMARY, "data elsewhere" },
	{ GC_PARALLEL, SIDE_LIBRARY + SIDE_STATIC_SUMMARY + 16, 4096, SIDE_SUMMARY, "other bytes" },
	{ GC_PARALLEL, OLD + 0x40 + 40, SIDE_TABLES + MIB(20), SIDE_START_ARRAY,
	  "committed beyond" },
	{ GC_SERIAL, OLD + 24, SIDE_HEAP_BYTES / 64, SIDE_OLD_OFFSETS,
	  "a generation of another size" },
	{ GC_SERIAL, SIDE_OBJECTS + SIDE_OLD_TABLE + 40, SIDE_TABLES, SIDE_OLD_OFFSETS,
	  "low is not its boundary" },
	{ GC_SERIAL, SIDE_OBJECTS + SIDE_OLD_TABLE - 8, 1 << 20 | 1, SIDE_OLD_OFFSETS,
	  "no such chunk" },
	{ GC_SERIAL, OLD + 48, 12, SIDE_OLD_OFFSETS, "a wild pointer" },
	{ GC_CMS, OLD + 56, 12, SIDE_BITMAP, "no space" },
	{ GC_CMS, SIDE_OBJECTS + SIDE_CMS_SPACE + 8, 12, SIDE_STACK, "no collector" },
	{ GC_CMS, OLD + 16, SIDE_HEAP - MIB(1), SIDE_BITMAP, "a generation outside the heap" },
	{ GC_CMS, CMS_BITMAP, SIDE_HEAP + 8, SIDE_BITMAP, "a bitmap of another start" },
	{ GC_CMS, CMS_BITMAP + 8, 77, SIDE_BITMAP, "a bitmap of other words" },
	{ GC_CMS, CMS_BITMAP + 16, 1, SIDE_BITMAP, "a bitmap of another shift" },
	{ GC_CMS, CMS_BITMAP + 32, SIDE_TABLES + SIDE_BITMAP + MIB(1), SIDE_BITMAP,
	  "a bitmap too large" },
	{ GC_CMS, CMS_BITMAP + 40, SIDE_TABLES, SIDE_BITMAP, "a bitmap that starts elsewhere" },
	{ GC_CMS, CMS_BITMAP + 24, SIDE_FILE, SIDE_BITMAP, "a bitmap in a file" },
	{ GC_CMS, CMS_UNION + 16, 7, SIDE_UNION, "no bit a card" },
	{ GC_CMS, CMS_STACK + SIDE_VIRTUAL_SPACE, SIDE_TABLES, SIDE_STACK, "another base" },
	{ GC_CMS, CMS_STACK + SIDE_VIRTUAL_SPACE + 8, MIB(1), SIDE_STACK, "more than there is" },
	{ GC_CMS, CMS_STACK + SIDE_VIRTUAL_SPACE + 16, MIB(1), SIDE_STACK, "more than fits" },
};

Test(gcside, each_broken_field_is_refused)
{
	for (size_t i = 0; i < sizeof(BREAKAGES) / sizeof(BREAKAGES[0]); i++) {
		const struct breakage *b = &BREAKAGES[i];
		struct gcside g;

		side_init(&im, b->gc);
		side_put(&im, b->at, b->value);
		read_side(&g);
		cr_assert(find(&g, b->gone) == NULL, "%s %s", gc_name(b->gc), b->what);
		side_drop(&im);
	}
}

Test(gcside, each_broken_field_of_an_old_g1_is_refused)
{
	static const struct breakage BAD[] = {
		{ GC_G1, SIDE_OBJECTS + SIDE_MARK + 8, SIDE_OBJECTS, SIDE_STACK, "another heap" },
		{ GC_G1, SIDE_OBJECTS + SIDE_MARK + 136, SIDE_HEAP + 8, SIDE_STACK,
		  "a bitmap of another range" },
		{ GC_G1, SIDE_OBJECTS + SIDE_MARK_STACK + 16, SIDE_TABLES, SIDE_STACK,
		  "low is not its boundary" },
		{ GC_G1, SIDE_OBJECTS + SIDE_MARK_STACK + SIDE_VIRTUAL_SPACE, SIDE_OBJECTS,
		  SIDE_STACK, "another owner" },
		{ GC_G1, SIDE_OBJECTS + SIDE_MARK_STACK + SIDE_VIRTUAL_SPACE + 8, SIDE_TABLES,
		  SIDE_STACK, "another base" },
		{ GC_G1, SIDE_OBJECTS + SIDE_MARK_STACK + SIDE_VIRTUAL_SPACE + 16, 7, SIDE_STACK,
		  "no entries" },
		{ GC_G1, MAPPER(5, 0), 0, SIDE_BITMAP, "a bitmap less" },
	};

	for (size_t i = 0; i < sizeof(BAD) / sizeof(BAD[0]); i++) {
		struct gcside g;

		side_init(&im, GC_G1);
		side_g1_before_9(&im);
		side_put(&im, BAD[i].at, BAD[i].value);
		read_side(&g);
		cr_assert(find(&g, BAD[i].gone) == NULL, "%s", BAD[i].what);
		cr_assert(gt(sz, g.refused.count, 0), "%s", BAD[i].what);
		side_drop(&im);
	}
}

Test(gcside, a_structure_on_top_of_another_is_refused)
{
	struct gcside g;

	side_init(&im, GC_G1);
	side_put(&im, SIDE_OBJECTS + SIDE_MARK_STACK + 8, SIDE_TABLES + SIDE_BITMAP + 8192);
	read_side(&g);
	cr_assert(gt(sz, g.refused.count, 0));
	for (size_t i = 0; i < g.ranges.count; i++)
		cr_assert(ne(str, (char *)g.ranges.at[i].part, "mark stack"));
	side_drop(&im);
}

Test(gcside, a_structure_inside_the_heap_is_refused)
{
	struct gcside g;

	side_init(&im, GC_PARALLEL);
	side_space(&im, SIDE_OBJECTS + SIDE_SPACES, SIDE_HEAP + MIB(1), SIDE_HEAP_BYTES / 32);
	side_put(&im, SIDE_LIBRARY + SIDE_STATIC_BITMAP + 16, SIDE_HEAP + MIB(1));
	read_side(&g);
	cr_assert(gt(sz, g.refused.count, 0));
	cr_assert(eq(sz, g.ranges.count, 4));
	side_drop(&im);
}

Test(gcside, a_from_card_cache_with_uneven_rows_is_none)
{
	struct gcside g;

	side_init(&im, GC_G1);
	side_put(&im, SIDE_TABLES + SIDE_CACHE + 8 * 40, SIDE_TABLES + SIDE_CACHE + 8);
	read_side(&g);
	cr_assert(find(&g, SIDE_CACHE) == NULL);
	side_drop(&im);
}

Test(gcside, a_heap_without_a_range_has_no_structures)
{
	struct gcside g;
	struct fail why;

	side_init(&im, GC_G1);
	im.vm.heap_start = im.vm.heap_end = 0;
	cr_assert(not(gcside_read(&im.vm, &im.mem, &g, &why)));
	cr_assert(eq(int, why.kind, FAIL_ABSENT));
	side_drop(&im);
}
