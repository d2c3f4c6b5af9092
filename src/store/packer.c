// SPDX-License-Identifier: Apache-2.0
#include "store/packer.h"

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <minizip/zip.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/fail.h"

struct packer {
	struct arena *mem;
	const char *path; // the final name, without '/' at its end
	char *temporary;  // NULL where the ZIP is copied
	bool is_directory;
	bool copied; // onto stdout, a pipe or a device: nothing that a file may replace
	FILE *file;  // of the ZIP; minizip writes through it
	zipFile zip;
	zip_fileinfo info; // time and mode of each entry
	uint64_t size;     // of a directory's files
	struct fail why;   // the first failure
	bool failed;
};

static bool keep_failure(struct packer *p, int os_errno, const char *what)
{
	if (!p->failed)
		fail_errno(&p->why, os_errno, "%s", what);
	p->failed = true;
	return false;
}

// minizip's file functions over the FILE that `opaque` is.
static voidpf zip_open(voidpf opaque, const void *name, int mode)
{
	return opaque;
}
static uLong zip_read(voidpf opaque, voidpf stream, void *to, uLong size)
{
	return fread(to, 1, size, stream);
}
static uLong zip_write(voidpf opaque, voidpf stream, const void *from, uLong size)
{
	return fwrite(from, 1, size, stream);
}
static ZPOS64_T zip_tell(voidpf opaque, voidpf stream)
{
	return (ZPOS64_T)ftello(stream);
}
static long zip_seek(voidpf opaque, voidpf stream, ZPOS64_T offset, int origin)
{
	static const int ORIGINS[] = { [ZLIB_FILEFUNC_SEEK_SET] = SEEK_SET,
				       [ZLIB_FILEFUNC_SEEK_CUR] = SEEK_CUR,
				       [ZLIB_FILEFUNC_SEEK_END] = SEEK_END };

	return fseeko(stream, (off_t)offset, ORIGINS[origin]);
}
static int zip_close(voidpf opaque, voidpf stream) // packer_finish() closes it
{
	return fflush(stream);
}
static int zip_error(voidpf opaque, voidpf stream)
{
	return ferror(stream);
}

static void open_zip(struct packer *p)
{
	zlib_filefunc64_def functions = {
		.zopen64_file = zip_open,
		.zread_file = zip_read,
		.zwrite_file = zip_write,
		.ztell64_file = zip_tell,
		.zseek64_file = zip_seek,
		.zclose_file = zip_close,
		.zerror_file = zip_error,
	};

	if (p->copied) {
		p->file = tmpfile(); // without a name: gone when closed
	} else {
		int fd = mkstemp(p->temporary); // mode 0600

		p->file = fd < 0 ? NULL : fdopen(fd, "w+");
	}
	if (!p->file) {
		keep_failure(p, errno, p->copied ? "a temporary file" : p->path);
		p->temporary = NULL;
		return;
	}
	functions.opaque = p->file;
	p->zip = zipOpen2_64(p->path, APPEND_STATUS_CREATE, NULL, &functions);
	if (!p->zip)
		keep_failure(p, ENOMEM, p->path);
}

static void open_directory(struct packer *p)
{
	if (mkdtemp(p->temporary)) // mode 0700
		return;
	keep_failure(p, errno, p->path);
	p->temporary = NULL;
}

static bool is_directory(const char *path)
{
	struct stat st;

	return path[strlen(path) - 1] == '/' || (!stat(path, &st) && S_ISDIR(st.st_mode));
}

static bool is_stream(const char *path)
{
	struct stat st;

	return !strcmp(path, "-") ||
	       (!stat(path, &st) && !S_ISREG(st.st_mode) && !S_ISDIR(st.st_mode));
}

struct packer *packer_create(const char *path, time_t when, struct arena *mem)
{
	struct packer *p = arena_new(mem, struct packer);
	size_t len = strlen(path);
	struct tm tm = { .tm_year = 80, .tm_mday = 1 };

	p->mem = mem;
	while (len > 1 && path[len - 1] == '/')
		len--;
	p->path = arena_copy(mem, path, len);
	if (!len) {
		keep_failure(p, ENOENT, "a capture needs a file name");
		return p;
	}
	gmtime_r(&when, &tm);
	p->info.tmz_date = (tm_zip){ .tm_sec = (uInt)tm.tm_sec,
				     .tm_min = (uInt)tm.tm_min,
				     .tm_hour = (uInt)tm.tm_hour,
				     .tm_mday = (uInt)tm.tm_mday,
				     .tm_mon = (uInt)tm.tm_mon,
				     .tm_year = (uInt)tm.tm_year + 1900 };
	p->info.external_fa = (uLong)(S_IFREG | 0600) << 16;
	p->copied = is_stream(path);
	p->is_directory = !p->copied && is_directory(path);
	if (!p->copied)
		p->temporary = arena_format(mem, "%s.XXXXXX", p->path);
	if (p->is_directory)
		open_directory(p);
	else
		open_zip(p);
	return p;
}

static bool add_to_zip(struct packer *p, const char *name, struct span bytes)
{
	enum { MADE_BY_UNIX = 3 << 8 | 20, STEP = 1 << 30 };
	int err = zipOpenNewFileInZip4_64(p->zip, name, &p->info, NULL, 0, NULL, 0, NULL,
					  Z_DEFLATED, 6, 0, -MAX_WBITS, DEF_MEM_LEVEL,
					  Z_DEFAULT_STRATEGY, NULL, 0, MADE_BY_UNIX, 0, 0);

	for (size_t done = 0; !err && done < bytes.len;) {
		size_t n = bytes.len - done < STEP ? bytes.len - done : STEP;

		err = zipWriteInFileInZip(p->zip, bytes.at + done, (unsigned)n);
		done += n;
	}
	if (!err)
		err = zipCloseFileInZip(p->zip);
	return !err || keep_failure(p, errno ? errno : EIO, p->path);
}

// Makes the directories above `path`, which lies below the temporary directory.
static bool make_parents(struct packer *p, char *path)
{
	for (char *slash = path + strlen(p->temporary) + 1; (slash = strchr(slash, '/')); slash++) {
		*slash = '\0';
		if (mkdir(path, 0700) && errno != EEXIST)
			return keep_failure(p, errno, path);
		*slash = '/';
	}
	return true;
}

static bool add_to_directory(struct packer *p, const char *name, struct span bytes)
{
	char *path = arena_format(p->mem, "%s/%s", p->temporary, name);
	int fd;

	if (!make_parents(p, path))
		return false;
	fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (fd < 0)
		return keep_failure(p, errno, path);
	for (size_t done = 0; done < bytes.len;) {
		ssize_t n = write(fd, bytes.at + done, bytes.len - done);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0) {
			keep_failure(p, errno, path);
			break;
		}
		done += (size_t)n;
	}
	if (close(fd))
		keep_failure(p, errno, path);
	p->size += bytes.len;
	return !p->failed;
}

bool packer_add(struct packer *p, const char *name, struct span bytes)
{
	if (p->failed)
		return false;
	errno = 0;
	return p->is_directory ? add_to_directory(p, name, bytes) : add_to_zip(p, name, bytes);
}

bool packer_check(const struct packer *p, struct fail *why)
{
	if (p->failed && why)
		*why = p->why;
	return !p->failed;
}

static bool copy_zip(struct packer *p)
{
	bool to_stdout = !strcmp(p->path, "-");
	const char *name = to_stdout ? "standard output" : p->path;
	FILE *to = to_stdout ? stdout : fopen(p->path, "we");
	char bytes[64 * 1024];
	size_t n;

	if (!to)
		return keep_failure(p, errno, name);
	rewind(p->file);
	while (!p->failed && (n = fread(bytes, 1, sizeof(bytes), p->file)) > 0)
		if (fwrite(bytes, 1, n, to) != n)
			keep_failure(p, errno, name);
	if (ferror(p->file) || fflush(to))
		keep_failure(p, errno, name);
	if (!to_stdout && fclose(to))
		keep_failure(p, errno, name);
	return !p->failed;
}

static int remove_one(const char *path, const struct stat *st, int type, struct FTW *where)
{
	return remove(path);
}

static void remove_temporary(struct packer *p)
{
	enum { OPEN_DIRECTORIES = 16 };

	if (p->temporary && p->is_directory)
		nftw(p->temporary, remove_one, OPEN_DIRECTORIES, FTW_DEPTH | FTW_PHYS);
	else if (p->temporary)
		unlink(p->temporary);
	p->temporary = NULL;
}

static void close_zip(struct packer *p)
{
	if (p->zip && zipClose(p->zip, NULL))
		keep_failure(p, errno ? errno : EIO, p->path);
	p->zip = NULL;
	if (p->file) {
		fseeko(p->file, 0, SEEK_END);
		p->size = (uint64_t)ftello(p->file);
		if (p->copied && !p->failed)
			copy_zip(p);
		if (fclose(p->file))
			keep_failure(p, errno, p->path);
	}
	p->file = NULL;
}

bool packer_finish(struct packer *p, uint64_t *size, struct fail *why)
{
	errno = 0;
	if (!p->is_directory)
		close_zip(p);
	// An existing directory is replaced only when it is empty; rename() sees to that.
	if (!p->failed && p->temporary) {
		if (rename(p->temporary, p->path))
			keep_failure(p, errno, p->path);
		else
			p->temporary = NULL;
	}
	remove_temporary(p);
	if (size && !p->failed)
		*size = p->size;
	return packer_check(p, why);
}

void packer_abort(struct packer *p)
{
	p->failed = true;
	if (!p->is_directory)
		close_zip(p);
	remove_temporary(p);
}
