// SPDX-License-Identifier: Apache-2.0
#include "os/backing.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/fail.h"
#include "base/units.h"
#include "os/mapped.h"
#include "os/remote.h"

enum { FILES = 16 };

struct backing_file {
	uint64_t inode;
	uint32_t dev_major, dev_minor;
	int fd;      // -1: looked for, not to be had
	bool denied; // then: it is there, but only root may open it
};

struct backing {
	int pid;
	struct backing_file files[FILES];
	size_t count, next; // next: which one makes room
};

struct backing *backing_open(int pid, struct arena *mem)
{
	struct backing *b = arena_new(mem, struct backing);

	b->pid = pid;
	return b;
}

void backing_close(struct backing *b)
{
	for (size_t i = 0; i < b->count; i++)
		if (b->files[i].fd >= 0)
			close(b->files[i].fd);
	b->count = 0;
}

static void open_file(struct backing_file *f, int pid, const struct remote_mapping *m)
{
	struct mapped_file file = {
		.pid = pid,
		.path = m->path,
		.start = m->start,
		.end = m->end,
		.inode = m->inode,
		.dev_major = m->dev_major,
		.dev_minor = m->dev_minor,
	};
	struct fail why;

	*f = (struct backing_file){ m->inode, m->dev_major, m->dev_minor, -1, false };
	if (!mapped_open(&file, &f->fd, &why)) {
		f->fd = -1;
		f->denied = why.kind == FAIL_DENIED;
	}
}

static const struct backing_file *find_file(struct backing *b, const struct remote_mapping *m)
{
	struct backing_file *f;

	for (size_t i = 0; i < b->count; i++) {
		f = &b->files[i];
		if (f->inode == m->inode && f->dev_major == m->dev_major &&
		    f->dev_minor == m->dev_minor)
			return f;
	}
	if (b->count < FILES) {
		f = &b->files[b->count++];
	} else {
		f = &b->files[b->next++ % FILES];
		if (f->fd >= 0)
			close(f->fd);
	}
	open_file(f, b->pid, m);
	return f;
}

// Bringing the page into the target would read it as well, but not unnoticed.
static bool fail_without(const struct backing_file *f, const struct remote_mapping *m, uint64_t at,
			 struct fail *why)
{
	if (f && f->denied)
		return fail(why, FAIL_ABSENT,
			    "the page at 0x%" PRIx64
			    " is not in memory, and its file was replaced or deleted: root "
			    "(CAP_SYS_ADMIN) could still read it",
			    at);
	return fail(why, FAIL_ABSENT,
		    "the page at 0x%" PRIx64 " is not in memory, and its file %s can't be had", at,
		    m->path);
}

bool backing_read(struct backing *b, const struct remote_mapping *m, uint64_t at,
		  unsigned char to[4096], struct fail *why)
{
	const struct backing_file *f = m->path[0] == '/' ? find_file(b, m) : NULL;
	int fd = f ? f->fd : -1;
	uint64_t offset;
	size_t len = 0;

	if (fd < 0)
		return fail_without(f, m, at, why);
	if (__builtin_add_overflow(m->offset, at - m->start, &offset) || offset > INT64_MAX)
		return fail(why, FAIL_CORRUPT, "no such offset in %s", m->path);
	while (len < PAGE_SIZE_BYTES) {
		ssize_t n = pread(fd, to + len, PAGE_SIZE_BYTES - len, (off_t)(offset + len));

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return fail_errno(why, errno, "reading %s", m->path);
		if (n == 0)
			break;
		len += (size_t)n;
	}
	if (!len)
		return fail(why, FAIL_ABSENT, "%s ends before 0x%" PRIx64, m->path, offset);
	memset(to + len, 0, PAGE_SIZE_BYTES - len);
	return true;
}
