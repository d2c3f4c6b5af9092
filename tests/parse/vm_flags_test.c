// SPDX-License-Identifier: Apache-2.0
#include "parse/vm_flags.h"

#include <criterion/criterion.h>

#include "base/arena.h"
#include "base/fail.h"

static struct arena mem;
static struct fail why;
static struct vm_flags got;

Test(vm_flags, a_row_has_type_name_value_and_origin)
{
	cr_assert(vm_flags_parse(
		SPAN("[Global flags]\n"
		     "   size_t MaxHeapSize   = 134217728   {product} {command line}\n"
		     "    ccstr AllocateHeapAt =            {product} {default}\n"
		     "     intx AliasLevel     = 3       {C2 product} {default}\n"
		     "     bool X = true {product} {command line, ergonomic}\n"),
		&mem, &got, &why));
	cr_assert_eq(got.count, 4);
	cr_expect_str_eq(got.at[0].type, "size_t");
	cr_expect_str_eq(got.at[0].value, "134217728");
	cr_expect_str_eq(got.at[0].origin, "command line");
	cr_expect_str_eq(got.at[1].value, "", "unset");
	cr_expect_str_eq(got.at[2].value, "3");
	cr_expect_str_eq(got.at[3].origin, "command line");
}

Test(vm_flags, braces_in_a_value_stay_there)
{
	cr_assert(
		vm_flags_parse(SPAN("    ccstr OnError = echo {a} {b}  {product} {command line}\n"),
			       &mem, &got, &why));
	cr_expect_str_eq(got.at[0].value, "echo {a} {b}");
}

Test(vm_flags, jdk_8_says_only_whether_it_is_the_default)
{
	cr_assert(vm_flags_parse(SPAN("    uintx A := 1 {product}\n    uintx B = 2 {product}\n"),
				 &mem, &got, &why));
	cr_expect_str_eq(got.at[0].origin, "command line");
	cr_expect_str_eq(got.at[1].origin, "default");
}
