// SPDX-License-Identifier: Apache-2.0
#include "os/logfile.h"

#include <dirent.h>
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

// What a VM calls the parts of a log that it rotates: unified logging renames the full "gc.log" to
// "gc.log.N", JDK 8 the full "gc.log.N.current" to "gc.log.N"; N begins anew after the last.
static const char TAIL[] = ".current";

static bool ends_in_tail(const char *text, size_t len)
{
	return len >= sizeof(TAIL) - 1 &&
	       !memcmp(text + len - (sizeof(TAIL) - 1), TAIL, sizeof(TAIL) - 1);
}

// The length of `path` without ".N.current"; all of it where it does not end so.
static size_t stem_length(const char *path, bool *is_series)
{
	size_t len = strlen(path), at = len - (sizeof(TAIL) - 1);

	*is_series = false;
	if (!ends_in_tail(path, len))
		return len;
	while (at && path[at - 1] >= '0' && path[at - 1] <= '9')
		at--;
	if (!at || path[at - 1] != '.' || ends_in_tail(path + at - 1, sizeof(TAIL) - 1))
		return len;
	*is_series = true;
	return at - 1;
}

// Whether `name` is `stem`, "STEM.N" or "STEM.N.current".
static bool is_part(const char *name, const char *stem, size_t stem_len)
{
	size_t digits;

	if (strncmp(name, stem, stem_len) != 0)
		return false;
	name += stem_len;
	if (!*name)
		return true;
	if (*name++ != '.')
		return false;
	digits = strspn(name, "0123456789");
	return digits && (!name[digits] || !strcmp(name + digits, TAIL));
}

static bool is_later(const struct timespec *a, const struct timespec *b)
{
	return a->tv_sec > b->tv_sec || (a->tv_sec == b->tv_sec && a->tv_nsec > b->tv_nsec);
}

// The part that was written next after the one that is open: of those written later the first. More
// than one may have been filled since.
static bool find_next(const struct logfile *f, char *path, size_t room, ino_t *inode)
{
	const char *slash = strrchr(f->path, '/');
	size_t dir_len = slash ? (size_t)(slash + 1 - f->path) : 0, stem_len;
	const char *stem = f->path + dir_len;
	struct timespec earliest = { 0 };
	struct stat mine, st;
	char at[sizeof(f->path)];
	bool found = false, is_series;
	DIR *dir;

	if (fstat(f->fd, &mine) ||
	    snprintf(at, sizeof(at), "%.*s", (int)dir_len, f->path) >= (int)sizeof(at) ||
	    !(dir = opendir(dir_len ? at : ".")))
		return false;
	stem_len = stem_length(stem, &is_series);
	for (struct dirent *e; (e = readdir(dir));) {
		if (!is_part(e->d_name, stem, stem_len) ||
		    (size_t)snprintf(at, sizeof(at), "%.*s%s", (int)dir_len, f->path, e->d_name) >=
			    sizeof(at) ||
		    stat(at, &st) || !S_ISREG(st.st_mode) || st.st_ino == f->inode ||
		    !is_later(&st.st_mtim, &mine.st_mtim) ||
		    (found && !is_later(&earliest, &st.st_mtim)))
			continue;
		earliest = st.st_mtim;
		*inode = st.st_ino;
		found = (size_t)snprintf(path, room, "%s", at) < room;
	}
	closedir(dir);
	return found;
}

// Where the VM writes while it fills the part at `path`.
static bool note_written_at(struct logfile *next, const char *before)
{
	size_t len = strlen(next->path);
	bool is_series;

	stem_length(before, &is_series);
	if (!is_series)
		strcpy(next->path, before);
	else if (len + sizeof(TAIL) > sizeof(next->path))
		return false;
	else if (!ends_in_tail(next->path, len))
		strcpy(next->path + len, TAIL);
	return true;
}

bool logfile_reopen(struct logfile *f)
{
	struct logfile next;
	char path[sizeof(f->path)];
	ino_t inode = 0;

	if (find_next(f, path, sizeof(path), &inode)) {
		if (!logfile_open(&next, path, NULL))
			return false;
		// Renamed between the two calls: the next time.
		if (next.inode != inode || !note_written_at(&next, f->path)) {
			logfile_close(&next);
			return false;
		}
	} else if (!logfile_open(&next, f->path, NULL)) { // where the clock tells nothing
		return false;
	}
	logfile_close(f);
	*f = next;
	return true;
}
