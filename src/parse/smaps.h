// SPDX-License-Identifier: Apache-2.0
// Parser for /proc/PID/smaps.  Opens nothing.  Format notes: docs/formats/smaps.md.
//
// Kernels add keys over time, so unknown keys are skipped and missing ones read as 0.

#ifndef PARSE_SMAPS_H
#define PARSE_SMAPS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/span.h"

struct arena;
struct fail;

// One mapping.  Every size is in bytes: the kernel's kB end here.
struct smaps_entry {
	uint64_t start, end; // addresses in the target; end is exclusive
	uint64_t rss, pss, anon, swap, lazy_free, anon_huge, locked;
	uint64_t private_clean, private_dirty, shared_clean, shared_dirty;
	uint64_t private_hugetlb, shared_hugetlb; // in no Rss
};

struct smaps {
	struct smaps_entry *at; // in file order: sorted by address, without overlap
	size_t count;
};

// Entries live in `mem`.  FAIL_CORRUPT, naming the line, when a line is neither a mapping nor a
// key, when a key stands before the first mapping, or when addresses do not rise.
bool smaps_parse(struct span text, struct arena *mem, struct smaps *out, struct fail *why);

#endif
