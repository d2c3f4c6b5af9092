// SPDX-License-Identifier: Apache-2.0
#include "os/inside.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/syscall.h>
#include <unistd.h>

// struct open_how of linux/openat2.h, which older headers lack (kernel 5.6).
struct how {
	uint64_t flags, mode, resolve;
};
enum { RESOLVE_INSIDE = 0x10 }; // RESOLVE_IN_ROOT
#ifndef SYS_openat2
#define SYS_openat2 437
#endif

int inside_open(const char *proc, int pid, const char *path, int flags)
{
	struct how how = { .flags = (uint64_t)flags, .resolve = RESOLVE_INSIDE };
	char root[PATH_MAX];
	int dir, fd, error;

	snprintf(root, sizeof(root), "%s/%d/root", proc, pid);
	dir = open(root, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (dir < 0)
		return -1;
	fd = (int)syscall(SYS_openat2, dir, *path ? path : ".", &how, sizeof(how));
	if (fd < 0 && errno == ENOSYS)
		fd = openat(dir, *path ? path : ".", flags | O_NOFOLLOW);
	error = errno;
	close(dir);
	errno = error;
	return fd;
}
