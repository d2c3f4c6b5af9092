// SPDX-License-Identifier: Apache-2.0
#include "malloc/glibc.h"

#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <criterion/parameterized.h>

#include "glibc_image.h"

static struct image im;

static bool read_image(struct glibc *g)
{
	struct fail why;

	return glibc_read(&im.view, &im.mem, g, &why);
}

static const struct glibc_piece *find(const struct glibc *g, uint64_t at)
{
	for (size_t i = 0; i < g->pieces.count; i++)
		if (at >= g->pieces.at[i].start && at < g->pieces.at[i].end)
			return &g->pieces.at[i];
	return NULL;
}

static bool is_nobodys(const struct glibc *g, uint64_t at)
{
	return !find(g, at);
}

static uint64_t mixed(unsigned page)
{
	return MIXED_AT + (uint64_t)page * PAGE_SIZE_BYTES;
}

static void check_whole(const struct glibc *g)
{
	cr_assert(eq(sz, g->doubts.count, 0), "%s", g->doubts.count ? g->doubts.at[0] : "");
	cr_assert(eq(sz, g->arenas.count, 3));
	for (size_t i = 0; i < 3; i++)
		cr_assert(g->arenas.at[i].whole);
	cr_assert(eq(u32, g->arenas.at[2].heaps, 2));
	cr_assert(eq(u64, g->chunks, 4));
	cr_assert(eq(sz, g->pieces.count, 8));
	for (size_t i = 0; i < g->pieces.count; i++)
		cr_assert(eq(int, g->pieces.at[i].doubt, GLIBC_SURE));
	for (size_t i = 1; i < g->pieces.count; i++)
		cr_assert(g->pieces.at[i].start >= g->pieces.at[i - 1].end);
	cr_assert(is_nobodys(g, mixed(0)), "a page before the first chunk is nobody's");
	cr_assert(is_nobodys(g, mixed(MIXED_ALIGNED - 1)));
	cr_assert(is_nobodys(g, mixed(MIXED_PAGES - 1)));
	cr_assert(
		eq(u64, find(g, mixed(MIXED_CHUNK))->end, mixed(MIXED_CHUNK + MIXED_CHUNK_PAGES)));
	cr_assert(eq(u64, find(g, mixed(MIXED_ALIGNED))->end,
		     mixed(MIXED_ALIGNED + MIXED_ALIGNED_PAGES)));
	cr_assert(eq(u64, find(g, SECOND_AT)->end,
		     SECOND_AT + (uint64_t)SECOND_HEAP_PAGES * PAGE_SIZE_BYTES));
}

Test(glibc, the_layout_of_2_31_is_read_whole)
{
	struct glibc g;

	image_init(&im, &GLIBC_2_31);
	cr_assert(read_image(&g));
	check_whole(&g);
	image_drop(&im);
}

Test(glibc, the_layout_of_2_36_is_read_whole)
{
	struct glibc g;

	image_init(&im, &GLIBC_2_36);
	cr_assert(read_image(&g));
	check_whole(&g);
	image_drop(&im);
}

Test(glibc, the_layout_of_2_43_is_read_whole)
{
	struct glibc g;

	image_init(&im, &GLIBC_2_43);
	cr_assert(read_image(&g));
	check_whole(&g);
	cr_assert(not(g.layout.has_fast_bins));
	image_drop(&im);
}

Test(glibc, without_libc_there_is_nothing_to_read)
{
	struct glibc g;

	image_init(&im, &GLIBC_2_36);
	im.mappings[1].path = "/lib/ld-musl-x86_64.so.1";
	cr_assert(not(read_image(&g)));
	image_drop(&im);
}

Test(glibc, a_ring_that_does_not_close_is_refused)
{
	struct glibc g;

	image_init(&im, &GLIBC_2_36);
	image_put(&im, SECOND_AT + 48 + 112 + 2048, ARENA_AT + 48); // past main_arena, for ever
	cr_assert(not(read_image(&g)));
	image_drop(&im);
}

Test(glibc, a_ring_through_an_arena_whose_heap_does_not_name_it_is_refused)
{
	struct glibc g;

	image_init(&im, &GLIBC_2_36);
	image_put(&im, ARENA_AT, ARENA_AT + 64);
	cr_assert(not(read_image(&g)));
	image_drop(&im);
}

Test(glibc, broken_list_heads_are_no_arena)
{
	struct glibc g;

	image_init(&im, &GLIBC_2_36);
	for (unsigned i = 0; i < 8; i++)
		image_put(&im, LIBC_AT + MAIN_OFFSET + 112 + 16 * i, 0);
	cr_assert(not(read_image(&g)));
	image_drop(&im);
}

Test(glibc, two_places_that_look_like_main_arena_are_refused)
{
	struct glibc g;
	struct fail why = { 0 };
	uint64_t second = LIBC_AT + 0x4000;

	image_init(&im, &GLIBC_2_36);
	image_state(&im, second, BRK_AT + 0x1000, second, PAGE_SIZE_BYTES);
	cr_assert(not(glibc_read(&im.view, &im.mem, &g, &why)));
	cr_assert(eq(int, why.kind, FAIL_CORRUPT));
	image_drop(&im);
}

Test(glibc, a_heap_that_does_not_sum_to_system_mem_is_found_and_doubted)
{
	struct glibc g;

	image_init(&im, &GLIBC_2_36);
	image_put(&im, ARENA_AT + 48 + 112 + 2072, (FIRST_HEAP_PAGES - 1) * PAGE_SIZE_BYTES);
	cr_assert(read_image(&g));
	cr_assert(not(g.arenas.at[1].whole));
	cr_assert(eq(int, find(&g, ARENA_AT)->doubt, GLIBC_PROBED));
	cr_assert(gt(sz, g.doubts.count, 0));
	image_drop(&im);
}

Test(glibc, heaps_in_a_circle_end)
{
	struct glibc g;

	image_init(&im, &GLIBC_2_36);
	image_put(&im, THIRD_AT + 8, THIRD_AT);
	cr_assert(read_image(&g));
	cr_assert(not(g.arenas.at[2].whole));
	image_drop(&im);
}

Test(glibc, taken_memory_is_never_given_out)
{
	static const struct range TAKEN[] = { { ARENA_AT, ARENA_AT + PAGE_SIZE_BYTES },
					      { OTHER_AT, OTHER_AT + MIB(1) } };
	struct glibc g;

	image_init(&im, &GLIBC_2_36);
	im.view.taken = TAKEN;
	im.view.taken_count = 2;
	cr_assert(read_image(&g));
	cr_assert(is_nobodys(&g, ARENA_AT));
	cr_assert(is_nobodys(&g, OTHER_AT));
	cr_assert(gt(sz, g.doubts.count, 0));
	image_drop(&im);
}

Test(glibc, what_another_moved_the_break_for_above_top_is_not_mallocs)
{
	struct glibc g;

	image_init(&im, &GLIBC_2_36);
	image_put(&im, BRK_AT + 0x1000 + 8, 0x2000 | 1); // top ends three pages behind its start
	image_put(&im, LIBC_AT + MAIN_OFFSET + 112 + 2072, 0x3000);
	cr_assert(read_image(&g));
	cr_assert(eq(u64, find(&g, BRK_AT)->end, BRK_AT + 0x3000));
	cr_assert(is_nobodys(&g, BRK_AT + 0x3000));
	image_drop(&im);
}

Test(glibc, what_was_taken_from_the_break_before_malloc_is_not_mallocs)
{
	struct glibc g;
	uint64_t base = BRK_AT + 0xd40; // a static program's TLS

	image_init(&im, &GLIBC_2_36);
	image_put(&im, LIBC_AT + PARAMS_OFFSET + 96, base);
	image_put(&im, LIBC_AT + MAIN_OFFSET + 112 + 2072, HEAP_PAGES * PAGE_SIZE_BYTES - 0xd40);
	cr_assert(read_image(&g));
	check_whole(&g);
	cr_assert(is_nobodys(&g, base - 1));
	cr_assert(eq(u64, find(&g, base)->start, base));
	image_drop(&im);
}

// The arena goes on in mapped memory: the old part ends in fenceposts, top lies in the new one.
static void block_brk(void)
{
	uint64_t region = mixed(MIXED_PAGES - 2), end = BRK_AT + HEAP_PAGES * PAGE_SIZE_BYTES;

	image_put(&im, end - 24, 16 | 1);
	image_put(&im, end - 8, 16 | 1);
	image_put(&im, LIBC_AT + MAIN_OFFSET + 96, region + 0x100);
	image_put(&im, region + 8, 0x100 | 1);
	image_put(&im, region + 0x108, (2 * PAGE_SIZE_BYTES - 0x100) | 1);
	image_put(&im, LIBC_AT + MAIN_OFFSET + 112 + 2072, (HEAP_PAGES + 2) * PAGE_SIZE_BYTES);
	image_put(&im, LIBC_AT + MAIN_OFFSET + 112 + 2080, (HEAP_PAGES + 2) * PAGE_SIZE_BYTES);
}

Test(glibc, a_main_arena_that_goes_on_in_mapped_memory_is_followed)
{
	struct glibc g;

	image_init(&im, &GLIBC_2_36);
	block_brk();
	cr_assert(read_image(&g));
	cr_assert(g.arenas.at[0].whole);
	cr_assert(eq(int, find(&g, mixed(MIXED_PAGES - 2))->part, GLIBC_MAIN_REGION));
	cr_assert(is_nobodys(&g, mixed(MIXED_PAGES - 3)));
	image_drop(&im);
}

Test(glibc, a_foreign_mapping_merged_into_the_brk_heap_is_not_mallocs)
{
	struct glibc g;
	uint64_t end = BRK_AT + (HEAP_PAGES - 4) * PAGE_SIZE_BYTES;

	image_init(&im, &GLIBC_2_36);
	block_brk();
	image_put(&im, BRK_AT + HEAP_PAGES * PAGE_SIZE_BYTES - 8, 0); // the foreign one's data
	image_put(&im, BRK_AT + 8, ((HEAP_PAGES - 4) * PAGE_SIZE_BYTES - 32) | 1);
	image_put(&im, end - 24, 16 | 1);
	image_put(&im, end - 8, 16 | 1);
	image_put(&im, LIBC_AT + MAIN_OFFSET + 112 + 2072, (HEAP_PAGES - 2) * PAGE_SIZE_BYTES);
	cr_assert(read_image(&g));
	cr_assert(g.arenas.at[0].whole);
	cr_assert(eq(u64, find(&g, BRK_AT)->end, end));
	cr_assert(is_nobodys(&g, end));
	image_drop(&im);
}

Test(glibc, a_mapped_part_whose_chunks_do_not_lead_to_top_is_left_out)
{
	struct glibc g;

	image_init(&im, &GLIBC_2_36);
	block_brk();
	image_put(&im, mixed(MIXED_PAGES - 2) + 8, 0x110 | 1);
	cr_assert(read_image(&g));
	cr_assert(not(g.arenas.at[0].whole));
	cr_assert(is_nobodys(&g, mixed(MIXED_PAGES - 2)));
	image_drop(&im);
}

Test(glibc, a_brk_heap_left_without_fenceposts_is_not_believed)
{
	struct glibc g;

	image_init(&im, &GLIBC_2_36);
	block_brk();
	image_put(&im, BRK_AT + HEAP_PAGES * PAGE_SIZE_BYTES - 8, 0);
	cr_assert(read_image(&g));
	cr_assert(is_nobodys(&g, BRK_AT));
	image_drop(&im);
}

Test(glibc, what_malloc_was_told_stands_in_front_of_its_counters)
{
	struct glibc_limits limits;
	struct glibc g;

	image_init(&im, &GLIBC_2_36);
	image_put(&im, LIBC_AT + PARAMS_OFFSET + 32, 2);
	cr_assert(read_image(&g));
	cr_assert(glibc_limits_read(&im.view, &g.params, &limits, NULL));
	cr_assert(eq(u64, limits.arena_max, 2));
	cr_assert(eq(u64, limits.trim_threshold, 128 << 10));
	cr_assert(eq(u64, limits.mmap_threshold, 128 << 10));
	cr_assert(not(glibc_limits_read(&im.view, &(struct glibc_params){ 0 }, &limits, NULL)));
	image_drop(&im);
}
