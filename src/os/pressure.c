// SPDX-License-Identifier: Apache-2.0
#include "os/pressure.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "base/fail.h"

static const char TRIGGER[] = "some 100000 2000000"; // microseconds: stall, window

static int open_in(const char *dir, const char *name, int flags)
{
	char path[PATH_MAX];

	if (snprintf(path, sizeof(path), "%s/%s", dir, name) >= (int)sizeof(path))
		return -1;
	return open(path, flags | O_CLOEXEC);
}

static bool watch_v1(const char *dir, const uint64_t *thresholds, size_t count, struct pressure *p,
		     struct fail *why)
{
	int control = open_in(dir, "cgroup.event_control", O_WRONLY);
	size_t done = 0;

	if (control < 0)
		return fail_errno(why, errno, "%.150s/cgroup.event_control", dir);
	p->usage = open_in(dir, "memory.usage_in_bytes", O_RDONLY);
	p->event = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
	for (size_t i = 0; p->usage >= 0 && p->event >= 0 && i < count; i++) {
		char line[64];
		int len = snprintf(line, sizeof(line), "%d %d %" PRIu64, p->event, p->usage,
				   thresholds[i]);

		done += write(control, line, (size_t)len) == len;
	}
	if (!done)
		fail_errno(why, errno, "a threshold on %.150s/memory.usage_in_bytes", dir);
	close(control);
	return done > 0;
}

static bool watch_v2(const char *dir, struct pressure *p, struct fail *why)
{
	p->events = open_in(dir, "memory.events", O_RDONLY | O_NONBLOCK);
	p->psi = open_in(dir, "memory.pressure", O_RDWR | O_NONBLOCK);
	if (p->psi >= 0 && write(p->psi, TRIGGER, sizeof(TRIGGER)) < 0) {
		close(p->psi);
		p->psi = -1;
	}
	if (p->events < 0 && p->psi < 0)
		return fail_errno(why, errno, "%.150s/memory.events", dir);
	pressure_clear(p); // an event counts from the last read on
	return true;
}

bool pressure_open(const char *dir, bool v2, const uint64_t *thresholds, size_t count,
		   struct pressure *out, struct fail *why)
{
	struct pressure p = { -1, -1, -1, -1 };

	if (v2 ? watch_v2(dir, &p, why) : watch_v1(dir, thresholds, count, &p, why)) {
		*out = p;
		return true;
	}
	pressure_close(&p);
	return false;
}

size_t pressure_poll(const struct pressure *p, struct pollfd fds[PRESSURE_FDS])
{
	size_t count = 0;

	if (p->event >= 0)
		fds[count++] = (struct pollfd){ .fd = p->event, .events = POLLIN };
	if (p->events >= 0)
		fds[count++] = (struct pollfd){ .fd = p->events, .events = POLLPRI };
	if (p->psi >= 0)
		fds[count++] = (struct pollfd){ .fd = p->psi, .events = POLLPRI };
	return count;
}

void pressure_clear(const struct pressure *p)
{
	char text[512];

	// Only that something came counts; what came is read from the group's own files.
	if (p->event >= 0 && read(p->event, text, sizeof(uint64_t)) < 0)
		errno = 0;
	if (p->events >= 0 && pread(p->events, text, sizeof(text), 0) < 0)
		errno = 0;
}

void pressure_close(struct pressure *p)
{
	int *fds[] = { &p->event, &p->usage, &p->events, &p->psi };

	for (size_t i = 0; i < sizeof(fds) / sizeof(fds[0]); i++) {
		if (*fds[i] >= 0)
			close(*fds[i]);
		*fds[i] = -1;
	}
}
