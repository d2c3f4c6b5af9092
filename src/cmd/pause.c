// SPDX-License-Identifier: Apache-2.0
#include "cmd/pause.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stddef.h>
#include <time.h>

static const int ENDING[] = { SIGINT, SIGTERM, SIGHUP };
enum { ENDING_COUNT = sizeof(ENDING) / sizeof(ENDING[0]) };

static volatile sig_atomic_t noted;

static void note(int signal_number)
{
	noted = signal_number;
}

void pause_note_signals(void)
{
	// A call that the signal interrupts goes on: the look that runs is not to fail by it.
	struct sigaction now = { .sa_handler = note, .sa_flags = SA_RESTART | (int)SA_RESETHAND };
	struct sigaction before;

	for (size_t i = 0; i < ENDING_COUNT; i++)
		if (!sigaction(ENDING[i], NULL, &before) && before.sa_handler != SIG_IGN)
			sigaction(ENDING[i], &now, NULL);
}

bool pause_is_over(void)
{
	return noted != 0;
}

void pause_obey(void)
{
	signal(noted, SIG_DFL);
	raise(noted);
}

double pause_clock(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

void pause_for(double seconds)
{
	double end = pause_clock() + seconds, left = seconds;
	sigset_t held, before;

	// Held back but while waiting: one that came just before would else be slept through.
	sigemptyset(&held);
	for (size_t i = 0; i < ENDING_COUNT; i++)
		sigaddset(&held, ENDING[i]);
	sigprocmask(SIG_BLOCK, &held, &before);
	while (!noted && left > 0) {
		struct timespec t = { .tv_sec = (time_t)left };

		t.tv_nsec = (long)((left - (double)t.tv_sec) * 1e9);
		if (!ppoll(NULL, 0, &t, &before) || errno != EINTR)
			break;
		left = end - pause_clock();
	}
	sigprocmask(SIG_SETMASK, &before, NULL);
}
