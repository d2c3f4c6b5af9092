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
	expect(&g, SIDE_CACHE, 8192, "from-card cache");
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
