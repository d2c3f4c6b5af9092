// SPDX-License-Identifier: Apache-2.0
#include "jvm/loaderlist.h"

#include <criterion/criterion.h>

#include "base/fail.h"
#include "image.h"
#include "jvm/classes.h"

static struct image im;
static struct hotspot_classes classes;
static struct fail why;
static uint64_t one, two, klass;

// The list: two, one, the boot loader.
static void open_image(void)
{
	image_init(&im);
	klass = image_klass(&im, "app/Loader", im.boot, im.loader_klass, NULL, 0);
	one = image_loader(&im, klass, false, NULL);
	two = image_loader(&im, klass, false, NULL);
	image_klass(&im, "app/One", one, 0, NULL, 0);
	image_klass(&im, "app/Two", two, 0, NULL, 0);
}

static void close_image(void)
{
	image_drop(&im);
}

TestSuite(loaderlist, .init = open_image, .fini = close_image);

static void read_classes(void)
{
	cr_assert(classes_read(&im.vm, &im.mem, &classes, &why), "%s", why.text);
	cr_assert_eq(classes.loaders.count, 3);
}

Test(loaderlist, is_kept_while_nobody_leaves)
{
	read_classes();
	cr_assert(loaderlist_kept(&im.vm, &classes));
	image_loader(&im, klass, false, NULL);
	image_loader(&im, klass, false, NULL);
	cr_assert(loaderlist_kept(&im.vm, &classes), "new ones in front");
}

Test(loaderlist, is_not_kept_when_one_leaves)
{
	read_classes();
	image_put(&im, two + CLD_NEXT, im.boot);
	cr_assert_not(loaderlist_kept(&im.vm, &classes), "from the middle");
	image_put(&im, two + CLD_NEXT, one);
	cr_assert(loaderlist_kept(&im.vm, &classes));
	image_put(&im, im.cld_head, one);
	cr_assert_not(loaderlist_kept(&im.vm, &classes), "the first one");
}

Test(loaderlist, is_not_kept_when_it_runs_wild)
{
	read_classes();
	image_put(&im, im.boot + CLD_NEXT, one);
	cr_assert_not(loaderlist_kept(&im.vm, &classes), "no end");
	image_put(&im, im.boot + CLD_NEXT, 0);
	image_put(&im, im.cld_head, 0x123);
	cr_assert_not(loaderlist_kept(&im.vm, &classes), "no pointer");
}

static unsigned leaves_at;

// The loader is unlinked and freed; its memory, down to its class's name, is another's at once.
static void reuse_one(struct image *image)
{
	uint64_t next = image_peek(image, one + CLD_NEXT),
		 class_at = image_peek(image, one + CLD_KLASSES);

	if (image->forgets != leaves_at)
		return;
	image_put(image, two + CLD_NEXT, next);
	image_put(image, one + CLD_NEXT, image_peek(image, image->cld_head));
	image_put(image, image->cld_head, one);
	image_put(image, class_at + KLASS_NAME, image_symbol(image, "app/New"));
}

static const char *only_class_of(uint64_t at)
{
	for (size_t i = 0; i < classes.loaders.count; i++)
		if (classes.loaders.at[i].at == at && classes.loaders.at[i].count == 1)
			return classes.classes.at[classes.loaders.at[i].first].name;
	return "none";
}

Test(loaderlist, a_loader_whose_memory_another_one_got_meanwhile_is_read_again)
{
	im.on_forget = reuse_one;
	leaves_at = im.forgets + 2; // classes are read, objects are not
	read_classes();
	cr_assert_str_eq(only_class_of(one), "app/New");
	cr_assert_str_eq(only_class_of(two), "app/Two");
}
