// SPDX-License-Identifier: Apache-2.0
#include "parse/thread_print.h"

#include <criterion/criterion.h>

#include "base/arena.h"
#include "base/fail.h"

static struct arena mem;
static struct fail why;
static struct thread_print got;

Test(thread_print, a_name_may_hold_quotes_and_what_looks_like_a_field)
{
	cr_assert(thread_print_parse(
		SPAN("\"w \"0\" tid=0x1 nid=0x2\" #12 daemon prio=5 os_prio=0 cpu=0.33ms "
		     "elapsed=5.02s tid=0x00007f1e90106fa0 nid=0x238b waiting on condition  "
		     "[0x00007f1e698fc000]\n"),
		&mem, &got, &why));
	cr_assert_eq(got.count, 1);
	cr_expect_str_eq(got.at[0].name, "w \"0\" tid=0x1 nid=0x2");
	cr_expect_eq(got.at[0].nid, 0x238b);
	cr_expect_eq(got.at[0].stack_at, 0x7f1e698fc000);
	cr_expect(got.at[0].java);
}

Test(thread_print, threads_of_the_vm_have_no_number_and_no_frame)
{
	cr_assert(thread_print_parse(SPAN("\"VM Thread\" os_prio=0 cpu=1.82ms elapsed=5.12s "
					  "tid=0x00007f1e900d3ee0 nid=0x2371 runnable  \n"),
				     &mem, &got, &why));
	cr_expect_not(got.at[0].java);
	cr_expect_eq(got.at[0].stack_at, 0);
}

Test(thread_print, ids_are_decimal_since_jdk_21)
{
	cr_assert(thread_print_parse(SPAN("\"main\" #3 [9980] prio=5 os_prio=0 cpu=132.85ms "
					  "elapsed=5.93s tid=0x00007fd89c02c300 nid=9980 waiting "
					  "on condition  [0x00007fd8a07fe000]\n"),
				     &mem, &got, &why));
	cr_expect_eq(got.at[0].nid, 9980);
}

Test(thread_print, frames_and_locks_are_no_threads)
{
	cr_expect_not(thread_print_parse(SPAN("\tat java.lang.Thread.run(Thread.java:840)\n"
					      "\t- locked <0x00000000f84f4908> (a Lock)\n"),
					 &mem, &got, &why));
	cr_expect_eq(why.kind, FAIL_ABSENT);
}
