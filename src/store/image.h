// SPDX-License-Identifier: Apache-2.0
// The memory half of a capture's moment: runs of bytes that were read, packed one after another,
// and the reads that failed.
//
// Text form of the runs: a line "START LENGTH" in hex for each, rising, never touching; the bytes
// of all runs follow each other in a file of their own.  docs/formats/capture.md.

#ifndef STORE_IMAGE_H
#define STORE_IMAGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/fail.h"
#include "base/span.h"

struct image_run {
	uint64_t start, len;
	size_t offset; // of its first byte in `bytes`
};

struct image_hole { // a read that failed, and how
	uint64_t start, end;
	enum fail_kind kind;
	int os_errno;
	const char *text;
};

struct image {
	VEC(struct image_run) runs; // sorted, without overlap, neighbours merged
	struct span bytes;
	VEC(struct image_hole) holes; // sorted by start, then end; one of each
};

bool image_is_empty(const struct image *i); // nothing was ever asked
// Fills [at, at + len) when all of it was read; else the failure that the read of exactly this
// range had, or of one that overlaps it, or ABSENT: it is not in the capture.
bool image_read(const struct image *i, uint64_t at, void *to, size_t len, struct fail *why);
struct span image_print_runs(const struct image *i, struct arena *mem);
// CORRUPT names the line; also when the lengths don't sum to `bytes`.
bool image_parse_runs(struct span text, struct span bytes, struct arena *mem, struct image *out,
		      struct fail *why);

#endif
