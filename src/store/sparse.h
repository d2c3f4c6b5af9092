// SPDX-License-Identifier: Apache-2.0
// Memory as a recorder keeps it: exactly the bytes that were read, wherever they lie.
//
// Cells of 256 bytes with a bit for each byte; a later read of the same byte replaces it.  Reads
// that failed are kept beside them.

#ifndef STORE_SPARSE_H
#define STORE_SPARSE_H

#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"

struct fail;
struct image;

struct sparse {
	struct arena *mem;
	struct sparse_cell **table; // open addressing, a power of two
	size_t room, count;
	unsigned shift;  // of the hash: 64 less the bits of `room`
	uint64_t factor; // of the hash; random, so that a target can't choose addresses that clash
	VEC(struct sparse_failure) failures;
};

struct sparse_failure {
	uint64_t start, end;
	size_t order;
	const struct fail *why;
};

// Empty; all of it lives in `mem`.
void sparse_init(struct sparse *s, struct arena *mem);
// Keeps these bytes; they replace what was there.
void sparse_put(struct sparse *s, uint64_t at, const void *bytes, size_t len);
// The same, but what is there stays.
void sparse_add(struct sparse *s, uint64_t at, const void *bytes, size_t len);
// Keeps that a read of this range failed, and how.
void sparse_fail(struct sparse *s, uint64_t at, size_t len, const struct fail *why);
// All of it, sorted and packed; lives in `mem`.
void sparse_pack(const struct sparse *s, struct arena *mem, struct image *out);

#endif
