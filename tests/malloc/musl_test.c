// SPDX-License-Identifier: Apache-2.0
#include "malloc/musl.h"

#include <criterion/criterion.h>

#include "musl_image.h"

static struct image im;
static struct musl got;
static struct fail why;

static void open_image(void)
{
	musl_image_init(&im);
}

static void close_image(void)
{
	image_drop(&im);
}

TestSuite(musl, .init = open_image, .fini = close_image);

static bool read_image(void)
{
	return musl_read(&im.view, &im.mem, &got, &why);
}

static void expect_piece(size_t i, uint64_t at, uint64_t pages, enum musl_part part)
{
	cr_assert_lt(i, got.pieces.count);
	cr_expect_eq(got.pieces.at[i].start, at);
	cr_expect_eq(got.pieces.at[i].end, at + pages * PAGE_SIZE_BYTES);
	cr_expect_eq(got.pieces.at[i].part, part);
}

Test(musl, records_groups_and_large_blocks_are_found_to_the_page)
{
	cr_assert(read_image(), "%s", why.text);
	cr_expect(got.whole);
	cr_assert_eq(got.pieces.count, 4);
	expect_piece(0, MUSL_RECORDS_AT, 1, MUSL_RECORDS);
	expect_piece(1, MUSL_MORE_AT, 1, MUSL_RECORDS);
	expect_piece(2, MUSL_GROUP_AT, MUSL_GROUP_PAGES, MUSL_GROUP);
	expect_piece(3, MUSL_LARGE_AT, MUSL_LARGE_PAGES, MUSL_LARGE);
	cr_expect_eq(got.large, 1);
	cr_expect_eq(got.large_bytes, MUSL_LARGE_PAGES * PAGE_SIZE_BYTES);
	cr_expect_eq(got.system, (2 + MUSL_GROUP_PAGES + MUSL_LARGE_PAGES) * PAGE_SIZE_BYTES);
}

Test(musl, a_group_that_does_not_name_its_record_is_left_out)
{
	image_put(&im, MUSL_LARGE_AT, musl_record_at(MUSL_RECORDS_AT, 0));
	cr_assert(read_image(), "%s", why.text);
	cr_expect_not(got.whole);
	cr_expect_eq(got.pieces.count, 3);
}

Test(musl, a_group_that_is_larger_than_its_mapping_is_left_out)
{
	musl_put_record(&im, MUSL_RECORDS_AT, 0, MUSL_GROUP_AT, 7, MUSL_GROUP_SLOT,
			MUSL_GROUP_PAGES + 1);
	cr_assert(read_image(), "%s", why.text);
	cr_expect_not(got.whole);
	cr_expect_eq(got.pieces.count, 3);
}

Test(musl, what_is_somebody_elses_is_not_given_out)
{
	static const struct range TAKEN[] = { { MUSL_GROUP_AT + 8192, MUSL_GROUP_AT + 12288 } };

	im.view.taken = TAKEN;
	im.view.taken_count = 1;
	cr_assert(read_image(), "%s", why.text);
	cr_expect_eq(got.pieces.count, 3);
}

Test(musl, records_without_the_secret_are_refused)
{
	image_put(&im, MUSL_MORE_AT, MUSL_SECRET + 1);
	cr_assert_not(read_image());
	cr_expect_eq(why.kind, FAIL_CORRUPT);
}

Test(musl, a_circle_of_records_ends)
{
	musl_put_area(&im, MUSL_MORE_AT, MUSL_RECORDS_AT);
	cr_assert_not(read_image());
	cr_expect_eq(why.kind, FAIL_CORRUPT);
}

Test(musl, another_malloc_of_musl_is_refused)
{
	image_put(&im, MUSL_CONTEXT_AT, 0);
	cr_assert_not(read_image());
	cr_expect_eq(why.kind, FAIL_CORRUPT);
}

Test(musl, data_that_are_called_like_the_library_are_not_it)
{
	im.mappings[1].executable = false;
	cr_expect_null(musl_library(&im.maps));
	im.mappings[1].executable = true;
	im.mappings[1].path = "/usr/lib/x86_64-linux-musl/libc.so";
	cr_expect_not_null(musl_library(&im.maps));
	im.mappings[1].path = "/opt/own/libc.so";
	cr_expect_null(musl_library(&im.maps));
}
