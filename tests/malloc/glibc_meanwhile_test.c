// SPDX-License-Identifier: Apache-2.0
#include "malloc/glibc_meanwhile.h"

#include <criterion/criterion.h>
#include <criterion/new/assert.h>

#include "glibc_image.h"

#define NEW_AT UINT64_C(0x7f0060000000)
enum {
	NEW_PAGES = 70,
	ALL_PAGES = MIXED_CHUNK_PAGES + MIXED_NEXT_PAGES + MIXED_ALIGNED_PAGES + OTHER_PAGES,
};

static struct image im;
static struct maps before; // as the look read them
static struct glibc g;
static unsigned asked;

// The mappings as they are by now: all that the image has.
static bool maps_of_now(void *arg, struct maps *out)
{
	asked++;
	*out = im.maps;
	return true;
}

static void forget(void *self)
{
}

static const struct memory_source LIVE = { .read = image_read, .forget = forget };

// Between the first reading of the mappings and now somebody mapped NEW_PAGES.
static void map_meanwhile(void)
{
	image_init(&im, &GLIBC_2_36);
	asked = 0;
	before = im.maps;
	im.view.maps = &before;
	im.view.read_maps = maps_of_now;
	im.memory.segments[0].source = &LIVE;
	image_map(&im, NEW_AT, NEW_PAGES, "");
}

static void read_image(void)
{
	struct fail why;

	cr_assert(glibc_read(&im.view, &im.mem, &g, &why), "%s", why.text);
}

static void drop_image(void)
{
	image_drop(&im);
}

TestSuite(glibc_meanwhile, .init = map_meanwhile, .fini = drop_image);

Test(glibc_meanwhile, a_chunk_mapped_since_is_counted_and_not_given_out)
{
	image_chunk(&im, NEW_AT + 10 * PAGE_SIZE_BYTES, 60);
	image_counters(&im, 5, ALL_PAGES + 60);
	read_image();
	cr_assert(eq(sz, g.doubts.count, 0));
	cr_assert(eq(u64, g.chunks, 4));
	cr_assert(not(glibc_holds(&g, NEW_AT, NEW_AT + NEW_PAGES * PAGE_SIZE_BYTES)));
	for (size_t i = 0; i < g.pieces.count; i++)
		cr_assert(eq(int, g.pieces.at[i].doubt, GLIBC_SURE));
}

Test(glibc_meanwhile, new_memory_without_a_chunk_explains_nothing)
{
	image_counters(&im, 5, ALL_PAGES + 60);
	read_image();
	cr_assert(eq(sz, g.doubts.count, 1));
	cr_assert(asked > 1, "it is worth some patience");
}

Test(glibc_meanwhile, where_nothing_is_new_nobody_waits)
{
	im.maps.count--;
	image_counters(&im, 5, ALL_PAGES + 60);
	read_image();
	cr_assert(eq(sz, g.doubts.count, 1));
	cr_assert(asked <= 2);
}

// Frees the last chunk while the mappings are read again.
static bool free_one(void *arg, struct maps *out)
{
	im.maps.count = before.count - 1;
	image_counters(&im, 3, ALL_PAGES - OTHER_PAGES);
	return maps_of_now(arg, out);
}

Test(glibc_meanwhile, a_chunk_freed_since_was_one_all_the_same)
{
	im.view.read_maps = free_one;
	image_counters(&im, 5, ALL_PAGES + 60); // one more that is gone, too
	read_image();
	cr_assert(eq(sz, g.doubts.count, 0));
	cr_assert(eq(u64, g.chunks, 4));
	cr_assert(glibc_holds(&g, OTHER_AT, OTHER_AT + PAGE_SIZE_BYTES));
}

Test(glibc_meanwhile, a_chunk_that_has_grown_since_is_one)
{
	im.mappings[6].end += 7 * PAGE_SIZE_BYTES; // its mapping by now
	before = (struct maps){ arena_array(&im.mem, struct mapping, im.maps.count),
				im.maps.count - 1 };
	memcpy(before.at, im.mappings, before.count * sizeof(*before.at));
	before.at[6].end -= 7 * PAGE_SIZE_BYTES;
	image_chunk(&im, OTHER_AT, OTHER_PAGES + 7);
	image_counters(&im, 4, ALL_PAGES + 7);
	read_image();
	cr_assert(eq(sz, g.doubts.count, 0), "%s", g.doubts.count ? g.doubts.at[0] : "");
	cr_assert(eq(u64, g.chunks, 4));
	cr_assert(glibc_holds(&g, OTHER_AT, OTHER_AT + PAGE_SIZE_BYTES));
}

Test(glibc_meanwhile, a_chunk_that_has_moved_over_where_it_was_is_found)
{
	before = (struct maps){ arena_array(&im.mem, struct mapping, im.maps.count),
				im.maps.count - 1 };
	memcpy(before.at, im.mappings, before.count * sizeof(*before.at));
	im.mappings[6].start -= 5 * PAGE_SIZE_BYTES;
	image_put(&im, OTHER_AT + 8, 0);
	image_chunk(&im, im.mappings[6].start, OTHER_PAGES + 5);
	image_counters(&im, 4, ALL_PAGES + 5);
	read_image();
	cr_assert(eq(sz, g.doubts.count, 0), "%s", g.doubts.count ? g.doubts.at[0] : "");
	cr_assert(eq(u64, g.chunks, 3), "its old place holds none");
}

Test(glibc_meanwhile, a_heap_mapped_since_is_counted_and_not_given_out)
{
	static struct mapping without[IMAGE_MAPS];
	size_t kept = 0;

	for (size_t i = 0; i < before.count; i++)
		if (before.at[i].start != THIRD_AT)
			without[kept++] = before.at[i];
	before = (struct maps){ without, kept };
	read_image();
	cr_assert(eq(sz, g.doubts.count, 0), "%s", g.doubts.count ? g.doubts.at[0] : "");
	cr_assert(g.arenas.at[2].whole);
	cr_assert(eq(u32, g.arenas.at[2].heaps, 1));
	cr_assert(not(glibc_holds(&g, THIRD_AT, THIRD_AT + PAGE_SIZE_BYTES)));
}

Test(glibc_meanwhile, a_heap_reaches_as_far_as_it_has_grown_since)
{
	static struct mapping split[IMAGE_MAPS];
	size_t kept = 0;

	for (size_t i = 0; i < before.count; i++) {
		split[kept++] = before.at[i];
		if (before.at[i].start != ARENA_AT)
			continue;
		split[kept - 1].end = ARENA_AT + 20 * PAGE_SIZE_BYTES;
		split[kept] = before.at[i]; // what was reserved and not yet in use
		split[kept].start = split[kept - 1].end;
		split[kept].readable = split[kept].writable = false;
		kept++;
	}
	before = (struct maps){ split, kept };
	read_image();
	cr_assert(eq(u64, glibc_piece_end(&g, ARENA_AT),
		     ARENA_AT + (uint64_t)FIRST_HEAP_PAGES * PAGE_SIZE_BYTES));
	// Memory of somebody else who may read it is not the heap's, whatever its size says.
	split[3].readable = true;
	read_image();
	cr_assert(eq(u64, glibc_piece_end(&g, ARENA_AT), ARENA_AT + 20 * PAGE_SIZE_BYTES));
}
