// SPDX-License-Identifier: Apache-2.0
#include "os/process.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/fail.h"

#ifndef SYS_pidfd_send_signal
#define SYS_pidfd_send_signal 424
#endif
#ifndef SYS_pidfd_open
#define SYS_pidfd_open 434
#endif

bool process_open(int pid, struct process *out, struct fail *why)
{
	int fd = (int)syscall(SYS_pidfd_open, pid, 0);

	if (fd < 0 && errno == ESRCH)
		return fail(why, FAIL_GONE, "there is no process %d", pid);
	*out = (struct process){ .pid = pid, .fd = fd }; // any other failure: do without
	return true;
}

void process_close(struct process *p)
{
	if (p->fd >= 0)
		close(p->fd);
	p->fd = -1;
}

bool process_is_gone(const struct process *p)
{
	struct pollfd poller = { .fd = p->fd, .events = POLLIN };

	if (p->fd < 0)
		return kill(p->pid, 0) && errno == ESRCH;
	return poll(&poller, 1, 0) > 0;
}

bool process_signal(const struct process *p, int signal, struct fail *why)
{
	int failed = p->fd < 0 ? kill(p->pid, signal)
			       : (int)syscall(SYS_pidfd_send_signal, p->fd, signal, NULL, 0);

	if (!failed)
		return true;
	if (errno == ESRCH)
		return fail(why, FAIL_GONE, "there is no process %d", p->pid);
	return fail_errno(why, errno, "sending signal %d to process %d", signal, p->pid);
}

bool process_mark(const struct process *p, const char *where, const char *name,
		  struct process_mark *out, struct fail *why)
{
	char path[64];
	int dir, fd, error;

	*out = (struct process_mark){ .dir = -1 };
	snprintf(path, sizeof(path), "/proc/%d/%s", p->pid, where);
	dir = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (dir < 0)
		return fail_errno(why, errno, "%s", path);
	fd = openat(dir, name, O_CREAT | O_EXCL | O_NOFOLLOW | O_WRONLY | O_CLOEXEC, 0600);
	if (fd < 0) {
		error = errno;
		close(dir);
		return error == EEXIST || fail_errno(why, error, "making %s/%s", path, name);
	}
	out->dir = dir;
	snprintf(out->name, sizeof(out->name), "%s", name);
	if (geteuid() == 0 && p->uid != 0 && fchown(fd, p->uid, p->gid)) {
		error = errno;
		close(fd);
		process_unmark(out);
		return fail_errno(why, error, "giving %s/%s to user %u", path, name, p->uid);
	}
	close(fd);
	return true;
}

void process_unmark(struct process_mark *m)
{
	if (m->dir < 0)
		return;
	unlinkat(m->dir, m->name, 0);
	close(m->dir);
	m->dir = -1;
}
