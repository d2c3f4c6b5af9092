// SPDX-License-Identifier: Apache-2.0
#include "listener.h"

#include <criterion/criterion.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

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
void listener_quit(int signal)
{
	char path[64];

	snprintf(path, sizeof(path), ".attach_pid%d", getpid());
	if (!access(path, F_OK))
		open_listener();
	else
		_exit(3); // it would have dumped its threads
}

// A VM whose listener can't start.
void listener_quit_in_vain(int signal)
{
}

static _Noreturn void play(listener_serve *answer)
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

pid_t listener_start(listener_serve *answer, void (*on_signal)(int), bool open_at_start)
{
	int ready[2];
	char byte;
	pid_t vm;

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
	return vm;
}

void listener_stop(pid_t vm)
{
	static const char *const FILES[] = { "/tmp/.java_pid%d", "/tmp/.attach_pid%d" };
	char path[64];

	if (vm <= 0)
		return;
	kill(vm, SIGKILL);
	waitpid(vm, NULL, 0);
	for (int i = 0; i < 2; i++) {
		snprintf(path, sizeof(path), FILES[i], vm);
		unlink(path);
	}
}

void listener_say(int c, const char *text)
{
	if (write(c, text, strlen(text)) < 0)
		_exit(1);
}
