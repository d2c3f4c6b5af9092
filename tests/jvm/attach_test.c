// SPDX-License-Identifier: Apache-2.0
// A child process plays the VM: its socket, its signal handler, its answers.
#include "jvm/attach.h"

#include <criterion/criterion.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/fail.h"
#include "base/tree.h"
#include "os/live.h"

typedef void serve(int connection, const char *request, size_t len);

static struct arena mem;
static struct fail why;
static struct attach session;
static struct live live;
static struct tree files;
static pid_t vm;
static char socket_path[64], trigger_path[64];
static int listening = -1;

static void open_listener(void)
{
	struct sockaddr_un at = { .sun_family = AF_UNIX };

	snprintf(at.sun_path, sizeof(at.sun_path), "/tmp/.java_pid%d", getpid());
	unlink(at.sun_path); // of a JVM that was killed and had this number before
	listening = socket(AF_UNIX, SOCK_STREAM, 0);
	if (bind(listening, (struct sockaddr *)&at, sizeof(at)) || listen(listening, 8))
		_exit(2);
}

// As the VM does: only a trigger file in its directory makes it open the socket.
static void on_quit(int signal)
{
	char path[64];

	snprintf(path, sizeof(path), ".attach_pid%d", getpid());
	if (!access(path, F_OK))
		open_listener();
	else
		_exit(3); // it would have dumped its threads
}

// A VM whose listener can't start.
static void on_quit_in_vain(int signal)
{
}

static _Noreturn void play(serve *answer)
{
	for (;;) {
		char request[4096];
		struct timespec pause = { .tv_nsec = 1000000 };
		ssize_t len;
		int c;

		while (listening < 0)
			nanosleep(&pause, NULL);
		c = accept(listening, NULL, NULL);
		len = c < 0 ? -1 : read(c, request, sizeof(request));
		if (len > 0)
			answer(c, request, (size_t)len);
		if (c >= 0)
			close(c);
	}
}

static void start(serve *answer, void (*on_signal)(int), bool open_at_start)
{
	int ready[2];
	char byte;

	cr_assert(!pipe(ready));
	vm = fork();
	if (!vm) {
		close(ready[0]);
		alarm(30);
		if (on_signal)
			signal(SIGQUIT, on_signal);
		if (open_at_start)
			open_listener();
		if (chdir("/tmp") || write(ready[1], "x", 1) != 1)
			_exit(1);
		play(answer);
	}
	close(ready[1]);
	cr_assert_eq(read(ready[0], &byte, 1), 1);
	close(ready[0]);
	snprintf(socket_path, sizeof(socket_path), "/tmp/.java_pid%d", vm);
	snprintf(trigger_path, sizeof(trigger_path), "/tmp/.attach_pid%d", vm);
	files = live_tree(&live, "");
	attach_init(&session, &files, vm, vm);
}

static void stop(void)
{
	if (vm > 0) {
		kill(vm, SIGKILL);
		waitpid(vm, NULL, 0);
		unlink(socket_path);
		unlink(trigger_path);
	}
	arena_drop(&mem);
}

TestSuite(attach, .fini = stop, .timeout = 30);

static void say(int c, const char *text)
{
	if (write(c, text, strlen(text)) < 0)
		_exit(1);
}

static void serve_v1(int c, const char *request, size_t len)
{
	static const char HEAP[] = "1\0jcmd\0GC.heap_info\0\0";
	static const char VERSION[] = "1\0getversion\0options\0\0";

	if (len == sizeof(HEAP) && !memcmp(request, HEAP, len))
		say(c, "0\nthe heap\n");
	else if (len == sizeof(VERSION) && !memcmp(request, VERSION, len))
		say(c, "-1\nOperation getversion not recognized!\n");
	else
		say(c, "1\njava.lang.IllegalArgumentException: Unknown diagnostic command\n");
}

static void serve_v2(int c, const char *request, size_t len)
{
	static const char HEAP[] = "2\0"
				   "18\0jcmd\0GC.heap_info";

	if (len > 2 && !memcmp(request, "1\0getversion", 12))
		say(c, "0\n2 streaming");
	else if (len == sizeof(HEAP) && !memcmp(request, HEAP, len))
		say(c, "0\nthe heap by version 2\n");
	else
		say(c, "101\n");
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
	say(c, "HTTP/1.1 200 OK\n\n");
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

	start(serve_v1, on_quit, true);
	cr_assert(attach_run(&session, "GC.heap_info", &mem, &text, &why), "%s", why.text);
	cr_expect(span_is(text, "the heap\n"));
	cr_expect_eq(session.version, 1);
}

Test(attach, version_2_is_used_where_the_vm_knows_it)
{
	struct span text;

	start(serve_v2, on_quit, true);
	cr_assert(attach_run(&session, "GC.heap_info", &mem, &text, &why), "%s", why.text);
	cr_expect(span_is(text, "the heap by version 2\n"));
	cr_expect_eq(session.version, 2);
}

Test(attach, the_trigger_and_a_signal_make_the_socket_and_the_trigger_goes)
{
	struct span text;

	start(serve_v1, on_quit, false);
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

	start(serve_v1, on_quit, true);
	cr_expect_not(attach_run(&session, "No.such", &mem, &text, &why));
	cr_expect_eq(why.kind, FAIL_ABSENT);
	cr_expect(strstr(why.text, "Unknown diagnostic command"), "%s", why.text);
	cr_expect(attach_run(&session, "GC.heap_info", &mem, &text, &why), "%s", why.text);
}

Test(attach, a_silent_vm_costs_five_seconds_once)
{
	double before = now_s();
	struct span text;

	start(serve_nothing, on_quit, true);
	cr_expect_not(attach_run(&session, "GC.heap_info", &mem, &text, &why));
	cr_expect_eq(why.kind, FAIL_OS);
	cr_expect_not(attach_run(&session, "Thread.print", &mem, &text, &why));
	cr_expect_lt(now_s() - before, 5.5);
}

Test(attach, an_answer_without_an_end_is_cut_off)
{
	double before = now_s();
	struct span text;

	start(serve_without_end, on_quit, true);
	cr_expect_not(attach_run(&session, "GC.heap_info", &mem, &text, &why));
	cr_expect_lt(now_s() - before, 5.5);
}

Test(attach, an_answer_of_something_else_is_corrupt)
{
	struct span text;

	start(serve_garbage, on_quit, true);
	cr_expect_not(attach_run(&session, "GC.heap_info", &mem, &text, &why));
	cr_expect_eq(why.kind, FAIL_CORRUPT);
}

static void serve_reset(int c, const char *request, size_t len)
{
}

Test(attach, a_vm_that_hangs_up_is_not_gone)
{
	struct span text;

	start(serve_reset, on_quit, true);
	cr_expect_not(attach_run(&session, "GC.heap_info", &mem, &text, &why));
	cr_expect_eq(why.kind, FAIL_DENIED, "%s", why.text);
}

Test(attach, a_vm_that_makes_no_socket_leaves_no_trigger_behind)
{
	double before = now_s();
	struct span text;

	start(serve_v1, on_quit_in_vain, false);
	cr_expect_not(attach_run(&session, "GC.heap_info", &mem, &text, &why));
	cr_expect_eq(why.kind, FAIL_OS);
	cr_expect(access(trigger_path, F_OK), "the trigger file is gone");
	cr_expect_lt(now_s() - before, 5.5);
}

Test(attach, a_stopped_vm_gets_no_signal)
{
	struct span text;

	start(serve_v1, on_quit, false);
	kill(vm, SIGSTOP);
	waitpid(vm, NULL, WUNTRACED);
	cr_expect_not(attach_run(&session, "GC.heap_info", &mem, &text, &why));
	cr_expect(strstr(why.text, "stopped"), "%s", why.text);
	cr_expect(access(trigger_path, F_OK));
}

Test(attach, a_vm_that_ended_is_gone)
{
	struct span text;

	start(serve_v1, on_quit, false);
	kill(vm, SIGKILL);
	waitpid(vm, NULL, 0);
	vm = 0;
	cr_expect_not(attach_run(&session, "GC.heap_info", &mem, &text, &why));
	cr_expect_eq(why.kind, FAIL_GONE);
}

Test(attach, arguments_tell_whether_it_is_forbidden)
{
	cr_expect(attach_is_forbidden(SPAN("-Xmx1g -XX:+DisableAttachMechanism -cp x")));
	cr_expect(attach_is_forbidden(SPAN("java\0-XX:+DisableAttachMechanism\0Main\0")));
	cr_expect_not(attach_is_forbidden(SPAN("-XX:-DisableAttachMechanism")));
}
