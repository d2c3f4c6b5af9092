// SPDX-License-Identifier: Apache-2.0
#include "os/mapped.h"

#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/fail.h"
#include "base/tree.h"

enum { PATH_LIMIT = 4096 + 64 };

// O_PATH first: whatever now has that name is not touched (a FIFO would block, a device may act)
// until it has proved to be the mapped file.
static bool try_path(const struct mapped_file *file, const char *path, int *fd, int *error)
{
	int name = open(path, O_PATH | O_CLOEXEC);
	char again[64];
	struct stat st;

	if (name < 0) {
		*error = errno;
		return false;
	}
	*error = ENOENT;
	if (!fstat(name, &st) && S_ISREG(st.st_mode) && st.st_ino == file->inode &&
	    major(st.st_dev) == file->dev_major && minor(st.st_dev) == file->dev_minor) {
		snprintf(again, sizeof(again), "/proc/self/fd/%d", name);
		*fd = open(again, O_RDONLY | O_CLOEXEC);
		*error = *fd < 0 ? errno : 0;
	}
	close(name);
	return !*error;
}

bool mapped_open(const struct mapped_file *file, int *fd, struct fail *why)
{
	char path[PATH_LIMIT];
	int error;

	if (file->path[0] != '/' || !file->inode)
		return fail(why, FAIL_ABSENT, "no file is behind the mapping");
	snprintf(path, sizeof(path), "/proc/%d/root%s", file->pid, file->path);
	if (try_path(file, path, fd, &error) || try_path(file, file->path, fd, &error))
		return true;
	snprintf(path, sizeof(path), "/proc/%d/map_files/%" PRIx64 "-%" PRIx64, file->pid,
		 file->start, file->end);
	if (try_path(file, path, fd, &error))
		return true;
	if (error == EPERM || error == EACCES)
		return fail_errno(why, error,
				  "%s was replaced or deleted; map_files needs CAP_SYS_ADMIN",
				  file->path);
	return fail(why, FAIL_ABSENT, "the file mapped as %s is not to be found", file->path);
}

struct head_question {
	const struct mapped_file *file;
	size_t len;
};

static bool make_head(void *arg, struct arena *mem, struct span *out, struct fail *why)
{
	const struct head_question *q = arg;
	char *bytes = arena_get(mem, q->len);
	ssize_t got;
	int fd = -1;

	if (!mapped_open(q->file, &fd, why))
		return false;
	got = pread(fd, bytes, q->len, 0);
	close(fd);
	if (got < 0)
		return fail_errno(why, errno, "reading %s", q->file->path);
	if (got < SELFMAG || memcmp(bytes, ELFMAG, SELFMAG) != 0)
		got = 0;
	*out = (struct span){ bytes, (size_t)got };
	return true;
}

bool mapped_read_head(const struct tree *files, const struct mapped_file *file, size_t len,
		      struct arena *mem, struct span *out, struct fail *why)
{
	struct head_question q = { file, len };
	char name[96];

	snprintf(name, sizeof(name), "elf/%" PRIu32 "-%" PRIu32 "-%" PRIu64, file->dev_major,
		 file->dev_minor, file->inode);
	return tree_made(files, name, make_head, &q, mem, out, why);
}
