// SPDX-License-Identifier: Apache-2.0
#include "os/logfile.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>

#include "base/fail.h"

enum { IN_ROOM = 128 << 10 };

static bool note_identity(struct logfile *f, struct fail *why)
{
	struct stat st;

	if (fstat(f->fd, &st))
		return fail_errno(why, errno, "%s: %s", f->path, strerror(errno));
	if (S_ISDIR(st.st_mode))
		return fail(why, FAIL_ABSENT, "%s is a directory: name its files", f->path);
	f->dev = st.st_dev;
	f->inode = st.st_ino;
	return true;
}

bool logfile_open(struct logfile *f, const char *path, struct fail *why)
{
	struct logfile got = { .fd = STDIN_FILENO };

	if (strlen(path) >= sizeof(got.path))
		return fail(why, FAIL_ABSENT, "the path is too long");
	strcpy(got.path, path);
	if (!strcmp(path, "-")) {
		got.borrowed = true;
	} else {
		got.fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
		if (got.fd < 0)
			return fail_errno(why, errno, "%s: %s", path, strerror(errno));
	}
	if (!note_identity(&got, why)) {
		if (!got.borrowed)
			close(got.fd);
		return false;
	}
	*f = got;
	return true;
}

static void drop_inflate(struct logfile *f)
{
	if (f->inflate) {
		inflateEnd(f->inflate);
		free(f->inflate);
	}
	free(f->in);
	f->inflate = NULL;
	f->in = NULL;
	f->in_at = f->in_len = 0;
}

void logfile_close(struct logfile *f)
{
	drop_inflate(f);
	if (!f->borrowed && f->fd >= 0)
		close(f->fd);
	f->fd = -1;
}

static bool read_some(struct logfile *f, void *to, size_t room, size_t *got, struct fail *why)
{
	ssize_t n;

	do
		n = read(f->fd, to, room);
	while (n < 0 && errno == EINTR);
	if (n < 0)
		return fail_errno(why, errno, "%s: %s", f->path, strerror(errno));
	f->offset += (uint64_t)n;
	*got = (size_t)n;
	return true;
}

static bool begin_inflate(struct logfile *f, const char *first, size_t len, struct fail *why)
{
	z_stream *z = calloc(1, sizeof(*z));

	f->in = malloc(IN_ROOM);
	if (!z || !f->in || inflateInit2(z, 16 + MAX_WBITS) != Z_OK) {
		free(z);
		return fail(why, FAIL_OS, "%s: no memory to decompress it", f->path);
	}
	f->inflate = z;
	memcpy(f->in, first, len);
	f->in_len = len;
	return true;
}

// Members may follow each other, as `cat a.gz b.gz` makes them.
static bool inflate_some(struct logfile *f, char *to, size_t room, size_t *got, struct fail *why)
{
	z_stream *z = f->inflate;
	int code;

	*got = 0;
	while (!*got) {
		if (f->in_at == f->in_len) {
			f->in_at = 0;
			if (!read_some(f, f->in, IN_ROOM, &f->in_len, why))
				return false;
			if (!f->in_len)
				return true;
		}
		z->next_in = f->in + f->in_at;
		z->avail_in = (uInt)(f->in_len - f->in_at);
		z->next_out = (unsigned char *)to;
		z->avail_out = (uInt)room;
		code = inflate(z, Z_NO_FLUSH);
		f->in_at = f->in_len - z->avail_in;
		*got = room - z->avail_out;
		if (code == Z_STREAM_END)
			inflateReset(z);
		else if (code != Z_OK && code != Z_BUF_ERROR)
			return fail(why, FAIL_CORRUPT, "%s: what is compressed is damaged",
				    f->path);
	}
	return true;
}

bool logfile_read(struct logfile *f, char *to, size_t room, size_t *got, struct fail *why)
{
	if (room > IN_ROOM)
		room = IN_ROOM;
	if (f->inflate)
		return inflate_some(f, to, room, got, why);
	if (!read_some(f, to, room, got, why))
		return false;
	if (f->begun || *got < 2)
		return true;
	f->begun = true;
	if ((unsigned char)to[0] != 0x1f || (unsigned char)to[1] != 0x8b)
		return true;
	return begin_inflate(f, to, *got, why) && inflate_some(f, to, room, got, why);
}

enum logfile_state logfile_state(struct logfile *f)
{
	struct stat st;

	if (f->borrowed)
		return LOGFILE_SAME;
	if (stat(f->path, &st))
		return LOGFILE_GONE;
	if (st.st_dev != f->dev || st.st_ino != f->inode)
		return LOGFILE_MOVED;
	if (st.st_size >= 0 && (uint64_t)st.st_size < f->offset) {
		lseek(f->fd, 0, SEEK_SET);
		f->offset = 0;
		f->begun = false;
		drop_inflate(f);
		return LOGFILE_CUT;
	}
	return LOGFILE_SAME;
}

// "gc.log.3.current" is renamed to "gc.log.3" and "gc.log.4.current", or ".0.current", begins.
static bool next_of_series(const char *path, unsigned step, char *to, size_t room)
{
	static const char TAIL[] = ".current";
	size_t len = strlen(path), base;
	unsigned number;

	if (len < sizeof(TAIL) + 1 || strcmp(path + len - (sizeof(TAIL) - 1), TAIL) != 0)
		return false;
	for (base = len - (sizeof(TAIL) - 1);
	     base && path[base - 1] >= '0' && path[base - 1] <= '9';)
		base--;
	if (!base || path[base - 1] != '.' || sscanf(path + base, "%u", &number) != 1)
		return false;
	return (size_t)snprintf(to, room, "%.*s%u%s", (int)base, path, step ? number + step : 0,
				TAIL) < room;
}

bool logfile_reopen(struct logfile *f)
{
	struct logfile next;
	char path[sizeof(f->path)];

	if (logfile_open(&next, f->path, NULL) ||
	    (next_of_series(f->path, 1, path, sizeof(path)) && logfile_open(&next, path, NULL)) ||
	    (next_of_series(f->path, 0, path, sizeof(path)) && logfile_open(&next, path, NULL))) {
		logfile_close(f);
		*f = next;
		return true;
	}
	return false;
}
