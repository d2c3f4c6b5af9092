// SPDX-License-Identifier: Apache-2.0
#include "parse/procstat.h"

#include <criterion/criterion.h>

#include "base/fail.h"

static struct fail why;
static struct procstat got;

#define TAIL                                                                                       \
	" S 12 4711 4711 0 -1 1077936128 500 1 7 2 250 40 0 0 20 0 19 0 244826 2910834688 9020\n"

Test(procstat, fields_are_taken_by_their_numbers_and_ticks_become_nanoseconds)
{
	cr_assert(procstat_parse(SPAN("4711 (java)" TAIL), &got, &why));
	cr_expect_eq(got.pid, 4711);
	cr_expect_eq(got.ppid, 12);
	cr_expect_str_eq(got.name, "java");
	cr_expect_eq(got.state, 'S');
	cr_expect_eq(got.minor_faults, 500);
	cr_expect_eq(got.major_faults, 7);
	cr_expect_eq(got.user_ns, 2500000000);
	cr_expect_eq(got.system_ns, 400000000);
	cr_expect_eq(got.threads, 19);
	cr_expect_eq(got.started_ns, 2448260000000);
}

Test(procstat, a_name_may_hold_blanks_and_parentheses)
{
	cr_assert(procstat_parse(SPAN("1 (a) R (b c)" TAIL), &got, &why));
	cr_expect_str_eq(got.name, "a) R (b c");
	cr_expect_eq(got.state, 'S');
}

Test(procstat, a_text_that_ends_early_or_has_no_number_is_refused_by_field)
{
	cr_assert_not(procstat_parse(SPAN("1 (x) S 12 4711\n"), &got, &why));
	cr_expect_eq(why.kind, FAIL_CORRUPT);
	cr_expect_str_eq(why.text, "stat field 6 makes no sense");
	cr_assert_not(procstat_parse(SPAN("1 (x) S 12 x"), &got, &why));
	cr_expect_str_eq(why.text, "stat field 5 makes no sense");
}

Test(procstat, without_a_name_in_parentheses_it_is_no_stat_file)
{
	cr_expect_not(procstat_parse(SPAN(""), &got, &why));
	cr_expect_not(procstat_parse(SPAN("1 java S 1"), &got, &why));
	cr_expect_not(procstat_parse(SPAN("1 (java S 1"), &got, &why));
	cr_expect_str_eq(why.text, "stat has no process id and name");
}
