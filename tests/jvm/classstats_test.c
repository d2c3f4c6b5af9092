// SPDX-License-Identifier: Apache-2.0
#include "jvm/classstats.h"

#include <criterion/criterion.h>
#include <string.h>

#include "base/fail.h"
#include "classstats_image.h"

static struct classstats_image im;
static struct classstats stats;
static struct classstats_sizes sizes;
static enum classstats_part part;
static struct fail why;

static void setup(void)
{
	cr_assert(cs_open(&im, &why), "%s", why.text);
}

static void teardown(void)
{
	fakevm_free(im.fake);
}

TestSuite(classstats, .init = setup, .fini = teardown);

static void open_stats(void)
{
	cr_assert(classstats_open(&im.vm, &im.classes, &im.fake->mem, &stats, &why), "%s",
		  why.text);
}

static bool read_class(bool hidden)
{
	return classstats_read(&stats, im.klass, im.loader, hidden, &sizes, &part, &why);
}

Test(classstats, a_classs_parts_are_as_large_as_the_vm_made_them)
{
	open_stats();
	for (int i = 0; i < CLASSSTATS_PARTS; i++)
		cr_assert_null(stats.unknown[i], "%s", stats.unknown[i]);
	cr_assert(read_class(false), "%s", why.text);
	cr_expect_eq(sizes.inst_size, 24);
	cr_expect_eq(sizes.mirror, 24 + 3 * 8);
	cr_expect_eq(sizes.klass, CS_KLASS_SIZE + (5 + 2 + 1) * 8);
	cr_expect_eq(sizes.secondary_supers, 8 + 2 * 8);
	cr_expect_eq(sizes.fields, 24, "6 + 2 * 7, rounded");
	cr_expect_eq(sizes.nest_members, 8);
	cr_expect_eq(sizes.class_annotations, 24);
	cr_expect_eq(sizes.annotations, 32 + 24);
	cr_expect_eq(sizes.methods_annotations, 16);
	cr_expect_eq(sizes.pool, CS_POOL_SIZE + 10 * 8);
	cr_expect_eq(sizes.tags, 24);
	cr_expect_eq(sizes.cache, CS_CACHE_SIZE + 3 * 32);
	cr_expect_eq(sizes.operands, 16);
	cr_expect_eq(sizes.method_count, 1);
	cr_expect_eq(sizes.method, CS_METHOD_SIZE + 16, "a native one");
	cr_expect_eq(sizes.const_method, 12 * 8);
	cr_expect_eq(sizes.bytecodes, 21);
	cr_expect_eq(sizes.stackmap, 16);
	cr_expect_eq(sizes.method_data, 200);
}

Test(classstats, sums_are_those_of_their_parts)
{
	open_stats();
	cr_assert(read_class(false), "%s", why.text);
	cr_expect_eq(sizes.pool_all, sizes.pool + sizes.tags + sizes.cache + sizes.operands);
	cr_expect_eq(sizes.method_all, sizes.method + sizes.const_method + sizes.stackmap +
					       sizes.method_data + sizes.methods_annotations);
	cr_expect_eq(sizes.total, sizes.ro_all + sizes.rw_all);
	cr_expect_eq(sizes.metaspace + sizes.mirror + 2 * sizes.secondary_supers, sizes.total,
		     "an array that is three lists counts once");
}

Test(classstats, a_class_that_is_another_by_now_is_refused)
{
	open_stats();
	im.klass->symbol += 8;
	cr_assert_not(read_class(false));
	im.klass->symbol -= 8;
	im.loader += 8;
	cr_assert_not(read_class(false));
	cr_assert_eq(why.kind, FAIL_CORRUPT);
}

static void expect_refused(uint64_t at, uint64_t value, const char *what)
{
	uint64_t before = fakevm_get(im.fake, at);

	fakevm_set(im.fake, at, value);
	classstats_forget(&stats);
	cr_expect_not(read_class(false), "%s", what);
	fakevm_set(im.fake, at, before);
	classstats_forget(&stats);
}

Test(classstats, a_part_that_makes_no_sense_is_refused)
{
	open_stats();
	expect_refused(im.klass->at + CS_VTABLE - 4, UINT64_MAX, "tables without an end");
	expect_refused(im.klass->at + CS_METHODS, 0xdeadbee8, "methods nowhere");
	expect_refused(im.klass->at + 120, 0x123, "an array that is not aligned");
	expect_refused(im.pool + 24, im.pool, "another class's constant pool");
	expect_refused(im.code + 8, im.code, "another class's method");
	expect_refused(im.code + CS_CODE_WORDS, 1, "a method smaller than itself");
	expect_refused(im.profile + 8, im.code, "another method's profile");
	expect_refused(im.profile + CS_PROFILE_SIZE, 0, "a profile without a size");
	expect_refused(im.profile + CS_PROFILE_SIZE, UINT64_C(200) << 32 | 196, "a hint outside");
	cr_assert(read_class(false), "all is mended: %s", why.text);
}

Test(classstats, a_probe_that_fails_costs_its_part_and_the_sums_with_it)
{
	*fakevm_at(im.fake, im.nest + 4) = 3; // no class of the pool
	open_stats();
	cr_assert_not_null(stats.unknown[CLASSSTATS_NEST_MEMBERS]);
	cr_assert_null(stats.unknown[CLASSSTATS_ANNOTATIONS]);
	cr_assert(read_class(false), "%s", why.text);
	cr_expect_eq(sizes.nest_members, CLASSSTATS_UNKNOWN);
	cr_expect_eq(sizes.ro_all, CLASSSTATS_UNKNOWN);
	cr_expect_eq(sizes.total, CLASSSTATS_UNKNOWN);
	cr_expect_neq(sizes.rw_all, CLASSSTATS_UNKNOWN);
}

Test(classstats, annotations_that_are_none_are_unknown)
{
	fakevm_set(im.fake, im.annotations, im.method + 1);
	open_stats();
	cr_assert_not_null(stats.unknown[CLASSSTATS_ANNOTATIONS]);
	cr_assert(read_class(false), "%s", why.text);
	cr_expect_eq(sizes.annotations, CLASSSTATS_UNKNOWN);
	cr_expect_eq(sizes.methods_annotations, 16);
}
