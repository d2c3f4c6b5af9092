// SPDX-License-Identifier: Apache-2.0
#include "os/localsocket.h"

#include <criterion/criterion.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/fail.h"
#include "os/clock.h"

static struct arena mem;
static struct fail why;
static char name[48], path[64];
static int listening = -1, fd = -1;

static void listen_here(void)
{
	struct sockaddr_un at = { .sun_family = AF_UNIX };

	snprintf(name, sizeof(name), "tmp/jledger-test-%d", getpid());
	snprintf(path, sizeof(path), "/%s", name);
	snprintf(at.sun_path, sizeof(at.sun_path), "%s", path);
	unlink(path);
	listening = socket(AF_UNIX, SOCK_STREAM, 0);
	cr_assert(!bind(listening, (struct sockaddr *)&at, sizeof(at)) && !listen(listening, 1));
}

static void clean(void)
{
	if (fd >= 0)
		localsocket_close(fd);
	unlink(path);
	arena_drop(&mem);
}

TestSuite(localsocket, .init = listen_here, .fini = clean, .timeout = 20);

static bool open_it(int pid)
{
	struct localsocket_peer peer = { pid, name, geteuid(), getegid() };

	return localsocket_open(&peer, clock_in(1), &fd, &why);
}

Test(localsocket, what_the_peer_writes_until_it_closes_is_the_answer)
{
	struct span got;
	char heard[8];
	int c;

	cr_assert(open_it(getpid()), "%s", why.text);
	cr_assert(localsocket_write(fd, SPAN("hello"), clock_in(1), &why));
	c = accept(listening, NULL, NULL);
	cr_assert_eq(read(c, heard, sizeof(heard)), 5);
	cr_assert_eq(write(c, "good day", 8), 8);
	close(c);
	cr_assert(localsocket_read(fd, 100, clock_in(1), &mem, &got, &why), "%s", why.text);
	cr_expect(span_is(got, "good day"));
}

Test(localsocket, a_peer_that_says_nothing_is_left_at_the_deadline)
{
	struct span got;

	cr_assert(open_it(getpid()));
	cr_expect_not(localsocket_read(fd, 100, clock_in(0.05), &mem, &got, &why));
	cr_expect_eq(why.kind, FAIL_OS);
}

Test(localsocket, more_than_the_limit_is_corrupt)
{
	struct span got;
	int c;

	cr_assert(open_it(getpid()));
	c = accept(listening, NULL, NULL);
	cr_assert_eq(write(c, "0123456789", 10), 10);
	cr_expect_not(localsocket_read(fd, 9, clock_in(1), &mem, &got, &why));
	cr_expect_eq(why.kind, FAIL_CORRUPT);
	close(c);
}

// The listener is this process, so that asking for another one's socket must be refused.
Test(localsocket, a_socket_of_another_process_is_refused)
{
	pid_t other = fork();

	if (!other) {
		alarm(20);
		pause();
		_exit(0);
	}
	cr_expect_not(open_it(other));
	cr_expect_eq(why.kind, FAIL_DENIED);
	cr_expect(strstr(why.text, "listens"), "%s", why.text);
	kill(other, SIGKILL);
	waitpid(other, NULL, 0);
}

Test(localsocket, a_file_of_another_user_is_refused)
{
	struct localsocket_peer peer = { getpid(), name, geteuid() + 1, 0 };

	cr_expect_not(localsocket_open(&peer, clock_in(1), &fd, &why));
	cr_expect_eq(why.kind, FAIL_DENIED);
}

Test(localsocket, a_plain_file_and_a_link_are_refused)
{
	char real[80];
	FILE *f;

	snprintf(real, sizeof(real), "%s.real", path);
	rename(path, real);
	cr_assert(!symlink(real, path));
	cr_expect_not(open_it(getpid()), "a link");
	cr_expect_eq(why.kind, FAIL_DENIED);
	unlink(path);
	unlink(real);
	f = fopen(path, "w");
	cr_assert(f);
	fclose(f);
	cr_expect_not(open_it(getpid()), "a file");
	cr_expect_eq(why.kind, FAIL_DENIED);
}

Test(localsocket, a_missing_file_is_absent)
{
	unlink(path);
	cr_expect_not(open_it(getpid()));
	cr_expect_eq(why.kind, FAIL_ABSENT);
}
