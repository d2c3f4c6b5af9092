// SPDX-License-Identifier: Apache-2.0
// The bytes of a heap dump: a file that is mapped, or what a gzip file inflates to.
//
// Inflated bytes go to a file without a name, so they too are page cache and no memory of ours.

#ifndef HEAP_IMAGE_H
#define HEAP_IMAGE_H

#include "base/span.h"

struct bigs;
struct fail;

struct image {
	struct span bytes;
	uint64_t file_bytes; // on disk
	bool inflated;
	bool is_cut; // the gzip file ends too early: `bytes` is what was had
};

// Called now and then with how far it is, 0 to 1; false ends the work.
typedef bool progress_fn(void *arg, double share);

// ABSENT, DENIED, OS; CORRUPT where gzip bytes inflate to nothing that is HPROF.
bool image_open(const char *path, const struct bigs *bigs, progress_fn *progress, void *arg,
		struct image *out, struct fail *why);
void image_close(struct image *i);

#endif
