// SPDX-License-Identifier: Apache-2.0
#include "jvm/jnihandles.h"

#include <criterion/criterion.h>

#include "base/fail.h"
#include "jnihandles_image.h"

static struct image im;
static struct handles_image h;
static jnihandles_oops oops;
static struct fail why;

static void setup(void)
{
	image_init(&im);
}

static void teardown(void)
{
	image_drop(&im);
}

TestSuite(jnihandles, .init = setup, .fini = teardown);

Test(jnihandles, the_references_of_a_storage_are_those_that_its_masks_have)
{
	handles_image_storage(&im, &h);
	cr_assert(jnihandles_read(&im.vm, &im.mem, &oops, &why), "%s", why.text);
	cr_assert_eq(oops.count, 3);
	for (size_t i = 0; i < 3; i++)
		cr_assert_eq(oops.at[i], h.object);
}

Test(jnihandles, the_blocks_of_jdk_8_are_followed)
{
	handles_image_blocks(&im, &h);
	cr_assert(jnihandles_read(&im.vm, &im.mem, &oops, &why), "%s", why.text);
	cr_assert_eq(oops.count, 34);
	cr_assert_eq(oops.at[33], h.object);
}

Test(jnihandles, a_block_of_another_owner_is_no_block)
{
	handles_image_storage(&im, &h);
	image_put(&im, image_peek(&im, h.array + 32) + 520, h.storage + 8);
	cr_assert_not(jnihandles_read(&im.vm, &im.mem, &oops, &why));
	cr_assert_eq(why.kind, FAIL_CORRUPT);
}

Test(jnihandles, blocks_in_a_circle_and_too_full_ones_are_refused)
{
	handles_image_blocks(&im, &h);
	image_put(&im, h.block + 264, h.block);
	cr_assert_not(jnihandles_read(&im.vm, &im.mem, &oops, &why));
	cr_assert_eq(why.kind, FAIL_CORRUPT);
	image_put(&im, h.block + 264, 0);
	image_put32(&im, h.block + 256, 33);
	cr_assert_not(jnihandles_read(&im.vm, &im.mem, &oops, &why));
}

Test(jnihandles, a_storage_of_another_name_is_not_taken)
{
	handles_image_storage(&im, &h);
	image_put8(&im, image_peek(&im, h.storage) + 4, 'W');
	cr_assert_not(jnihandles_read(&im.vm, &im.mem, &oops, &why));
}
