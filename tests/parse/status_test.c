// SPDX-License-Identifier: Apache-2.0
#include "parse/status.h"

#include <criterion/criterion.h>
#include <stdio.h>

#include "base/fail.h"

static struct fail why;
static struct status got;

static const char TEXT[] = "Name:\tjava\n"
			   "Umask:\t0022\n"
			   "State:\tS (sleeping)\n"
			   "Tgid:\t4711\n"
			   "Pid:\t4711\n"
			   "PPid:\t12\n"
			   "Uid:\t1000\t1001\t1002\t1003\n"
			   "Gid:\t2000\t2001\t2002\t2003\n"
			   "NSpid:\t4711\t33\t7\n"
			   "VmSize:\t 2842612 kB\n"
			   "VmRSS:\t  148 kB\n"
			   "RssAnon:\t  100 kB\n"
			   "RssFile:\t   40 kB\n"
			   "RssShmem:\t    8 kB\n"
			   "VmPTE:\t     64 kB\n"
			   "VmSwap:\t       12 kB\n"
			   "HugetlbPages:\t 2048 kB\n"
			   "Threads:\t19\n"
			   "CoreDumping:\t0\n"
			   "SigPnd:\t0000000000000002\n"
			   "SigCgt:\t2000000181005ccf\n"
			   "CapPrm:\t0000000000080004\n"
			   "CapEff:\t0000000000000004\n"
			   "Seccomp:\t2\n"
			   "KeyFromTheFuture:\tx y z\n";

Test(status, kilobytes_become_bytes)
{
	cr_assert(status_parse(SPAN(TEXT), &got, &why));
	cr_expect_eq(got.vm_rss, 148 * 1024);
	cr_expect_eq(got.rss_anon + got.rss_file + got.rss_shmem, got.vm_rss);
	cr_expect_eq(got.vm_size, 2842612ull * 1024);
	cr_expect_eq(got.vm_swap, 12 * 1024);
	cr_expect_eq(got.vm_pte, 64 * 1024);
	cr_expect_eq(got.hugetlb, 2048 * 1024);
	cr_expect(got.has_memory);
}

Test(status, the_innermost_pid_is_the_last_of_nspid)
{
	cr_assert(status_parse(SPAN(TEXT), &got, &why));
	cr_expect_eq(got.pid, 4711);
	cr_expect_eq(got.ns_pid, 7);
}

Test(status, without_nspid_the_pid_is_the_innermost_one)
{
	cr_assert(status_parse(SPAN("Name:\tx\nState:\tR (running)\nPid:\t5\n"), &got, &why));
	cr_expect_eq(got.ns_pid, 5);
	cr_expect_not(got.has_memory);
	cr_expect_eq(got.seccomp, -1);
}

Test(status, identity_and_state_are_read)
{
	cr_assert(status_parse(SPAN(TEXT), &got, &why));
	cr_expect_str_eq(got.name, "java");
	cr_expect_eq(got.state, 'S');
	cr_expect_eq(got.uid, 1000);
	cr_expect_eq(got.euid, 1001);
	cr_expect_eq(got.gid, 2000);
	cr_expect_eq(got.egid, 2001);
	cr_expect_eq(got.threads, 19);
	cr_expect_eq(got.cap_permitted, 0x80004);
	cr_expect_eq(got.cap_effective, 4);
	cr_expect_eq(got.seccomp, 2);
}

Test(status, a_caught_signal_is_told_from_one_that_is_not)
{
	cr_assert(status_parse(SPAN(TEXT), &got, &why));
	cr_expect(status_catches(&got, 3)); // ...ccf: bits 0 to 3
	cr_expect_not(status_catches(&got, 5));
	cr_expect_not(status_catches(&got, 0));
	cr_expect_not(status_catches(&got, 65));
}

Test(status, a_line_that_makes_no_sense_is_named)
{
	cr_assert_not(status_parse(SPAN("Name:\tx\nVmRSS:\tmuch\n"), &got, &why));
	cr_expect_eq(why.kind, FAIL_CORRUPT);
	cr_expect_str_eq(why.text, "status line 2 (VmRSS:\tmuch) makes no sense");
	cr_expect_not(status_parse(SPAN("Name:\tx\nState:\tR\nPid:\t99999999999\n"), &got, &why));
	cr_expect_not(status_parse(
		SPAN("Name:\tx\nState:\tR\nPid:\t1\nVmRSS:\t18446744073709551615 kB\n"), &got,
		&why));
}

Test(status, a_text_without_name_state_or_pid_is_refused)
{
	cr_expect_not(status_parse(SPAN(""), &got, &why));
	cr_expect_not(status_parse(SPAN("State:\tR\nPid:\t1\n"), &got, &why));
	cr_expect_not(status_parse(SPAN("Name:\tx\nPid:\t1\n"), &got, &why));
	cr_expect_not(status_parse(SPAN("Name:\tx\nState:\tR\n"), &got, &why));
	cr_expect_str_eq(why.text, "status has no Name, State or Pid");
}

static bool is_ending(const char *state, const char *rest)
{
	char text[256];

	snprintf(text, sizeof(text), "Name:\tx\nState:\t%s\nPid:\t5\n%s", state, rest);
	cr_assert(status_parse(span_of(text), &got, &why), "%s", why.text);
	return status_is_ending(&got);
}

Test(status, one_that_is_killed_is_ending_before_its_threads_are_gone)
{
	cr_expect_not(is_ending("S (sleeping)", "VmRSS:\t9 kB\nSigPnd:\t0000000000004000\n"));
	cr_expect(is_ending("S (sleeping)", "VmRSS:\t9 kB\nSigPnd:\t0000000000000100\n"));
	cr_expect_not(is_ending("D (disk sleep)", "VmRSS:\t9 kB\nCoreDumping:\t1\n"
						  "SigPnd:\t0000000000000100\n"));
	cr_expect(is_ending("Z (zombie)", ""));
	cr_expect(is_ending("R (running)", "SigPnd:\t0000000000000000\n"));
}
