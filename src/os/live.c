// SPDX-License-Identifier: Apache-2.0
#include "os/live.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/fail.h"
#include "base/units.h"
#include "os/inside.h"

enum { READ_LIMIT = 256 << 20, FIRST_ROOM = 16 << 10, LIST_PASSES = 8 };

struct names {
	const char **at;
	size_t count, room;
};

// "/proc/4711/root/tmp/x": 4711 and what follows the process's directory ("root/tmp/x").
static bool split_process_path(const char *path, int *pid, const char **rest)
{
	struct span s = span_of(path);
	uint64_t n;

	if (!span_take_text(&s, "/proc/") || !s.len || *s.at == ' ' || !span_take_dec(&s, &n) ||
	    n == 0 || n > INT_MAX || (s.len && *s.at != '/'))
		return false;
	*pid = (int)n;
	*rest = s.len ? s.at + 1 : s.at;
	return true;
}

// Why a path could not be had, told apart where the kernel says the same for different things.
static bool fail_at(const struct live *l, const char *path, int os_errno, struct fail *why)
{
	char process[PATH_MAX];
	const char *rest;
	struct stat st;
	int pid;

	if ((os_errno != ENOENT && os_errno != ESRCH) || !split_process_path(path, &pid, &rest))
		return fail_errno(why, os_errno, "%s", path);
	snprintf(process, sizeof(process), "%s/proc/%d", l->root, pid);
	if (!stat(process, &st)) {
		if (os_errno == ESRCH && strncmp(rest, "task/", 5) != 0)
			return fail(why, FAIL_GONE, "process %d has ended", pid);
		return fail(why, FAIL_ABSENT, "%s: there is none", path);
	}
	// hidepid makes /proc/PID vanish for other users; signal 0 only asks whether it exists.
	if (os_errno == ENOENT && !*l->root && kill(pid, 0) && errno == EPERM)
		return fail(why, FAIL_DENIED,
			    "process %d exists, but /proc hides it from this user (hidepid): "
			    "run as its user, as root or with CAP_SYS_PTRACE",
			    pid);
	return fail(why, FAIL_GONE, "there is no process %d", pid);
}

static bool place(const struct live *l, const char *path, char to[PATH_MAX], struct fail *why)
{
	int n = snprintf(to, PATH_MAX, "%s%s", l->root, path);

	if (path[0] != '/' || n < 0 || n >= PATH_MAX)
		return fail(why, FAIL_ABSENT, "no usable path: %.80s", path);
	return true;
}

// An O_PATH descriptor first: opening a device or a pipe can have effects, looking can't.
static int open_path(const struct live *l, const char *path, int flags, struct fail *why)
{
	char full[PATH_MAX], proc[PATH_MAX];
	const char *rest;
	int pid, fd;

	if (!place(l, path, full, why) || !place(l, "/proc", proc, why))
		return -1;
	if (split_process_path(path, &pid, &rest) && !strncmp(rest, "root/", 5))
		fd = inside_open(proc, pid, rest + 5, flags);
	else
		fd = open(full, flags);
	if (fd < 0)
		fail_at(l, path, errno, why);
	return fd;
}

static int open_regular(const struct live *l, const char *path, uint64_t *size, struct fail *why)
{
	struct stat st;
	int fd = open_path(l, path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY, why);

	if (fd < 0)
		return -1;
	if (fstat(fd, &st) || !S_ISREG(st.st_mode)) {
		close(fd);
		fail(why, FAIL_ABSENT, "%s is no regular file", path);
		return -1;
	}
	*size = (uint64_t)st.st_size;
	return fd;
}

static bool live_stat(void *self, const char *path, struct tree_stat *out, struct fail *why)
{
	const struct live *l = self;
	struct stat st;
	int fd = open_path(l, path, O_PATH | O_CLOEXEC, why);

	if (fd < 0)
		return false;
	if (fstat(fd, &st)) {
		int error = errno;

		close(fd);
		return fail_at(l, path, error, why);
	}
	close(fd);
	*out = (struct tree_stat){
		.inode = st.st_ino,
		.size = (uint64_t)st.st_size,
		.mode = st.st_mode,
		.uid = st.st_uid,
		.gid = st.st_gid,
		.dev_major = major(st.st_dev),
		.dev_minor = minor(st.st_dev),
	};
	return true;
}

// One read() that an interrupted call does not end.
static ssize_t read_some(int fd, char *to, size_t room)
{
	ssize_t n;

	do
		n = read(fd, to, room);
	while (n < 0 && errno == EINTR);
	return n;
}

struct open_file {
	const struct live *l;
	const char *path;
	int fd;
};

// A file that says its size goes straight into the arena; one more byte shows that it grew.
static bool read_sized(const struct open_file *f, size_t size, struct arena *mem, struct span *out,
		       struct fail *why)
{
	char *bytes = arena_get(mem, size + 1);
	size_t len = 0;

	while (len <= size) {
		ssize_t n = read_some(f->fd, bytes + len, size + 1 - len);

		if (n < 0)
			return fail_at(f->l, f->path, errno, why);
		if (n == 0)
			break;
		len += (size_t)n;
	}
	if (len > size)
		return fail(why, FAIL_CORRUPT, "%s grew while it was read", f->path);
	*out = (struct span){ bytes, len };
	return true;
}

// Reads to the end: files of /proc claim a size of 0.
static bool read_unsized(const struct open_file *f, struct arena *mem, struct span *out,
			 struct fail *why)
{
	size_t room = FIRST_ROOM, len = 0;
	char *bytes = malloc(room);

	while (bytes) {
		ssize_t n = read_some(f->fd, bytes + len, room - len);

		if (n < 0) {
			int error = errno;

			free(bytes);
			return fail_at(f->l, f->path, error, why);
		}
		if (n == 0) {
			*out = (struct span){ arena_copy(mem, bytes, len), len };
			free(bytes);
			return true;
		}
		len += (size_t)n;
		if (len == room) {
			char *more = room < READ_LIMIT ? realloc(bytes, room * 2) : NULL;

			if (!more) {
				free(bytes);
				return fail(why, FAIL_OS, "%s is too large to read", f->path);
			}
			bytes = more;
			room *= 2;
		}
	}
	return fail(why, FAIL_OS, "%s: out of memory", f->path);
}

static bool live_read(void *self, const char *path, struct arena *mem, struct span *out,
		      struct fail *why)
{
	const struct live *l = self;
	struct tree_stat st = { 0 };
	struct open_file file;
	uint64_t size;
	bool done;
	int fd;

	// What lies in a process's root or on a disk may be a pipe or a device: look before
	// opening.
	if (strncmp(path, "/proc/", 6) != 0 || strstr(path, "/root/")) {
		if (!live_stat(self, path, &st, why))
			return false;
		if (!S_ISREG(st.mode))
			return fail(why, FAIL_ABSENT, "%s is no regular file", path);
	}
	fd = open_regular(l, path, &size, why);
	if (fd < 0)
		return false;
	file = (struct open_file){ l, path, fd };
	if (size > READ_LIMIT)
		done = fail(why, FAIL_OS, "%s is larger than 256 MB", path);
	else if (size)
		done = read_sized(&file, (size_t)size, mem, out, why);
	else
		done = read_unsized(&file, mem, out, why);
	close(fd);
	return done;
}

static int compare_names(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

// Once through the directory.  errno where it fails.
static bool list_once(DIR *dir, struct arena *mem, struct names *names)
{
	rewinddir(dir);
	errno = 0;
	for (struct dirent *e; (e = readdir(dir));)
		if (strcmp(e->d_name, ".") != 0 && strcmp(e->d_name, "..") != 0)
			vec_push(mem, names, arena_text(mem, e->d_name));
	return !errno;
}

static void sort_and_fold(struct names *names)
{
	size_t kept = 0;

	if (!names->count)
		return;
	qsort(names->at, names->count, sizeof(*names->at), compare_names);
	for (size_t i = 1; i < names->count; i++)
		if (strcmp(names->at[kept], names->at[i]) != 0)
			names->at[++kept] = names->at[i];
	names->count = kept + 1;
}

// The kernel goes on by number where a thread ends under its cursor (fs/proc/base.c, first_tid()):
// those that moved up by then are left out.
static bool may_leave_out(const char *path)
{
	size_t len = strlen(path);

	return !strncmp(path, "/proc/", 6) && len > 5 && !strcmp(path + len - 5, "/task");
}

static bool live_list(void *self, const char *path, struct arena *mem, struct tree_names *out,
		      struct fail *why)
{
	const struct live *l = self;
	struct names names = { 0 };
	int fd = open_path(l, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC, why);
	int left = may_leave_out(path) ? LIST_PASSES : 1, error = 0;
	size_t before;
	DIR *dir;

	if (fd < 0)
		return false;
	dir = fdopendir(fd);
	if (!dir) {
		error = errno;
		close(fd);
		return fail_at(l, path, error, why);
	}
	do { // until nothing is new
		before = names.count;
		if (!list_once(dir, mem, &names))
			error = errno;
		sort_and_fold(&names);
	} while (!error && --left && names.count != before);
	closedir(dir);
	if (error)
		return fail_at(l, path, error, why);
	*out = (struct tree_names){ names.at, names.count };
	return true;
}

static bool live_link(void *self, const char *path, struct arena *mem, const char **out,
		      struct fail *why)
{
	const struct live *l = self;
	char full[PATH_MAX], target[PATH_MAX];
	ssize_t n;

	if (!place(l, path, full, why))
		return false;
	n = readlink(full, target, sizeof(target));
	if (n < 0)
		return fail_at(l, path, errno, why);
	*out = arena_copy(mem, target, (size_t)n);
	return true;
}

static bool live_made(void *self, const char *name, tree_maker *make, void *arg, struct arena *mem,
		      struct span *out, struct fail *why)
{
	return make(arg, mem, out, why);
}

struct tree live_tree(struct live *l, const char *root)
{
	static const struct tree_ops OPS = {
		.read = live_read,
		.list = live_list,
		.link = live_link,
		.stat = live_stat,
		.made = live_made,
	};

	l->root = root;
	return (struct tree){ &OPS, l };
}
