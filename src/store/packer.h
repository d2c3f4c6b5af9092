// SPDX-License-Identifier: Apache-2.0
// Writes a package: named pieces of bytes in a ZIP file or in a directory.
//
// Nothing is seen under the final name before packer_finish(): all goes to a temporary name beside
// it, with mode 0600 (0700 for directories).  The first failure sticks and is what
// packer_finish() reports.

#ifndef STORE_PACKER_H
#define STORE_PACKER_H

#include <stdbool.h>
#include <stdint.h>
#include <time.h>

#include "base/span.h"

struct arena;
struct fail;
struct packer;

// `path` as in capture_create().  Never NULL.  `when` becomes the time of all ZIP entries (UTC).
struct packer *packer_create(const char *path, time_t when, struct arena *mem);
// Adds a piece.  `name` is relative, of plain components; each name once.
bool packer_add(struct packer *p, const char *name, struct span bytes);
// The failure so far, if any.
bool packer_check(const struct packer *p, struct fail *why);
// Renames into place and releases; on failure nothing stays behind.  `size`: bytes on disk, may be
// NULL.
bool packer_finish(struct packer *p, uint64_t *size, struct fail *why);
void packer_abort(struct packer *p);

#endif
