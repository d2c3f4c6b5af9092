// SPDX-License-Identifier: Apache-2.0
#include "heap/image.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>
#include <zlib.h>

#include "base/fail.h"
#include "base/units.h"
#include "heap/big.h"

enum { PIECE = 1 << 20 };

static bool map(int fd, uint64_t len, struct span *out)
{
	void *at = mmap(NULL, len, PROT_READ, MAP_SHARED, fd, 0);

	if (at == MAP_FAILED)
		return false;
	*out = (struct span){ at, len };
	return true;
}

static bool write_all(int fd, const unsigned char *bytes, size_t len)
{
	while (len) {
		ssize_t n = write(fd, bytes, len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return false;
		bytes += n;
		len -= (size_t)n;
	}
	return true;
}

// A small file can inflate to a thousand times its size: it may not take the last tenth of the disk.
static bool has_room(int fd)
{
	struct statvfs v;

	return fstatvfs(fd, &v) || v.f_bavail > v.f_blocks / 10;
}

struct inflation {
	struct span in;
	int fd;
	uint64_t len; // inflated so far
	bool is_cut;
	progress_fn *progress;
	void *arg;
	unsigned char piece[PIECE];
};

// Members that follow each other are one stream, as gzip has it.
static bool inflate_all(struct inflation *f, struct fail *why)
{
	z_stream z = { .next_in = (unsigned char *)f->in.at };
	uint64_t left = f->in.len;
	bool held = true;

	if (inflateInit2(&z, 15 + 16) != Z_OK)
		return fail(why, FAIL_OS, "no memory to inflate with");
	for (;;) {
		int code;
		size_t had;

		if (!z.avail_in) {
			z.avail_in = left > PIECE ? PIECE : (unsigned)left;
			left -= z.avail_in;
		}
		z.next_out = f->piece;
		z.avail_out = PIECE;
		code = inflate(&z, Z_NO_FLUSH);
		had = PIECE - z.avail_out;
		if (had && (!has_room(f->fd) || !write_all(f->fd, f->piece, had))) {
			held = fail(why, FAIL_OS,
				    "the dump inflates to more than %.0f MB, for which there is "
				    "no room (TMPDIR names another directory)",
				    units_in_mb(f->len));
			break;
		}
		f->len += had;
		if (f->progress && !f->progress(f->arg, 1 - (double)left / (double)f->in.len)) {
			held = fail(why, FAIL_GONE, "interrupted");
			break;
		}
		if (code == Z_STREAM_END) {
			if (!left && !z.avail_in)
				break;
			if (*z.next_in != 0x1f || inflateReset(&z) != Z_OK)
				break; // what stands behind the last member is padding
		} else if (code != Z_OK || (!left && !z.avail_in && z.avail_out)) {
			f->is_cut = true;
			break;
		}
	}
	inflateEnd(&z);
	return held;
}

static bool inflate_file(struct span in, const struct bigs *bigs, progress_fn *progress, void *arg,
			 struct image *out, struct fail *why)
{
	struct inflation *f = calloc(1, sizeof(*f));
	bool held;

	if (!f)
		return fail(why, FAIL_OS, "no memory to inflate with");
	*f = (struct inflation){ .in = in, .progress = progress, .arg = arg };
	f->fd = bigs_file(bigs);
	if (f->fd < 0) {
		free(f);
		return fail_errno(why, errno, "no file for the inflated dump can be made in %s",
				  bigs->directory ? bigs->directory : "?");
	}
	held = inflate_all(f, why);
	if (held && !f->len)
		held = fail(why, FAIL_CORRUPT, "this gzip file is damaged at its start");
	if (held && !map(f->fd, f->len, &out->bytes))
		held = fail_errno(why, errno, "the inflated dump cannot be mapped");
	out->is_cut = f->is_cut;
	out->inflated = true;
	close(f->fd);
	free(f);
	return held;
}

bool image_open(const char *path, const struct bigs *bigs, progress_fn *progress, void *arg,
		struct image *out, struct fail *why)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	struct image i = { .is_cut = false };
	struct stat st;
	struct span file;
	bool held = true;

	if (fd < 0)
		return fail_errno(why, errno, "%s", path);
	if (fstat(fd, &st) || !S_ISREG(st.st_mode) || st.st_size <= 0) {
		close(fd);
		return fail(why, FAIL_CORRUPT, "%s is no file with something in it", path);
	}
	i.file_bytes = (uint64_t)st.st_size;
	held = map(fd, i.file_bytes, &file);
	close(fd);
	if (!held)
		return fail_errno(why, errno, "%s cannot be mapped", path);
	if (file.len > 2 && (unsigned char)file.at[0] == 0x1f &&
	    (unsigned char)file.at[1] == 0x8b) {
		held = inflate_file(file, bigs, progress, arg, &i, why);
		munmap((void *)file.at, file.len);
	} else {
		i.bytes = file;
	}
	if (!held)
		return fail_while(why, "%s", path);
	*out = i;
	return true;
}

void image_close(struct image *i)
{
	if (i->bytes.at)
		munmap((void *)i->bytes.at, i->bytes.len);
	*i = (struct image){ 0 };
}
