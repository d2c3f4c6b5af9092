// SPDX-License-Identifier: Apache-2.0
#include "os/rights.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/fail.h"
#include "os/live.h"

static struct arena mem;
static struct fail why;
static struct rights got;

static void drop(void)
{
	arena_drop(&mem);
}

TestSuite(rights, .fini = drop);

Test(rights, the_text_form_comes_back_as_it_was)
{
	static const char TEXT[] =
		"tier C\nmemory a filter forbids it\npages not yours\ngain much\n";

	cr_assert(rights_parse(SPAN(TEXT), &mem, &got, &why), "%s", why.text);
	cr_expect_eq(got.tier, RIGHTS_C);
	cr_expect_null(got.maps_denied);
	cr_expect_str_eq(got.memory_denied, "a filter forbids it");
	cr_expect_str_eq(got.pages_denied, "not yours");
	cr_expect_str_eq(got.gain, "much");
	cr_expect(span_is(rights_print(&got, &mem), TEXT));
}

Test(rights, a_text_that_makes_no_sense_is_refused_by_line)
{
	cr_expect_not(rights_parse(SPAN(""), &mem, &got, &why));
	cr_expect_not(rights_parse(SPAN("tier E\n"), &mem, &got, &why));
	cr_expect_eq(why.kind, FAIL_CORRUPT);
	cr_expect_not(rights_parse(SPAN("tier A\ngain \n"), &mem, &got, &why));
	cr_expect_not(rights_parse(SPAN("tier A\ngain a\ngain b\n"), &mem, &got, &why));
	cr_expect_str_eq(why.text, "rights line 3 makes no sense");
}

Test(rights, a_process_of_our_own_can_be_read)
{
	struct live live;
	struct tree files = live_tree(&live, "");

	cr_assert(rights_read(&files, getpid(), &mem, &got, &why), "%s", why.text);
	cr_expect(got.tier == RIGHTS_A || got.tier == RIGHTS_B);
	cr_expect_null(got.maps_denied);
	cr_expect_null(got.memory_denied);
	cr_expect_null(got.pages_denied);
	cr_expect_null(got.gain);
}

static void refuse_readv(void)
{
	struct sock_filter code[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_process_vm_readv, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EPERM),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	struct sock_fprog program = { sizeof(code) / sizeof(code[0]), code };

	cr_assert(!prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0));
	cr_assert(!prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program));
}

Test(rights, a_refused_process_vm_readv_costs_nothing_while_the_mem_file_opens)
{
	struct live live;
	struct tree files = live_tree(&live, "");

	refuse_readv();
	cr_assert(rights_read(&files, getpid(), &mem, &got, &why), "%s", why.text);
	cr_expect_null(got.memory_denied);
}

Test(rights, a_process_that_ended_is_gone)
{
	struct live live;
	struct tree files = live_tree(&live, "");
	pid_t pid = fork();

	if (!pid)
		_exit(0);
	waitpid(pid, NULL, 0);
	cr_assert_not(rights_read(&files, pid, &mem, &got, &why));
	cr_expect_eq(why.kind, FAIL_GONE, "%s", why.text);
}

Test(rights, another_users_process_is_closed_to_a_user_without_capabilities)
{
	struct live live;
	struct tree files = live_tree(&live, "");

	if (geteuid() != 0)
		cr_skip_test("needs root, to become somebody else");
	cr_assert(!setresgid(65534, 65534, 65534) && !setresuid(65534, 65534, 65534));
	cr_assert(rights_read(&files, 1, &mem, &got, &why), "%s", why.text);
	cr_expect_eq(got.tier, RIGHTS_D);
	cr_expect_not_null(got.maps_denied);
	cr_expect(strstr(got.gain, "CAP_SYS_PTRACE"), "%s", got.gain);
}
