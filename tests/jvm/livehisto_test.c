// SPDX-License-Identifier: Apache-2.0
#include "jvm/livehisto.h"

#include <criterion/criterion.h>
#include <string.h>

#include "livehisto_image.h"

static struct space_image s;
static struct livehisto got;
static struct fail why;

static void open_image(void)
{
	space_open(&s);
	space_fill(&s);
}

static void close_image(void)
{
	image_drop(&s.im);
}

TestSuite(livehisto, .init = open_image, .fini = close_image);

static void walk(void)
{
	cr_assert(classes_read(&s.im.vm, &s.im.mem, &s.classes, &why), "%s", why.text);
	cr_assert(livehisto_walk(&s.im.vm, &s.classes, &s.given, &s.im.mem, &got, &why), "%s",
		  why.text);
	cr_expect_eq(got.bytes + got.gaps + got.skipped, got.used);
}

static const struct livehisto_row *row(uint64_t klass)
{
	for (size_t i = 0; i < s.classes.classes.count; i++)
		if (s.classes.classes.at[i].at == klass)
			return &got.rows[i];
	cr_assert_fail("no such class");
	return NULL;
}

Test(livehisto, every_object_is_counted_under_its_class)
{
	walk();
	cr_expect_eq(row(s.point)->count, s.points);
	cr_expect_eq(row(s.point)->bytes, s.points * POINT_SIZE);
	cr_expect_eq(row(s.bytes)->count, s.arrays);
	cr_expect_eq(row(s.mirror)->count, s.mirrors);
	cr_expect_eq(row(s.mirror)->bytes, s.mirrors * MIRROR_SIZE);
	cr_expect_eq(got.skipped, 0);
	cr_expect_eq(got.objects, s.points + s.arrays + s.mirrors);
}

Test(livehisto, old_objects_in_what_a_thread_did_not_give_out_are_none)
{
	static struct range gap;

	gap = (struct range){ s.given.space.start + POINT_SIZE, s.given.space.start + POINT_SIZE };
	gap.end += 16 + 24; // the first array, of length 0, and the second point
	gap.end += MIRROR_SIZE;
	s.given.gaps = &gap;
	s.given.gap_count = 1;
	walk();
	cr_expect_eq(got.gaps, gap.end - gap.start);
	cr_expect_eq(row(s.point)->count, s.points - 1);
	cr_expect_eq(row(s.bytes)->count, s.arrays - 1);
	cr_expect_eq(row(s.mirror)->count, s.mirrors - 1);
	cr_expect_eq(got.skipped, 0);
}

Test(livehisto, what_no_class_explains_is_skipped_and_the_way_is_found_again)
{
	image_put32(&s.im, s.given.space.start + 8, 0x12345678);
	walk();
	cr_expect_eq(got.skipped, POINT_SIZE);
	cr_expect_eq(row(s.point)->count, s.points - 1);
	cr_expect_eq(row(s.bytes)->count, s.arrays);
}

Test(livehisto, an_array_that_is_longer_than_the_space_is_none)
{
	image_put32(&s.im, s.given.space.start + POINT_SIZE + 12, 0x7ffffff0);
	walk();
	cr_expect_eq(got.skipped, 16);
	cr_expect_eq(row(s.bytes)->count, s.arrays - 1);
}
