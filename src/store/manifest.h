// SPDX-License-Identifier: Apache-2.0
// The manifest of a capture: whose it is, which moments it holds, and what was masked.
// docs/formats/capture.md.

#ifndef STORE_MANIFEST_H
#define STORE_MANIFEST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/span.h"

struct fail;

#define MANIFEST_NAME   "manifest.json"
#define MANIFEST_FORMAT "jledger-capture"

enum { MANIFEST_SCHEMA = 1 };

struct manifest_moment {
	const char *folder;
	int64_t at_s; // seconds since 1970
	bool has_memory;
};

struct manifest_mask {
	const char *piece, *key;
	uint64_t count;
};

struct manifest {
	const char *tool, *host;
	int pid;
	VEC(struct manifest_moment) moments;
	VEC(struct manifest_mask) masks;
};

struct span manifest_print(const struct manifest *m, struct arena *mem);
// CORRUPT: no manifest of a capture; ABSENT: of a later schema than this program reads.
bool manifest_parse(struct span text, struct arena *mem, struct manifest *out, struct fail *why);

#endif
