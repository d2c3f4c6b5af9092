// SPDX-License-Identifier: Apache-2.0
#include "jvm/arguments.h"

#include <criterion/criterion.h>

#include "base/fail.h"
#include "base/memory.h"
#include "fakevm.h"

static struct fakevm *fake;
static struct hotspot vm;
static struct arguments list;
static struct fail why;

static void setup(void)
{
	fake = fakevm_create();
	fakevm_field(fake, "Universe", "_collectedHeap", "CollectedHeap*", 0);
}

static void teardown(void)
{
	fakevm_free(fake);
}

TestSuite(arguments, .init = setup, .fini = teardown);

// Declares one of the VM's two lists; its rows are for the caller to fill.
static uint64_t add_list(const char *array, const char *count, uint64_t at, uint64_t n)
{
	fakevm_field(fake, "Arguments", array, "char**", at);
	fakevm_field(fake, "Arguments", count, "int", n);
	return at;
}

static uint64_t two_options(void)
{
	uint64_t at = fakevm_object(fake, 16);

	fakevm_set(fake, at, fakevm_text(fake, "-Xmx64m"));
	fakevm_set(fake, at + 8, fakevm_text(fake, "-XX:MaxPermSize=64m"));
	return add_list("_jvm_args_array", "_num_jvm_args", at, 2);
}

static bool read_them(void)
{
	cr_assert(fakevm_open(fake, &vm, &why), "%s", why.text);
	return arguments_read(&vm, vm.mem, &list, &why);
}

Test(arguments, both_lists_are_read_in_order)
{
	uint64_t flags = fakevm_object(fake, 8);

	two_options();
	fakevm_set(fake, flags, fakevm_text(fake, "+UseSerialGC"));
	add_list("_jvm_flags_array", "_num_jvm_flags", flags, 1);
	cr_assert(read_them(), "%s", why.text);
	cr_assert_eq(list.options.count, 2);
	cr_expect_str_eq(list.options.at[0], "-Xmx64m");
	cr_expect_str_eq(list.options.at[1], "-XX:MaxPermSize=64m");
	cr_assert_eq(list.flags.count, 1);
	cr_expect_str_eq(list.flags.at[0], "+UseSerialGC");
}

Test(arguments, no_flags_file_is_an_empty_list)
{
	two_options();
	add_list("_jvm_flags_array", "_num_jvm_flags", 0, 0);
	cr_assert(read_them(), "%s", why.text);
	cr_expect_eq(list.flags.count, 0);
	cr_expect_eq(list.options.count, 2);
}

Test(arguments, a_text_longer_than_any_flag_is_left_out)
{
	uint64_t at = two_options(), text = fakevm_object(fake, 2 * MEMORY_TEXT_LIMIT);

	for (uint64_t i = 0; i < MEMORY_TEXT_LIMIT + 100; i += 8)
		fakevm_set(fake, text + i, UINT64_C(0x7878787878787878));
	fakevm_set(fake, at, text);
	add_list("_jvm_flags_array", "_num_jvm_flags", 0, 0);
	cr_assert(read_them(), "%s", why.text);
	cr_expect_str_eq(list.options.at[0], "");
	cr_expect_str_eq(list.options.at[1], "-XX:MaxPermSize=64m");
}

Test(arguments, a_count_that_no_command_line_has_is_an_unknown_layout)
{
	add_list("_jvm_flags_array", "_num_jvm_flags", 0, 0);
	add_list("_jvm_args_array", "_num_jvm_args", fakevm_object(fake, 16), 1 << 30);
	cr_assert_not(read_them());
	cr_expect_eq(why.kind, FAIL_CORRUPT);
}

Test(arguments, a_text_that_lies_nowhere_fails)
{
	uint64_t at = two_options();

	add_list("_jvm_flags_array", "_num_jvm_flags", 0, 0);
	fakevm_set(fake, at + 8, 0x10);
	cr_assert_not(read_them());
}

Test(arguments, a_vm_that_exports_none_says_so)
{
	cr_assert_not(read_them());
	cr_expect_eq(why.kind, FAIL_ABSENT);
}
