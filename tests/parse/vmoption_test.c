// SPDX-License-Identifier: Apache-2.0
#include "parse/vmoption.h"

#include <criterion/criterion.h>

static struct vmoption o;

#define PARSES(literal) vmoption_parse(SPAN(literal), &o)

Test(vmoption, a_switch_is_on_or_off)
{
	cr_assert(PARSES("-XX:+UseG1GC"));
	cr_expect(span_is(o.flag, "UseG1GC"));
	cr_expect_eq(o.form, VMOPTION_ON);
	cr_assert(PARSES("-XX:-UsePerfData"));
	cr_expect_eq(o.form, VMOPTION_OFF);
	cr_expect_not(o.is_other_name);
}

Test(vmoption, a_number_takes_a_letter_of_either_case)
{
	cr_assert(PARSES("-XX:MaxPermSize=64m"));
	cr_expect(span_is(o.value, "64m"));
	cr_expect(o.has_number);
	cr_expect_eq(o.number, 64 << 20);
	cr_assert(PARSES("-XX:MaxHeapSize=2G"));
	cr_expect_eq(o.number, 2ull << 30);
	cr_assert(PARSES("-XX:NewSize=0x10k"));
	cr_expect_eq(o.number, 16 << 10);
	cr_assert(PARSES("-XX:PreInflateSpin=-1"));
	cr_expect(o.has_number && o.number == UINT64_MAX);
}

Test(vmoption, what_is_no_number_is_text)
{
	cr_assert(PARSES("-XX:OnError=gdb - %p"));
	cr_expect_not(o.has_number || o.has_real);
	cr_assert(PARSES("-XX:MaxHeapSize=1.5g"));
	cr_expect_not(o.has_number);
	cr_assert(PARSES("-XX:MaxHeapSize=99999999999999999999"));
	cr_expect_not(o.has_number, "larger than 64 bits");
	cr_assert(PARSES("-XX:MaxHeapSize=17179869184g"));
	cr_expect_not(o.has_number, "larger than 64 bits with its letter");
	cr_assert(PARSES("-XX:HeapDumpPath="));
	cr_expect_eq(o.value.len, 0);
}

Test(vmoption, a_decimal_number_has_its_value)
{
	cr_assert(PARSES("-XX:MaxRAMPercentage=75.0"));
	cr_expect(o.has_real && !o.has_number);
	cr_expect_float_eq(o.real, 75, 1e-9);
	cr_assert(PARSES("-XX:MaxRAMPercentage=75"));
	cr_expect(o.has_real && o.has_number);
}

Test(vmoption, other_names_stand_for_their_flags)
{
	cr_assert(PARSES("-Xmx64m"));
	cr_expect(span_is(o.flag, "MaxHeapSize") && o.is_other_name);
	cr_expect_eq(o.number, 64 << 20);
	cr_assert(PARSES("-Xmn8m"));
	cr_expect(span_is(o.flag, "MaxNewSize") && span_is(o.also, "NewSize"));
	cr_assert(PARSES("-Xss1m"));
	cr_expect(span_is(o.flag, "ThreadStackSize"));
	cr_expect_eq(o.number, 1024, "the flag counts kilobytes");
	cr_assert(PARSES("-Xnoclassgc"));
	cr_expect(span_is(o.flag, "ClassUnloading") && o.form == VMOPTION_OFF);
}

Test(vmoption, options_that_set_no_flag_are_none)
{
	cr_expect_not(PARSES("-Dx=y"));
	cr_expect_not(PARSES("-cp"));
	cr_expect_not(PARSES("-Xlog:gc"));
	cr_expect_not(PARSES("-Xmixed"));
	cr_expect_not(PARSES("-XX:MaxHeapSize"));
	cr_expect_not(PARSES("-XX:+UseG1GC=1"));
	cr_expect_not(PARSES("-XX:"));
	cr_expect_not(PARSES(""));
}

Test(vmoption, a_flags_file_leaves_the_prefix_out)
{
	cr_assert(vmoption_parse_flag(SPAN("+UseSerialGC"), &o));
	cr_expect(span_is(o.flag, "UseSerialGC"));
	cr_assert(vmoption_parse_flag(SPAN("NewSize=5m"), &o));
	cr_expect_eq(o.number, 5 << 20);
	cr_expect_not(vmoption_parse_flag(SPAN("-XX:NewSize=5m"), &o));
}
