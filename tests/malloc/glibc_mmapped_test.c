// SPDX-License-Identifier: Apache-2.0
#include "malloc/glibc_mmapped.h"

#include <criterion/criterion.h>
#include <criterion/new/assert.h>

#include "glibc_image.h"

static struct image im;

static uint64_t mixed(unsigned page)
{
	return MIXED_AT + (uint64_t)page * PAGE_SIZE_BYTES;
}

static bool is_claimed(const struct glibc *g, uint64_t at)
{
	return glibc_holds(g, at, at + 1);
}

static void read_image(struct glibc *g)
{
	struct fail why;

	cr_assert(glibc_read(&im.view, &im.mem, g, &why), "%s", why.text);
}

Test(glibc_mmapped, data_that_looks_like_a_header_is_left_out_by_the_counters)
{
	struct glibc g;

	image_init(&im, &GLIBC_2_36);
	image_chunk(&im, mixed(1), 1);               // in the native pages before the first
	image_chunk(&im, mixed(MIXED_PAGES - 4), 2); // and in those behind the last
	read_image(&g);
	cr_assert(eq(u64, g.chunks, 4));
	cr_assert(eq(sz, g.doubts.count, 0));
	cr_assert(not(is_claimed(&g, mixed(1))));
	cr_assert(not(is_claimed(&g, mixed(MIXED_PAGES - 4))));
	image_drop(&im);
}

Test(glibc_mmapped, data_that_covers_real_chunks_is_left_out_by_the_counters)
{
	struct glibc g;

	image_init(&im, &GLIBC_2_36);
	image_chunk(&im, mixed(1), 60); // ends inside the second chunk
	read_image(&g);
	cr_assert(eq(u64, g.chunks, 4));
	cr_assert(eq(sz, g.doubts.count, 0));
	cr_assert(not(is_claimed(&g, mixed(1))));
	cr_assert(is_claimed(&g, mixed(MIXED_CHUNK)));
	image_drop(&im);
}

Test(glibc_mmapped, headers_inside_a_chunk_are_its_data)
{
	struct glibc g;

	image_init(&im, &GLIBC_2_36);
	image_chunk(&im, mixed(MIXED_CHUNK + 5), 3);
	read_image(&g);
	cr_assert(eq(u64, g.chunks, 4));
	cr_assert(eq(sz, g.doubts.count, 0));
	image_drop(&im);
}

Test(glibc_mmapped, an_aligned_chunk_that_grew_is_taken_by_its_own_header)
{
	struct glibc g;

	image_init(&im, &GLIBC_2_36);
	image_put(&im, mixed(MIXED_ALIGNED) + 56,
		  ((MIXED_ALIGNED_PAGES + 2) * PAGE_SIZE_BYTES - 48) | 2);
	image_counters(&im, 4,
		       MIXED_CHUNK_PAGES + MIXED_NEXT_PAGES + MIXED_ALIGNED_PAGES + 2 +
			       OTHER_PAGES);
	read_image(&g);
	cr_assert(eq(sz, g.doubts.count, 0));
	cr_assert(is_claimed(&g, mixed(MIXED_ALIGNED + MIXED_ALIGNED_PAGES + 1)));
	cr_assert(not(is_claimed(&g, mixed(MIXED_ALIGNED + MIXED_ALIGNED_PAGES + 2))));
	image_drop(&im);
}

Test(glibc_mmapped, a_size_beyond_the_mapping_is_no_chunk)
{
	struct glibc g;

	image_init(&im, &GLIBC_2_36);
	image_chunk(&im, OTHER_AT, OTHER_PAGES + 1);
	read_image(&g);
	cr_assert(not(is_claimed(&g, OTHER_AT)));
	cr_assert(eq(sz, g.doubts.count, 1));
	image_drop(&im);
}

Test(glibc_mmapped, a_size_that_is_no_multiple_of_pages_is_no_chunk)
{
	struct glibc g;

	image_init(&im, &GLIBC_2_36);
	image_put(&im, OTHER_AT + 8, (OTHER_PAGES * PAGE_SIZE_BYTES - 16) | 2); // 2.43's rule
	read_image(&g);
	cr_assert(not(is_claimed(&g, OTHER_AT)));
	image_drop(&im);
}

Test(glibc_mmapped, other_flags_are_no_chunk)
{
	struct glibc g;

	image_init(&im, &GLIBC_2_36);
	image_put(&im, OTHER_AT + 8, (OTHER_PAGES * PAGE_SIZE_BYTES) | 3);
	read_image(&g);
	cr_assert(not(is_claimed(&g, OTHER_AT)));
	image_drop(&im);
}

Test(glibc_mmapped, what_the_counters_do_not_confirm_is_only_probed)
{
	struct glibc g;

	image_init(&im, &GLIBC_2_36);
	image_counters(&im, 5, 1000);
	read_image(&g);
	cr_assert(eq(u64, g.chunks, 4));
	cr_assert(eq(sz, g.doubts.count, 1));
	for (size_t i = 0; i < g.pieces.count; i++)
		if (g.pieces.at[i].part == GLIBC_CHUNK)
			cr_assert(eq(int, g.pieces.at[i].doubt, GLIBC_PROBED));
	image_drop(&im);
}

Test(glibc_mmapped, too_many_that_can_not_be_told_apart_are_guesses)
{
	struct glibc g;
	unsigned guesses = 0;

	image_init(&im, &GLIBC_2_36);
	image_chunk(&im, mixed(1), 1);
	image_chunk(&im, mixed(MIXED_PAGES - 2), 1); // one of these two, says the count
	image_counters(&im, 5,
		       MIXED_CHUNK_PAGES + MIXED_NEXT_PAGES + MIXED_ALIGNED_PAGES + OTHER_PAGES +
			       1);
	read_image(&g);
	for (size_t i = 0; i < g.pieces.count; i++)
		guesses += g.pieces.at[i].doubt == GLIBC_GUESSED;
	cr_assert(ge(u32, guesses, 2));
	cr_assert(eq(sz, g.doubts.count, 1));
	image_drop(&im);
}

Test(glibc_mmapped, without_counters_headers_are_believed_but_not_sure)
{
	struct glibc g;

	image_init(&im, &GLIBC_2_36);
	image_put(&im, LIBC_AT + PARAMS_OFFSET + 96, 0x1234); // no sbrk_base points there
	read_image(&g);
	cr_assert(not(g.params.known));
	cr_assert(eq(u64, g.chunks, 4));
	for (size_t i = 0; i < g.pieces.count; i++)
		if (g.pieces.at[i].part == GLIBC_CHUNK)
			cr_assert(eq(int, g.pieces.at[i].doubt, GLIBC_PROBED));
	image_drop(&im);
}
