// SPDX-License-Identifier: Apache-2.0
#include "heap/big.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/fail.h"
#include "base/units.h"

// Beneath this much nothing is gained by a file.
static const uint64_t WORTH_A_FILE = MIB(16);

bool bigs_note(struct bigs *b, uint64_t bytes)
{
	b->used += bytes;
	if (b->used > b->peak)
		b->peak = b->used;
	return b->used <= b->limit;
}

int bigs_file(const struct bigs *b)
{
	char path[4096];
	int fd;

	if (!b->directory) {
		errno = ENOENT;
		return -1;
	}
	fd = open(b->directory, O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
	if (fd >= 0 || (errno != EOPNOTSUPP && errno != EISDIR && errno != ENOENT))
		return fd;
	if (snprintf(path, sizeof(path), "%s/jledger-XXXXXX", b->directory) >= (int)sizeof(path)) {
		errno = ENAMETOOLONG;
		return -1;
	}
	fd = mkostemp(path, O_CLOEXEC);
	if (fd >= 0)
		unlink(path);
	return fd;
}

// The room is claimed at once: a full disk is an error here and no SIGBUS later.
static void *map_file(const struct bigs *from, uint64_t len, int *os_errno)
{
	int fd = bigs_file(from);
	void *at = MAP_FAILED;

	*os_errno = errno;
	if (fd < 0)
		return MAP_FAILED;
	*os_errno = posix_fallocate(fd, 0, (off_t)len);
	if (!*os_errno) {
		at = mmap(NULL, len, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
		*os_errno = errno;
	}
	close(fd);
	return at;
}

bool big_get(struct bigs *from, uint64_t len, struct big *out, struct fail *why)
{
	struct big b = { .from = from, .len = (len | 63) + 65 };
	int os_errno = 0;

	b.at = MAP_FAILED;
	if (from->used + b.len <= from->limit || b.len < WORTH_A_FILE / 16)
		b.at = mmap(NULL, b.len, PROT_READ | PROT_WRITE,
			    MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (b.at == MAP_FAILED) {
		b.at = map_file(from, b.len, &os_errno);
		b.in_file = true;
	}
	if (b.at == MAP_FAILED)
		return fail_errno(why, os_errno,
				  "%.1f MB are needed beyond --max-memory, but no file of that "
				  "size can be made in %s (TMPDIR names another directory)",
				  units_in_mb(b.len), from->directory ? from->directory : "?");
	if (!b.in_file)
		bigs_note(from, b.len);
	*out = b;
	return true;
}

void big_drop(struct big *b)
{
	if (!b->at)
		return;
	munmap(b->at, b->len);
	if (!b->in_file)
		b->from->used -= b->len;
	*b = (struct big){ 0 };
}

void big_park(struct big *b)
{
	int os_errno;
	void *at;

	if (b->in_file || b->len < WORTH_A_FILE)
		return;
	at = map_file(b->from, b->len, &os_errno);
	if (at == MAP_FAILED)
		return;
	memcpy(at, b->at, b->len);
	munmap(b->at, b->len);
	b->from->used -= b->len;
	b->at = at;
	b->in_file = true;
}
