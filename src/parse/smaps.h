// SPDX-License-Identifier: Apache-2.0
// Parser for /proc/PID/smaps: the sizes of each mapping.  Format notes: docs/formats/smaps.md.
//
// Pure.  A key that is not known here is passed over, one that this kernel lacks leaves its size at
// 0.

#ifndef PARSE_SMAPS_H
#define PARSE_SMAPS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/span.h"

struct arena;
struct fail;

// A mapping; bytes, where the kernel writes kB.
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
