// SPDX-License-Identifier: Apache-2.0
#include "collect/families.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#include "../jvm/image.h"
#include "base/fail.h"
#include "facts/snapshot.h"
#include "jvm/classes.h"

Test(families, names_fold_to_their_families)
{
	static const struct {
		const char *name, *family;
	} NAMES[] = {
		{ "java/lang/String", "java.lang.String" },
		{ "shop/ASMSerializer_12_Order", "shop.ASMSerializer_#_Order" },
		{ "com/sun/proxy/$Proxy17", "com.sun.proxy.$Proxy#" },
		{ "jdk/proxy2/$Proxy5", "jdk.proxy#.$Proxy#" },
		{ "jdk/internal/reflect/GeneratedMethodAccessor123",
		  "jdk.internal.reflect.GeneratedMethodAccessor#" },
		{ "a/Foo$$EnhancerByCGLIB$$1a2b3c4d", "a.Foo$$EnhancerByCGLIB$$#" },
		{ "a/Foo$$EnhancerBySpringCGLIB$$ab12cd3", "a.Foo$$EnhancerBySpringCGLIB$$#" },
		{ "a/Foo$$FastClassByCGLIB$$DEAD1BEE", "a.Foo$$FastClassByCGLIB$$#" },
		{ "a/Main$$Lambda$14+0x0000000800c03000", "a.Main$$Lambda$#" },
		{ "a/Main$$Lambda$14/0x0000000800c03000", "a.Main$$Lambda$#" },
		{ "a/Main$$Lambda+0x00007f1234001000", "a.Main$$Lambda$#" },
		{ "a/Main$$Lambda$14", "a.Main$$Lambda$#" },
		{ "a/Tpl+0x00007f1234001000", "a.Tpl/#" },
		{ "java/lang/invoke/LambdaForm$MH+0x0000000800c03c00",
		  "java.lang.invoke.LambdaForm$MH/#" },
		{ "rules/Rule_3f2a9b1c_4d5e_9abc", "rules.Rule_#_#_#" },
		{ "x/T0123456789abcdef", "x.T#" },
		{ "x/deadbeef1", "x.#" },
		{ "a/Foo$ByteBuddy$hXkQzzWa", "a.Foo$ByteBuddy$#" },
		{ "a/Foo$ByteBuddy$1jVwDaVx", "a.Foo$ByteBuddy$#" },
		{ "a/Foo$HibernateProxy$oMS4QYkX$auxiliary$kV3Xb2aD",
		  "a.Foo$HibernateProxy$#$auxiliary$#" },
		// Words are no numbers.
		{ "x/Facade", "x.Facade" },
		{ "x/y_facade", "x.y_facade" },
		{ "x/decade$Added", "x.decade$Added" },
		{ "x/acceded_faced", "x.acceded_faced" },
		{ "x/Order$1Base", "x.Order$#Base" },
		{ "x/Feedback12345678Order", "x.Feedback#Order" },
		{ "x/ab1/Type", "x.ab#.Type" },
		{ "", "" },
	};
	char to[FAMILIES_NAME_LIMIT];

	for (size_t i = 0; i < sizeof(NAMES) / sizeof(*NAMES); i++) {
		families_fold(NAMES[i].name, to, sizeof(to));
		cr_expect_str_eq(to, NAMES[i].family, "%s became %s", NAMES[i].name, to);
	}
}

Test(families, a_name_that_is_too_long_is_cut)
{
	char name[2000], to[FAMILIES_NAME_LIMIT];

	memset(name, 'x', sizeof(name) - 1);
	name[sizeof(name) - 1] = '\0';
	families_fold(name, to, sizeof(to));
	cr_assert(strlen(to) < sizeof(to));
	cr_assert(strlen(to) > sizeof(to) - 8);
}

static struct image im;
static struct hotspot_classes classes;
static struct snapshot snapshot;

static const struct family_row *family(const char *name)
{
	for (size_t i = 0; i < snapshot.families.count; i++)
		if (!strcmp(snapshot.families.at[i].name, name))
			return &snapshot.families.at[i];
	return NULL;
}

// Six loaders with a generated class each, one loader with three of them and a class of its own.
static void open_image(void)
{
	uint64_t klass, other, loader;
	char name[64];

	image_init(&im);
	klass = image_klass(&im, "gen/Loader", im.boot, im.loader_klass, NULL, 0);
	other = image_klass(&im, "gen/OtherLoader", im.boot, im.loader_klass, NULL, 0);
	loader = image_loader(&im, other, false, NULL);
	image_klass(&im, "app/Own", loader, 0, NULL, 0);
	for (int i = 0; i < 3; i++) {
		snprintf(name, sizeof(name), "gen/Type_%d_Order", i);
		image_klass(&im, name, loader, 0, NULL, 0);
	}
	for (int i = 0; i < 6; i++)
		image_klass(&im, "gen/Type_7_Order", image_loader(&im, klass, false, NULL), 0, NULL,
			    0);
	snapshot_init(&snapshot, &im.mem);
	cr_assert(classes_read(&im.vm, &im.mem, &classes, NULL));
}

static void close_image(void)
{
	image_drop(&im);
}

TestSuite(families_built, .init = open_image, .fini = close_image);

Test(families_built, classes_and_loaders_are_counted)
{
	const struct family_row *f;

	families_build(&im.vm, &classes, NULL, &snapshot);
	f = family("gen.Type_#_Order");
	cr_assert_not_null(f);
	cr_assert_eq(f->class_count, 9);
	cr_assert_eq(f->loader_count, 7);
	cr_assert_eq(f->max_per_loader, 3);
	cr_assert_eq(f->hidden_count, 0);
	cr_assert_eq(f->bytes, 0);
	cr_assert_str_eq(f->loader_type, "gen.Loader", "that of most of its loaders");
	cr_assert_null(family("app.Own"), "one class with a name of its own is no family");
}

Test(families_built, a_loaders_bytes_are_shared_among_its_classes)
{
	uint64_t used[16] = { 0 };
	const struct family_row *f;

	for (size_t i = 0; i < classes.loaders.count; i++)
		used[i] = classes.loaders.at[i].boot ? 0 : 1000;
	families_build(&im.vm, &classes, used, &snapshot);
	f = family("gen.Type_#_Order");
	cr_assert_not_null(f);
	cr_assert_eq(f->bytes, 6 * 1000 + 3 * 250);
}

Test(families_built, the_same_name_again_and_again_is_one_name)
{
	uint64_t loader = image_loader(&im, im.loader_klass, false, NULL);
	uint64_t symbol = image_symbol(&im, "dup/Accessor");

	for (int i = 0; i < 5; i++)
		image_put(&im, image_klass(&im, "x", loader, 0, NULL, 0) + KLASS_NAME, symbol);
	cr_assert(classes_read(&im.vm, &im.mem, &classes, NULL));
	families_build(&im.vm, &classes, NULL, &snapshot);
	cr_assert_not_null(family("dup.Accessor"));
	cr_assert_eq(family("dup.Accessor")->distinct_names, 1);
	cr_assert_eq(family("dup.Accessor")->max_per_loader, 5);
	cr_assert_eq(family("gen.Type_#_Order")->distinct_names, 9,
		     "the image makes a Symbol for each");
}
