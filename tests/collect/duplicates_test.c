// SPDX-License-Identifier: Apache-2.0
#include "collect/duplicates.h"

#include <criterion/criterion.h>

#include "../jvm/image.h"
#include "base/fail.h"
#include "facts/classgrowth.h"
#include "facts/snapshot.h"
#include "jvm/classes.h"

static struct image im;
static struct hotspot_classes classes;
static struct snapshot snapshot;
static struct provenance from = { "test", "test", TIER_A, CERTAINTY_EXACT };

static void define(uint64_t loader, uint64_t symbol, int times)
{
	for (int i = 0; i < times; i++)
		image_put(&im, image_klass(&im, "x", loader, 0, NULL, 0) + KLASS_NAME, symbol);
}

// One loader has a name five times, three have another once each, a hidden one does not count.
static void setup(void)
{
	uint64_t kind, again, many, loader;

	image_init(&im);
	kind = image_klass(&im, "gen/Loader", im.boot, im.loader_klass, NULL, 0);
	again = image_symbol(&im, "dup/Accessor");
	many = image_symbol(&im, "copied/Type");
	define(image_loader(&im, kind, false, NULL), again, 5);
	for (int i = 0; i < 3; i++) {
		loader = image_loader(&im, kind, false, NULL);
		define(loader, many, 1);
	}
	define(image_loader(&im, kind, true, NULL), many, 1);
	snapshot_init(&snapshot, &im.mem);
	cr_assert(classes_read(&im.vm, &im.mem, &classes, NULL));
	duplicates_build(&classes, &snapshot);
	snapshot.duplicates_known = true;
}

static void teardown(void)
{
	image_drop(&im);
}

TestSuite(duplicates, .init = setup, .fini = teardown);

Test(duplicates, names_of_one_loader_come_first_and_hidden_classes_do_not_count)
{
	const struct duplicate_row *d = snapshot.duplicates.at;

	cr_assert_eq(snapshot.duplicates.count, 2);
	cr_expect_str_eq(d[0].name, "dup.Accessor");
	cr_expect_eq(d[0].definitions, 5);
	cr_expect_eq(d[0].loader_count, 1);
	cr_expect_eq(d[0].most_in_one, 5);
	cr_expect_str_eq(d[0].loader_type, "gen.Loader");
	cr_expect_str_eq(d[1].name, "copied.Type");
	cr_expect_eq(d[1].definitions, 3);
	cr_expect_eq(d[1].loader_count, 3);
	cr_expect_eq(d[1].most_in_one, 1);
}

Test(duplicates, what_the_vm_counted_and_is_not_there_left_no_class)
{
	struct definitions d;

	classgrowth_definitions(&snapshot, &d);
	cr_expect_not(d.known, "without the counters");
	snapshot_set(&snapshot, F_CLASSES_INSTANCE, 40, from);
	snapshot_set(&snapshot, F_CLASSES_LOADED, 100, from);
	snapshot_set(&snapshot, F_CLASSES_UNLOADED, 10, from);
	classgrowth_definitions(&snapshot, &d);
	cr_assert(d.known);
	cr_expect_eq(d.counted, 90);
	cr_expect_eq(d.found, 40);
	cr_expect_eq(d.repeated, 4);
	cr_expect_eq(d.lost, 50);
	snapshot_set(&snapshot, F_CLASSES_INSTANCE, 95, from);
	classgrowth_definitions(&snapshot, &d);
	cr_expect_eq(d.lost, 0, "more than were counted lose none");
}
