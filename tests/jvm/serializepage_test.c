// SPDX-License-Identifier: Apache-2.0
#include "jvm/serializepage.h"

#include <criterion/criterion.h>

#include "base/fail.h"
#include "fakevm_heaps.h"

#define PAIR 0x7f3000000000u
enum { PAGE = 4096 };

static struct fakevm *fake;
static struct hotspot vm;
static struct fail why;
static uint64_t variables, found;

static struct mapping *mapping_at(uint64_t start)
{
	for (size_t i = 0; i < fake->maps.count; i++)
		if (fake->mappings[i].start == start)
			return &fake->mappings[i];
	return NULL;
}

// The page, the polling page behind it, and the variables that name them.
static void setup(void)
{
	fake = fakevm_create();
	fakevm_add_serial(fake);
	fakevm_map(fake, PAIR, PAIR + PAGE, "");
	fakevm_map(fake, PAIR + PAGE, PAIR + 2 * PAGE, "");
	mapping_at(PAIR)->writable = true;
	mapping_at(FAKEVM_LIBRARY)->writable = true; // all of it stands for its data
	variables = fakevm_static(fake, 16);
	fakevm_set(fake, variables, PAIR);
	fakevm_set(fake, variables + 8, PAIR + PAGE);
}

static void teardown(void)
{
	fakevm_free(fake);
}

TestSuite(serializepage, .init = setup, .fini = teardown);

static bool find_page(uint64_t uses_barriers)
{
	fakevm_flag(fake, "UseMembar", 0, uses_barriers, 0);
	cr_assert(fakevm_open(fake, &vm, &why), "%s", why.text);
	return serializepage_find(&vm, &found);
}

Test(serializepage, is_the_page_before_the_polling_page_that_two_variables_name)
{
	cr_assert(find_page(false));
	cr_assert_eq(found, PAIR);
}

Test(serializepage, there_is_none_where_threads_use_barriers)
{
	cr_assert_not(find_page(true));
}

Test(serializepage, a_page_that_only_one_variable_names_is_none)
{
	fakevm_set(fake, variables + 8, PAIR + 2 * PAGE);
	cr_assert_not(find_page(false));
}

Test(serializepage, a_part_of_a_larger_mapping_is_none)
{
	mapping_at(PAIR)->start -= PAGE;
	cr_assert_not(find_page(false));
}

Test(serializepage, a_polling_page_that_may_be_written_is_none)
{
	mapping_at(PAIR + PAGE)->writable = true;
	cr_assert_not(find_page(false));
}

Test(serializepage, a_page_of_a_file_is_none)
{
	mapping_at(PAIR)->inode = 5;
	mapping_at(PAIR)->path = "/tmp/page";
	cr_assert_not(find_page(false));
}
