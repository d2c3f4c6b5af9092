// SPDX-License-Identifier: Apache-2.0
#include "malloc/allocator.h"

#include <ctype.h>
#include <inttypes.h>
#include <string.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/fail.h"
#include "base/tree.h"
#include "base/units.h"
#include "malloc/glibc_layout.h"
#include "malloc/musl.h"
#include "os/mapped.h"
#include "parse/maps.h"

// By the start of a mapped file's name; what replaces malloc stands first.
static const struct {
	const char *starts;
	enum allocator_kind kind;
	const char *name;
} LIBRARIES[] = {
	{ "libjemalloc", ALLOCATOR_JEMALLOC, "jemalloc" },
	{ "libtcmalloc", ALLOCATOR_TCMALLOC, "tcmalloc" },
	{ "libmimalloc", ALLOCATOR_MIMALLOC, "mimalloc" },
	{ "libc.so.6", ALLOCATOR_GLIBC, "glibc" },
	{ "libc-2.", ALLOCATOR_GLIBC, "glibc" },
};

static const char BANNER[] = "release version ";

struct banner_search {
	struct mapped_file file;
	uint64_t offset, end; // of the library's constants in the file
};

static const char *take_version(struct arena *mem, const char *at, size_t len)
{
	size_t n = 0;

	while (n < len && n < 16 && (isdigit((unsigned char)at[n]) || at[n] == '.'))
		n++;
	while (n && at[n - 1] == '.')
		n--;
	return arena_copy(mem, at, n);
}

// "GNU C Library (Debian GLIBC 2.36-9) stable release version 2.36." in the library's constants.
static bool make_banner(void *arg, struct arena *mem, struct span *out, struct fail *why)
{
	enum { STEP = 64 << 10, OVERLAP = 64 };
	const struct banner_search *s = arg;
	char *piece = arena_get(mem, STEP);
	int fd;

	if (!mapped_open(&s->file, &fd, why))
		return false;
	*out = SPAN("");
	for (uint64_t at = s->offset; at < s->end && !out->len; at += STEP - OVERLAP) {
		ssize_t n = pread(fd, piece, STEP, (off_t)at);
		const char *hit =
			n > 0 ? memmem(piece, (size_t)n, BANNER, sizeof(BANNER) - 1) : NULL;

		if (n <= 0)
			break;
		if (hit) {
			hit += sizeof(BANNER) - 1;
			*out = span_of(take_version(mem, hit, (size_t)(piece + n - hit)));
		}
	}
	close(fd);
	return true;
}

static const char *find_version(const struct tree *files, int pid, const struct maps *maps,
				struct arena *mem)
{
	const struct mapping *library = glibc_layout_library(maps, NULL);
	struct banner_search s = { 0 };
	struct span got;

	if (!library)
		return "";
	if (!strncmp(mapping_file_name(library), "libc-2.", 7)) // up to 2.33
		return take_version(mem, mapping_file_name(library) + 5, 16);
	for (size_t i = 0; i < maps->count && !s.end; i++) {
		const struct mapping *m = &maps->at[i];

		if (!strcmp(m->path, library->path) && m->offset && !m->writable &&
		    !m->executable) {
			s.offset = m->offset;
			s.end = m->offset + (m->end - m->start);
		}
	}
	if (!s.end || s.end - s.offset > MIB(16))
		return "";
	s.file = (struct mapped_file){ pid,
				       library->path,
				       library->start,
				       library->end,
				       library->inode,
				       library->dev_major,
				       library->dev_minor };
	if (!tree_made(files,
		       arena_format(mem, "libc/%" PRIu32 "-%" PRIu32 "-%" PRIu64,
				    library->dev_major, library->dev_minor, library->inode),
		       make_banner, &s, mem, &got, NULL))
		return "";
	return take_version(mem, got.at, got.len);
}

void allocator_find(const struct tree *files, int pid, const struct maps *maps, struct arena *mem,
		    struct allocator *out)
{
	*out = (struct allocator){ ALLOCATOR_UNKNOWN, "unknown", "" };
	for (size_t k = 0; k < sizeof(LIBRARIES) / sizeof(LIBRARIES[0]); k++)
		for (size_t i = 0; i < maps->count; i++)
			if (maps->at[i].executable && // a program may map data that are called so
			    !strncmp(mapping_file_name(&maps->at[i]), LIBRARIES[k].starts,
				     strlen(LIBRARIES[k].starts))) {
				out->kind = LIBRARIES[k].kind;
				out->name = LIBRARIES[k].name;
				if (out->kind == ALLOCATOR_GLIBC)
					out->version = find_version(files, pid, maps, mem);
				return;
			}
	if (musl_library(maps)) {
		out->kind = ALLOCATOR_MUSL;
		out->name = "musl";
	}
}
