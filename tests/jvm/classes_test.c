// SPDX-License-Identifier: Apache-2.0
#include "jvm/classes.h"

#include <criterion/criterion.h>
#include <string.h>

#include "base/fail.h"
#include "image.h"
#include "jvm/classcounts.h"

static struct image im;
static struct hotspot_classes classes;
static struct fail why;

static void open_image(void)
{
	image_init(&im);
}

static void close_image(void)
{
	image_drop(&im);
}

TestSuite(classes, .init = open_image, .fini = close_image);

static bool read_all(void)
{
	return classes_read(&im.vm, &im.mem, &classes, &why);
}

static const struct hotspot_loader *loader(uint64_t at)
{
	for (size_t i = 0; i < classes.loaders.count; i++)
		if (classes.loaders.at[i].at == at)
			return &classes.loaders.at[i];
	return NULL;
}

Test(classes, every_loader_comes_with_its_classes)
{
	uint64_t app_klass = image_klass(&im, "app/Loader", im.boot, im.loader_klass, NULL, 0);
	uint64_t app = image_loader(&im, app_klass, false, NULL);

	image_klass(&im, "app/One", app, 0, NULL, 0);
	image_klass(&im, "app/Two", app, 0, NULL, 0);
	cr_assert(read_all(), "%s", why.text);
	cr_assert_eq(classes.loaders.count, 2);
	cr_assert_eq(classes.classes.count, 8);
	cr_assert_eq(loader(app)->count, 2);
	cr_assert_str_eq(loader(app)->type, "app/Loader");
	cr_assert_str_eq(classes.classes.at[loader(app)->first].name, "app/Two");
	cr_assert(loader(im.boot)->boot);
	cr_assert_eq(classes_find(&classes, "java/lang/Thread"), im.thread_klass);
	cr_assert_eq(classes_find(&classes, "app/One"), 0, "only the boot loader's are found");
}

Test(classes, a_loader_has_its_java_name_and_its_parent)
{
	uint64_t klass = image_klass(&im, "app/Loader", im.boot, im.loader_klass, NULL, 0);
	uint64_t parent_oop, child_oop;
	uint64_t parent = image_loader(&im, klass, false, &parent_oop);
	uint64_t child = image_loader(&im, klass, false, &child_oop);

	image_set_oop(&im, parent_oop + 16, image_string(&im, "pl\xfcgin"));
	image_set_oop(&im, child_oop + 12, parent_oop);
	cr_assert(read_all(), "%s", why.text);
	cr_assert_str_eq(loader(parent)->name, "pl\xc3\xbcgin");
	cr_assert_null(loader(child)->name);
	cr_assert_eq(classes.loaders.at[loader(child)->parent].at, parent);
	cr_assert_eq(loader(parent)->parent, LOADER_NONE);
}

Test(classes, an_array_is_told_from_an_instance_class)
{
	cr_assert(read_all(), "%s", why.text);
	cr_assert_str_eq(classes.classes.at[0].name, "[B");
	cr_assert_eq(classes.classes.at[0].kind, CLASS_TYPE_ARRAY);
	cr_assert_eq(classes.classes.at[1].kind, CLASS_INSTANCE);
}

Test(classes, a_list_of_loaders_that_ends_early_is_refused)
{
	uint64_t klass = image_klass(&im, "app/Loader", im.boot, im.loader_klass, NULL, 0);
	uint64_t first = image_loader(&im, klass, false, NULL);

	image_loader(&im, klass, false, NULL);
	image_put(&im, first + CLD_NEXT, 0);
	cr_assert_not(read_all());
	cr_assert_eq(why.kind, FAIL_CORRUPT);
	cr_assert(strstr(why.text, "boot loader"), "%s", why.text);
}

Test(classes, a_list_of_loaders_that_runs_in_a_circle_is_refused)
{
	uint64_t klass = image_klass(&im, "app/Loader", im.boot, im.loader_klass, NULL, 0);
	uint64_t first = image_loader(&im, klass, false, NULL);
	uint64_t second = image_loader(&im, klass, false, NULL);

	image_put(&im, first + CLD_NEXT, second);
	cr_assert_not(read_all());
	cr_assert_eq(why.kind, FAIL_CORRUPT);
}

Test(classes, data_of_a_hidden_class_is_not_taken_for_the_boot_loader)
{
	uint64_t hidden;

	image_put(&im, im.cld_head, 0);
	hidden = image_loader(&im, 0, true, NULL); // ends the list, without a loader object
	cr_assert_not(read_all());
	image_put(&im, hidden + CLD_NEXT, im.boot);
	cr_assert(read_all(), "%s", why.text);
	cr_assert(loader(hidden)->hidden);
	cr_assert(loader(hidden)->of_boot);
	cr_assert_not(loader(hidden)->boot);
}

static uint64_t torn_cld;

static void mend_next(struct image *image)
{
	if (image->forgets == 2)
		image_put(image, torn_cld + CLD_NEXT, image->boot);
}

Test(classes, a_torn_list_of_loaders_is_read_again)
{
	uint64_t klass = image_klass(&im, "app/Loader", im.boot, im.loader_klass, NULL, 0);

	torn_cld = image_loader(&im, klass, false, NULL);
	image_put(&im, torn_cld + CLD_NEXT, 0);
	im.on_forget = mend_next;
	cr_assert(read_all(), "%s", why.text);
	cr_assert_eq(classes.list_restarts, 1);
	cr_assert_eq(classes.loaders.count, 2);
}

Test(classes, a_class_that_points_back_to_another_loader_for_good_is_damage)
{
	uint64_t klass = image_klass(&im, "app/Loader", im.boot, im.loader_klass, NULL, 0);
	uint64_t bad = image_loader(&im, klass, false, NULL);
	uint64_t good = image_loader(&im, klass, false, NULL);
	uint64_t stolen = image_klass(&im, "app/One", bad, 0, NULL, 0);

	image_klass(&im, "app/Two", good, 0, NULL, 0);
	image_put(&im, stolen + KLASS_CLD, good);
	cr_assert_not(read_all());
	cr_assert_eq(why.kind, FAIL_CORRUPT);
	cr_assert(strstr(why.text, "the classes of 1 loaders"), "%s", why.text);
}

Test(classes, a_class_list_that_runs_in_a_circle_for_good_is_damage)
{
	uint64_t klass = image_klass(&im, "app/Loader", im.boot, im.loader_klass, NULL, 0);
	uint64_t app = image_loader(&im, klass, false, NULL);
	uint64_t one = image_klass(&im, "app/One", app, 0, NULL, 0);

	image_put(&im, one + KLASS_NEXT, image_klass(&im, "app/Two", app, 0, NULL, 0));
	cr_assert_not(read_all());
	cr_assert_eq(why.kind, FAIL_CORRUPT);
}

static uint64_t torn_klass;

static void mend_klass(struct image *image)
{
	if (image->forgets == 2)
		image_put(image, torn_klass + KLASS_CLD, torn_cld);
}

Test(classes, a_torn_class_list_is_read_again)
{
	uint64_t klass = image_klass(&im, "app/Loader", im.boot, im.loader_klass, NULL, 0);

	torn_cld = image_loader(&im, klass, false, NULL);
	torn_klass = image_klass(&im, "app/One", torn_cld, 0, NULL, 0);
	image_put(&im, torn_klass + KLASS_CLD, 0);
	im.on_forget = mend_klass;
	cr_assert(read_all(), "%s", why.text);
	cr_assert_eq(classes.retries, 1);
	cr_assert_eq(classes.unreadable, 0);
	cr_assert_str_eq(loader(torn_cld)->type, "app/Loader");
}

Test(classes, a_name_with_control_characters_is_no_name)
{
	uint64_t klass = image_klass(&im, "app/Loader", im.boot, im.loader_klass, NULL, 0);
	uint64_t app = image_loader(&im, klass, false, NULL);

	image_klass(&im, "app/\x01", app, 0, NULL, 0);
	cr_assert_not(read_all());
	cr_assert_eq(why.kind, FAIL_CORRUPT);
}

Test(classes, a_dead_loaders_object_gives_no_wrong_name)
{
	uint64_t klass = image_klass(&im, "app/Loader", im.boot, im.loader_klass, NULL, 0);
	uint64_t other = image_klass(&im, "app/Order", im.boot, 0, NULL, 0);
	uint64_t oop;
	uint64_t dead = image_loader(&im, klass, false, &oop);

	for (int i = 0; i < 3; i++) // enough live ones to find where the VM keeps the class
		image_loader(&im, klass, false, NULL);
	image_put32(&im, oop + 8, (uint32_t)(other >> 3)); // the memory is an Order's now
	cr_assert(read_all(), "%s", why.text);
	cr_assert_str_eq(loader(dead)->type, "app/Loader");
	cr_assert_eq(loader(dead)->object_at, 0);
	cr_assert(loader(dead)->unloading);
	cr_assert_not(loader(dead)->unreadable);
}

Test(classes, a_boot_loader_whose_classes_make_no_sense_is_an_unknown_layout)
{
	image_put(&im, im.string_klass + KLASS_CLD, im.boot + 8);
	cr_assert_not(read_all());
	cr_assert(strstr(why.text, "layout unknown"), "%s", why.text);
}

Test(classes, across_collections_a_loader_keeps_its_type_alone)
{
	uint64_t klass = image_klass(&im, "app/Loader", im.boot, im.loader_klass, NULL, 0);
	uint64_t oop;
	uint64_t app = image_loader(&im, klass, false, &oop);

	image_set_oop(&im, oop + 16, image_string(&im, "plugin"));
	cr_assert(read_all(), "%s", why.text);
	cr_assert_str_eq(loader(app)->name, "plugin");
	im.on_forget = image_collect;
	cr_assert(read_all(), "%s", why.text);
	cr_assert_str_eq(loader(app)->type, "app/Loader");
	cr_assert_null(loader(app)->name);
	cr_assert_not(loader(app)->unloading);
}

Test(classes, on_jdk_8_the_data_of_an_anonymous_class_is_told_by_its_flag)
{
	enum { ANONYMOUS_8 = 34 }; // the image's own flag is at 36
	uint64_t klass = image_klass(&im, "app/Loader", im.boot, im.loader_klass, NULL, 0);
	uint64_t anonymous = image_loader(&im, 0, false, NULL);
	uint64_t app = image_loader(&im, klass, false, NULL);

	image_put8(&im, anonymous + ANONYMOUS_8, 1);
	im.vm.field[FIELD_CLD_KLASSES] = im.vm.field[FIELD_CLD_HIDDEN] = NULL;
	cr_assert(read_all(), "%s", why.text);
	cr_expect(loader(anonymous)->hidden);
	cr_expect_not(loader(anonymous)->boot);
	cr_expect(loader(anonymous)->of_boot);
	cr_expect_not(loader(app)->hidden);
	cr_expect(loader(im.boot)->boot);
}

Test(classes, the_vms_own_count_proves_that_a_walk_was_whole)
{
	cr_assert(read_all(), "%s", why.text);
	cr_assert_eq(classes.classes.count, 5);
	cr_expect_not(classcounts_agree(&im.vm, &classes), "it has none");
	image_put(&im, im.cld_head + 24, 4); // four classes and an array
	image_put(&im, im.cld_head + 32, 1);
	cr_expect(classcounts_agree(&im.vm, &classes));
	image_put(&im, im.cld_head + 32, 2);
	cr_expect_not(classcounts_agree(&im.vm, &classes), "one was not found");
	image_put(&im, im.cld_head + 24, 1);
	image_put(&im, im.cld_head + 32, 4);
	cr_expect_not(classcounts_agree(&im.vm, &classes), "instances come first");
}
