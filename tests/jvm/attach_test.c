// SPDX-License-Identifier: Apache-2.0
// A child process plays the VM: its socket, its signal handler, its answers.
#include "jvm/attach.h"

#include <criterion/criterion.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/fail.h"
#include "base/tree.h"
#include "listener.h"
#include "os/live.h"

static struct arena mem;
static struct fail why;
static struct attach session;
static struct live live;
static struct tree files;
static pid_t vm;
static char trigger_path[64];

static void start(listener_serve *answer, void (*on_signal)(int), bool open_at_start)
{
	vm = listener_start(answer, on_signal, open_at_start);
	snprintf(trigger_path, sizeof(trigger_path), "/tmp/.attach_pid%d", vm);
	files = live_tree(&live, "");
	attach_init(&session, &files, vm, vm);
}

static void stop(void)
{
	listener_stop(vm);
	arena_drop(&mem);
}

TestSuite(attach, .fini = stop, .timeout = 30);

static void serve_v1(int c, const char *request, size_t len)
{
	static const char HEAP[] = "1\0jcmd\0GC.heap_info\0\0";
	static const char VERSION[] = "1\0getversion\0options\0\0";

	if (len == sizeof(HEAP) && !memcmp(request, HEAP, len))
		listener_say(c, "0\nthe heap\n");
	else if (len == sizeof(VERSION) && !memcmp(request, VERSION, len))
		listener_say(c, "-1\nOperation getversion not recognized!\n");
	else
		listener_say(c,
			     "1\njava.lang.IllegalArgumentException: Unknown diagnostic command\n");
}

static void serve_v2(int c, const char *request, size_t len)
{
	static const char HEAP[] = "2\0"
				   "18\0jcmd\0GC.heap_info";

	if (len > 2 && !memcmp(request, "1\0getversion", 12))
		listener_say(c, "0\n2 streaming");
	else if (len == sizeof(HEAP) && !memcmp(request, HEAP, len))
		listener_say(c, "0\nthe heap by version 2\n");
	else
		listener_say(c, "101\n");
}

static void serve_nothing(int c, const char *request, size_t len)
{
	sleep(20);
}

static void serve_without_end(int c, const char *request, size_t len)
{
	static char block[1 << 16];

	memset(block, '0', sizeof(block));
	while (write(c, block, sizeof(block)) > 0)
		;
}

static void serve_garbage(int c, const char *request, size_t len)
{
	listener_say(c, "HTTP/1.1 200 OK\n\n");
}

static double now_s(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

Test(attach, version_1_is_a_request_of_three_arguments_with_their_nuls)
{
	struct span text;

	start(serve_v1, listener_quit, true);
	cr_assert(attach_run(&session, "GC.heap_info", &mem, &text, &why), "%s", why.text);
	cr_expect(span_is(text, "the heap\n"));
	cr_expect_eq(session.version, 1);
}

Test(attach, version_2_is_used_where_the_vm_knows_it)
{
	struct span text;

	start(serve_v2, listener_quit, true);
	cr_assert(attach_run(&session, "GC.heap_info", &mem, &text, &why), "%s", why.text);
	cr_expect(span_is(text, "the heap by version 2\n"));
	cr_expect_eq(session.version, 2);
}

Test(attach, the_trigger_and_a_signal_make_the_socket_and_the_trigger_goes)
{
	struct span text;

	start(serve_v1, listener_quit, false);
	cr_assert(attach_run(&session, "GC.heap_info", &mem, &text, &why), "%s", why.text);
	cr_expect(access(trigger_path, F_OK), "the trigger file is gone");
	cr_expect_not(kill(vm, 0), "the VM still runs");
}

Test(attach, no_signal_goes_to_a_vm_that_does_not_catch_it)
{
	struct span text;

	start(serve_v1, NULL, false);
	cr_expect_not(attach_run(&session, "GC.heap_info", &mem, &text, &why));
	cr_expect_eq(why.kind, FAIL_ABSENT);
	cr_expect(strstr(why.text, "SIGQUIT"), "%s", why.text);
	cr_expect_eq(waitpid(vm, NULL, WNOHANG), 0, "it lives: SIGQUIT would have ended it");
	cr_expect(access(trigger_path, F_OK));
}

Test(attach, a_refused_command_does_not_end_the_session)
{
	struct span text;

	start(serve_v1, listener_quit, true);
	cr_expect_not(attach_run(&session, "No.such", &mem, &text, &why));
	cr_expect_eq(why.kind, FAIL_ABSENT);
	cr_expect(strstr(why.text, "Unknown diagnostic command"), "%s", why.text);
	cr_expect(attach_run(&session, "GC.heap_info", &mem, &text, &why), "%s", why.text);
}

Test(attach, a_silent_vm_costs_five_seconds_once)
{
	double before = now_s();
	struct span text;

	start(serve_nothing, listener_quit, true);
	cr_expect_not(attach_run(&session, "GC.heap_info", &mem, &text, &why));
	cr_expect_eq(why.kind, FAIL_OS);
	cr_expect_not(attach_run(&session, "Thread.print", &mem, &text, &why));
	cr_expect_lt(now_s() - before, 5.5);
}

Test(attach, an_answer_without_an_end_is_cut_off)
{
	double before = now_s();
	struct span text;

	start(serve_without_end, listener_quit, true);
	cr_expect_not(attach_run(&session, "GC.heap_info", &mem, &text, &why));
	cr_expect_lt(now_s() - before, 5.5);
}

Test(attach, an_answer_of_something_else_is_corrupt)
{
	struct span text;

	start(serve_garbage, listener_quit, true);
	cr_expect_not(attach_run(&session, "GC.heap_info", &mem, &text, &why));
	cr_expect_eq(why.kind, FAIL_CORRUPT);
}

static void serve_reset(int c, const char *request, size_t len)
{
}

Test(attach, a_vm_that_hangs_up_is_not_gone)
{
	struct span text;

	start(serve_reset, listener_quit, true);
	cr_expect_not(attach_run(&session, "GC.heap_info", &mem, &text, &why));
	cr_expect_eq(why.kind, FAIL_DENIED, "%s", why.text);
}

Test(attach, a_vm_that_makes_no_socket_leaves_no_trigger_behind)
{
	double before = now_s();
	struct span text;

	start(serve_v1, listener_quit_in_vain, false);
	cr_expect_not(attach_run(&session, "GC.heap_info", &mem, &text, &why));
	cr_expect_eq(why.kind, FAIL_OS);
	cr_expect(access(trigger_path, F_OK), "the trigger file is gone");
	cr_expect_lt(now_s() - before, 5.5);
}

Test(attach, a_stopped_vm_gets_no_signal)
{
	struct span text;

	start(serve_v1, listener_quit, false);
	kill(vm, SIGSTOP);
	waitpid(vm, NULL, WUNTRACED);
	cr_expect_not(attach_run(&session, "GC.heap_info", &mem, &text, &why));
	cr_expect(strstr(why.text, "stopped"), "%s", why.text);
	cr_expect(access(trigger_path, F_OK));
}

Test(attach, a_vm_that_ended_is_gone)
{
	struct span text;

	start(serve_v1, listener_quit, false);
	kill(vm, SIGKILL);
	waitpid(vm, NULL, 0);
	vm = 0;
	cr_expect_not(attach_run(&session, "GC.heap_info", &mem, &text, &why));
	cr_expect_eq(why.kind, FAIL_GONE);
}

// Answers a load in its own words when what lies at the path is the library, the user's alone.
static void serve_load(int c, const char *request, size_t len, const char *words)
{
	static const char LOAD[] = "load\0/tmp/.jledger_test.so\0true\0";
	const char *at = memmem(request, len, LOAD, sizeof(LOAD));
	char bytes[16] = "";
	struct stat st;
	FILE *f;

	if (!memcmp(request + 2, "getversion", 10)) {
		listener_say(c, *words == '2' ? "0\n2\n" : "-1\n");
		return;
	}
	f = fopen("/tmp/.jledger_test.so", "r");
	if (!at || !f || fstat(fileno(f), &st) || (st.st_mode & 07777) != 0600 ||
	    st.st_uid != geteuid() || fread(bytes, 1, sizeof(bytes) - 1, f) != 5 ||
	    strcmp(bytes, "BYTES") != 0)
		listener_say(c, "0\n99\n");
	else
		listener_say(c, words + 1);
}

static void serve_load_of_8(int c, const char *request, size_t len)
{
	serve_load(c, request, len, "10\n0\n");
}

static void serve_load_of_25(int c, const char *request, size_t len)
{
	serve_load(c, request, len, "20\nreturn code: -7");
}

static void serve_no_load(int c, const char *request, size_t len)
{
	serve_load(c, request, len, "1-1\nDynamic agent loading is not enabled.\n");
}

static bool load_library(int *result)
{
	bool done = attach_load(&session, ".jledger_test.so", SPAN("BYTES"), &mem, result, &why);

	cr_expect(access("/tmp/.jledger_test.so", F_OK), "the file is gone");
	return done;
}

Test(attach, a_library_is_there_for_the_load_alone)
{
	int result = 5;

	start(serve_load_of_8, listener_quit, true);
	cr_assert(load_library(&result), "%s", why.text);
	cr_expect_eq(result, 0);
}

Test(attach, a_library_s_own_result_is_told_also_in_version_2)
{
	int result = 5;

	start(serve_load_of_25, listener_quit, true);
	cr_assert(load_library(&result), "%s", why.text);
	cr_expect_eq(result, -7);
	cr_expect_eq(session.version, 2);
}

Test(attach, a_vm_that_loads_nothing_says_why)
{
	int result = 5;

	start(serve_no_load, listener_quit, true);
	cr_expect_not(load_library(&result));
	cr_expect_eq(why.kind, FAIL_DENIED);
	cr_expect(strstr(why.text, "not enabled"), "%s", why.text);
	cr_expect(attach_was_refused(&session));
	cr_expect_eq(result, 5);
}

Test(attach, arguments_tell_whether_it_is_forbidden)
{
	cr_expect(attach_is_forbidden(SPAN("-Xmx1g -XX:+DisableAttachMechanism -cp x")));
	cr_expect(attach_is_forbidden(SPAN("java\0-XX:+DisableAttachMechanism\0Main\0")));
	cr_expect_not(attach_is_forbidden(SPAN("-XX:-DisableAttachMechanism")));
}
