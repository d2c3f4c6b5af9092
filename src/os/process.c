// SPDX-License-Identifier: Apache-2.0
#include "os/process.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/fail.h"
#include "os/inside.h"

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

// include/uapi/linux/pidfd.h: PIDFD_GET_INFO (6.13), PIDFD_INFO_EXIT (6.15).
struct exit_info {
	uint64_t mask, cgroup;
	uint32_t ids[11]; // pid, tgid, ppid, four pairs of user and group
	int32_t exit_code;
};
_Static_assert(sizeof(struct exit_info) == 64, "PIDFD_INFO_SIZE_VER0");

bool process_exit_status(const struct process *p, int *status, struct fail *why)
{
	enum { PIDFD_INFO_EXIT = 1 << 3 };
	struct exit_info info = { .mask = PIDFD_INFO_EXIT };

	if (p->fd < 0 || ioctl(p->fd, _IOWR(0xff, 11, struct exit_info), &info) ||
	    !(info.mask & PIDFD_INFO_EXIT))
		return fail(why, FAIL_ABSENT,
			    "the kernel does not tell how process %d ended (Linux 6.15 does)",
			    p->pid);
	*status = info.exit_code;
	return true;
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

// Whether a library that is put here can be loaded, and is sure to be ours then.
static bool may_hold_library(const struct process *p, int dir, struct fail *why)
{
	struct statvfs fs;
	struct stat st;

	if (fstat(dir, &st) || fstatvfs(dir, &fs))
		return fail_errno(why, errno, "/proc/%d/root/tmp", p->pid);
	if (fs.f_flag & ST_NOEXEC)
		return fail(why, FAIL_DENIED,
			    "/tmp of process %d is mounted noexec: nothing can be loaded from "
			    "there",
			    p->pid);
	if ((st.st_mode & (S_IWGRP | S_IWOTH)) && !(st.st_mode & S_ISVTX))
		return fail(why, FAIL_DENIED,
			    "others may replace files in /tmp of process %d (no sticky bit): no "
			    "library is put there",
			    p->pid);
	return true;
}

// One that an earlier run was killed over.
static bool remove_left_over(const struct process *p, int dir, const char *name)
{
	struct stat st;

	return !fstatat(dir, name, &st, AT_SYMLINK_NOFOLLOW) && S_ISREG(st.st_mode) &&
	       st.st_uid == p->uid && !unlinkat(dir, name, 0);
}

static bool write_all(int fd, struct span bytes)
{
	while (bytes.len) {
		ssize_t n = write(fd, bytes.at, bytes.len);

		if (n < 0 && errno != EINTR)
			return false;
		if (n > 0)
			bytes = (struct span){ bytes.at + n, bytes.len - (size_t)n };
	}
	return true;
}

bool process_put_library(const struct process *p, const char *name, struct span bytes,
			 struct process_mark *out, struct fail *why)
{
	const int flags = O_CREAT | O_EXCL | O_NOFOLLOW | O_WRONLY | O_CLOEXEC;
	int dir = inside_open("/proc", p->pid, "tmp", O_PATH | O_DIRECTORY | O_CLOEXEC), fd;
	struct process_mark mark = { .dir = dir };
	int error;

	*out = (struct process_mark){ .dir = -1 };
	if (dir < 0)
		return fail_errno(why, errno, "/proc/%d/root/tmp", p->pid);
	if (!may_hold_library(p, dir, why)) {
		close(dir);
		return false;
	}
	fd = openat(dir, name, flags, 0600);
	if (fd < 0 && errno == EEXIST && remove_left_over(p, dir, name))
		fd = openat(dir, name, flags, 0600);
	if (fd < 0) {
		error = errno;
		close(dir);
		return fail_errno(why, error, "making /proc/%d/root/tmp/%s", p->pid, name);
	}
	snprintf(mark.name, sizeof(mark.name), "%s", name);
	// The owner last: until then it is nobody's but ours.
	if (!write_all(fd, bytes) || (geteuid() == 0 && fchown(fd, p->uid, p->gid))) {
		error = errno;
		close(fd);
		process_unmark(&mark);
		return fail_errno(why, error, "writing /proc/%d/root/tmp/%s", p->pid, name);
	}
	close(fd);
	*out = mark;
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
