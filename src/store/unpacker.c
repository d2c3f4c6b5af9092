// SPDX-License-Identifier: Apache-2.0
#include "store/unpacker.h"

#include <errno.h>
#include <fcntl.h>
#include <minizip/unzip.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/fail.h"

struct piece {
	const char *name;
	uint64_t size; // unpacked
	unz64_file_pos pos;
};

struct stream { // the ZIP's bytes as minizip reads them
	struct span bytes;
	uint64_t at;
};

struct unpacker {
	int directory; // descriptor, or -1: a ZIP
	unzFile zip;
	struct stream stream;
	struct piece *pieces; // sorted by name
	size_t count, room;
};

bool unpacker_is_name(const char *name)
{
	size_t len = strlen(name);

	if (!len || len > UNPACKER_NAME_LIMIT)
		return false;
	for (size_t i = 0; i < len; i++)
		if ((unsigned char)name[i] < ' ' || name[i] == 0x7f)
			return false;
	for (const char *part = name;;) {
		size_t n = strcspn(part, "/");

		if (!n || (n == 1 && part[0] == '.') ||
		    (n == 2 && part[0] == '.' && part[1] == '.'))
			return false;
		if (!part[n])
			return true;
		part += n + 1;
	}
}

static voidpf stream_open(voidpf opaque, const void *name, int mode)
{
	return opaque;
}
static uLong stream_read(voidpf opaque, voidpf stream, void *to, uLong size)
{
	struct stream *s = stream;
	uint64_t left = s->at < s->bytes.len ? s->bytes.len - s->at : 0;

	if (size > left)
		size = (uLong)left;
	if (size)
		memcpy(to, s->bytes.at + s->at, size);
	s->at += size;
	return size;
}
static uLong stream_write(voidpf opaque, voidpf stream, const void *from, uLong size)
{
	return 0;
}
static ZPOS64_T stream_tell(voidpf opaque, voidpf stream)
{
	return ((struct stream *)stream)->at;
}
static long stream_seek(voidpf opaque, voidpf stream, ZPOS64_T offset, int origin)
{
	struct stream *s = stream;
	uint64_t base = origin == ZLIB_FILEFUNC_SEEK_SET   ? 0
			: origin == ZLIB_FILEFUNC_SEEK_CUR ? s->at
							   : s->bytes.len;

	if (base + offset < base || base + offset > s->bytes.len)
		return -1;
	s->at = base + offset;
	return 0;
}
static int stream_close(voidpf opaque, voidpf stream)
{
	return 0;
}

static int by_name(const void *left, const void *right)
{
	return strcmp(((const struct piece *)left)->name, ((const struct piece *)right)->name);
}

static const struct piece *find(const struct unpacker *u, const char *name)
{
	struct piece key = { .name = name };

	return u->count ? bsearch(&key, u->pieces, u->count, sizeof(key), by_name) : NULL;
}

static bool add_piece(struct unpacker *u, struct arena *mem, uint64_t *total, struct fail *why)
{
	char name[UNPACKER_NAME_LIMIT + 2] = "";
	unz_file_info64 info;
	struct piece piece;

	if (unzGetCurrentFileInfo64(u->zip, &info, name, sizeof(name) - 1, NULL, 0, NULL, 0))
		return fail(why, FAIL_CORRUPT, "entry %zu of the ZIP makes no sense", u->count + 1);
	if (strlen(name) != info.size_filename)
		return fail(why, FAIL_CORRUPT, "entry %zu of the ZIP has no usable name",
			    u->count + 1);
	if (info.size_filename && name[info.size_filename - 1] == '/' && !info.uncompressed_size)
		return true; // a folder, as zip -r adds them
	if (!unpacker_is_name(name))
		return fail(why, FAIL_CORRUPT,
			    "entry %zu of the ZIP has a name that leads out of it", u->count + 1);
	if (info.uncompressed_size > UNPACKER_PIECE_LIMIT)
		return fail(why, FAIL_CORRUPT, "%.80s would unpack to more than 256 MB", name);
	*total += info.uncompressed_size;
	if (*total > UNPACKER_TOTAL_LIMIT)
		return fail(why, FAIL_CORRUPT, "it would unpack to more than 1 GB");
	if (u->count == UNPACKER_COUNT_LIMIT)
		return fail(why, FAIL_CORRUPT, "it has more than a million entries");
	piece = (struct piece){ .name = arena_text(mem, name), .size = info.uncompressed_size };
	if (unzGetFilePos64(u->zip, &piece.pos))
		return fail(why, FAIL_CORRUPT, "%.80s can't be found again", name);
	if (u->count == u->room)
		u->pieces = arena_grow(mem, u->pieces, u->count, &u->room, sizeof(piece));
	u->pieces[u->count++] = piece;
	return true;
}

static bool read_table(struct unpacker *u, struct arena *mem, struct fail *why)
{
	uint64_t total = 0;
	int err = unzGoToFirstFile(u->zip);

	for (; err == UNZ_OK; err = unzGoToNextFile(u->zip))
		if (!add_piece(u, mem, &total, why))
			return false;
	if (err != UNZ_END_OF_LIST_OF_FILE)
		return fail(why, FAIL_CORRUPT, "the ZIP's table breaks off after entry %zu",
			    u->count);
	if (u->count)
		qsort(u->pieces, u->count, sizeof(*u->pieces), by_name);
	for (size_t i = 1; i < u->count; i++)
		if (!strcmp(u->pieces[i - 1].name, u->pieces[i].name))
			return fail(why, FAIL_CORRUPT, "%.80s is there twice", u->pieces[i].name);
	return true;
}

// minizip takes a file whose last bytes are missing, or that goes on behind the ZIP.
static bool ends_with_table(const struct unpacker *u)
{
	enum { END_RECORD = 22 };
	unz_global_info64 info;
	size_t len = u->stream.bytes.len;

	return !unzGetGlobalInfo64(u->zip, &info) && len >= END_RECORD &&
	       info.size_comment <= len - END_RECORD &&
	       !memcmp(u->stream.bytes.at + len - END_RECORD - info.size_comment, "PK\5\6", 4);
}

struct unpacker *unpacker_open_bytes(struct span zip, struct arena *mem, struct fail *why)
{
	struct unpacker *u = arena_new(mem, struct unpacker);
	zlib_filefunc64_def functions = {
		.zopen64_file = stream_open,
		.zread_file = stream_read,
		.zwrite_file = stream_write,
		.ztell64_file = stream_tell,
		.zseek64_file = stream_seek,
		.zclose_file = stream_close,
		.zerror_file = stream_close,
		.opaque = &u->stream,
	};

	u->directory = -1;
	u->stream.bytes = zip;
	u->zip = unzOpen2_64("", &functions);
	if (!u->zip) {
		fail(why, FAIL_CORRUPT,
		     zip.len < 4 || memcmp(zip.at, "PK", 2) != 0
			     ? "it is no ZIP file"
			     : "the ZIP's table at the end is missing or damaged");
		return NULL;
	}
	if (!ends_with_table(u)) {
		fail(why, FAIL_CORRUPT, "the ZIP's end is cut off or has something behind it");
		unpacker_close(u);
		return NULL;
	}
	if (!read_table(u, mem, why)) {
		unpacker_close(u);
		return NULL;
	}
	return u;
}

// All of an open regular file, which the caller closes.
static bool read_descriptor(int fd, const char *name, uint64_t limit, struct arena *mem,
			    struct span *out, struct fail *why)
{
	struct stat st;
	size_t len = 0;
	char *bytes;

	if (fstat(fd, &st))
		return fail_errno(why, errno, "%s", name);
	if (!S_ISREG(st.st_mode))
		return fail(why, FAIL_CORRUPT, "%s: no regular file", name);
	if ((uint64_t)st.st_size > limit)
		return fail(why, FAIL_CORRUPT, "%s has more than %u MB", name,
			    (unsigned)(limit >> 20));
	bytes = arena_get(mem, (size_t)st.st_size + 1);
	while (len < (size_t)st.st_size) {
		ssize_t n = read(fd, bytes + len, (size_t)st.st_size - len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return fail_errno(why, errno, "%s", name);
		if (!n)
			break;
		len += (size_t)n;
	}
	*out = (struct span){ bytes, len };
	return true;
}

struct unpacker *unpacker_open(const char *path, struct arena *mem, struct fail *why)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	struct unpacker *u;
	struct span zip;
	struct stat st;
	bool ok;

	if (fd < 0 || fstat(fd, &st)) {
		fail_errno(why, errno, "%s", path);
		if (fd >= 0)
			close(fd);
		return NULL;
	}
	if (S_ISDIR(st.st_mode)) {
		u = arena_new(mem, struct unpacker);
		u->directory = fd;
		return u;
	}
	ok = read_descriptor(fd, path, UNPACKER_FILE_LIMIT, mem, &zip, why);
	close(fd);
	return ok ? unpacker_open_bytes(zip, mem, why) : NULL;
}

void unpacker_close(struct unpacker *u)
{
	if (u->directory >= 0)
		close(u->directory);
	u->directory = -1;
	if (u->zip)
		unzClose(u->zip);
	u->zip = NULL;
}

// Walks down component by component, so that no link is followed anywhere.  -1 and errno.
static int open_below(int directory, const char *name)
{
	int at = dup(directory);

	while (at >= 0) {
		char part[256];
		size_t n = strcspn(name, "/");
		bool last = !name[n];
		int next;

		if (n >= sizeof(part)) {
			close(at);
			errno = ENAMETOOLONG;
			return -1;
		}
		memcpy(part, name, n);
		part[n] = '\0';
		next = openat(at, part,
			      O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK |
				      (last ? 0 : O_DIRECTORY));
		close(at);
		if (last || next < 0)
			return next;
		at = next;
		name += n + 1;
	}
	return -1;
}

bool unpacker_has(const struct unpacker *u, const char *name)
{
	int fd;

	if (!unpacker_is_name(name))
		return false;
	if (u->directory < 0)
		return find(u, name) != NULL;
	fd = open_below(u->directory, name);
	if (fd >= 0)
		close(fd);
	return fd >= 0;
}

static bool read_file(struct unpacker *u, const char *name, struct arena *mem, struct span *out,
		      struct fail *why)
{
	int fd = open_below(u->directory, name);
	bool ok;

	if (fd < 0 && errno == ELOOP)
		return fail(why, FAIL_CORRUPT, "%s is a link", name);
	if (fd < 0)
		return fail_errno(why, errno, "%s", name);
	ok = read_descriptor(fd, name, UNPACKER_PIECE_LIMIT, mem, out, why);
	close(fd);
	return ok;
}

// Unpacks a piece into `to`, or only checks it when `to` is NULL.
static bool unpack(struct unpacker *u, const struct piece *p, char *to, struct fail *why)
{
	char spare[64 * 1024];
	unz64_file_pos pos = p->pos;
	uint64_t done = 0;
	int n, err;

	if (unzGoToFilePos64(u->zip, &pos) || unzOpenCurrentFile(u->zip))
		return fail(why, FAIL_CORRUPT, "%s: its header makes no sense", p->name);
	for (;;) {
		uint64_t left = p->size - done;
		bool into = to && left;
		unsigned room = into && left < sizeof(spare) ? (unsigned)left : sizeof(spare);

		n = unzReadCurrentFile(u->zip, into ? to + done : spare, room);
		if (n <= 0)
			break;
		if ((uint64_t)n > left) {
			n = -1;
			break;
		}
		done += (unsigned)n;
	}
	err = unzCloseCurrentFile(u->zip);
	if (n < 0 || done != p->size)
		return fail(why, FAIL_CORRUPT, "%s: it breaks off after %llu of %llu bytes",
			    p->name, (unsigned long long)done, (unsigned long long)p->size);
	if (err)
		return fail(why, FAIL_CORRUPT, "%s: wrong checksum", p->name);
	return true;
}

bool unpacker_read(struct unpacker *u, const char *name, struct arena *mem, struct span *out,
		   struct fail *why)
{
	const struct piece *p;
	char *bytes;

	if (!unpacker_is_name(name))
		return fail(why, FAIL_CORRUPT, "a name leads out of the capture");
	if (u->directory >= 0)
		return read_file(u, name, mem, out, why);
	p = find(u, name);
	if (!p)
		return fail(why, FAIL_ABSENT, "%s is not in the file", name);
	bytes = arena_get(mem, (size_t)p->size + 1);
	if (!unpack(u, p, bytes, why))
		return false;
	*out = (struct span){ bytes, (size_t)p->size };
	return true;
}

bool unpacker_check(struct unpacker *u, struct fail *why)
{
	for (size_t i = 0; i < u->count; i++)
		if (!unpack(u, &u->pieces[i], NULL, why))
			return false;
	return true;
}
