// SPDX-License-Identifier: Apache-2.0
#include "jvm/javafields.h"

#include <criterion/criterion.h>
#include <string.h>

#include "base/fail.h"
#include "image.h"

static struct image im;
static struct java_strings strings;
static struct fail why;

static void open_image(void)
{
	image_init(&im);
	cr_assert(javafields_strings(&im.vm, im.string_klass, &strings, &why), "%s", why.text);
}

static void close_image(void)
{
	image_drop(&im);
}

TestSuite(javafields, .init = open_image, .fini = close_image);

Test(javafields, a_field_is_found_by_its_name)
{
	static const struct image_field FIELDS[] = { { "a", 12, false },
						     { "far", 70000, false },
						     { "COUNT", 120, true } };
	uint64_t klass = image_klass(&im, "x/Y", im.boot, 0, FIELDS, 3);
	struct javafield f;

	cr_assert(javafields_find(&im.vm, klass, "far", &f, &why), "%s", why.text);
	cr_assert_eq(f.offset, 70000);
	cr_assert_not(f.is_static);
	cr_assert(javafields_find(&im.vm, klass, "COUNT", &f, &why), "%s", why.text);
	cr_assert(f.is_static);
	cr_assert_not(javafields_find(&im.vm, klass, "fa", &f, &why));
	cr_assert_eq(why.kind, FAIL_ABSENT);
}

Test(javafields, more_fields_than_the_array_has_are_refused)
{
	struct javafield f;

	image_put32(&im, im.thread_klass + IK_FIELD_COUNT, 3);
	cr_assert_not(javafields_find(&im.vm, im.thread_klass, "name", &f, &why));
	cr_assert_eq(why.kind, FAIL_CORRUPT);
}

Test(javafields, latin_and_utf16_strings_become_utf8)
{
	const char *text;
	uint64_t s = image_string(&im, "gr\xfcn");

	cr_assert(javafields_text(&im.vm, &strings, s, &im.mem, &text, &why), "%s", why.text);
	cr_assert_str_eq(text, "gr\xc3\xbcn");
	// U+65E5, U+1F600 as a pair, and half a pair
	image_set_oop(&im, s + 12, image_bytes(&im, "\xe5\x65\x3d\xd8\x00\xde\x3d\xd8", 8));
	image_put8(&im, s + 20, 1);
	cr_assert(javafields_text(&im.vm, &strings, s, &im.mem, &text, &why), "%s", why.text);
	cr_assert_str_eq(text, "\xe6\x97\xa5\xf0\x9f\x98\x80\xef\xbf\xbd");
}

Test(javafields, what_is_no_string_is_refused)
{
	const char *text = "as it was";
	uint64_t s = image_string(&im, "x"), chars = image_bytes(&im, "abc", 3);

	cr_assert_not(javafields_text(&im.vm, &strings, chars, &im.mem, &text, &why));
	image_put8(&im, s + 20, 7);
	cr_assert_not(javafields_text(&im.vm, &strings, s, &im.mem, &text, &why));
	image_put8(&im, s + 20, 0);
	image_set_oop(&im, s + 12, chars);
	image_put32(&im, chars + 12, 0x7fffffff);
	cr_assert_not(javafields_text(&im.vm, &strings, s, &im.mem, &text, &why));
	image_set_oop(&im, s + 12, s); // characters that are no array
	cr_assert_not(javafields_text(&im.vm, &strings, s, &im.mem, &text, &why));
	cr_assert_str_eq(text, "as it was");
}
