// SPDX-License-Identifier: Apache-2.0
// Parser for VM.native_memory summary: bytes per category.  Opens nothing.
// Format notes: docs/formats/nmt.md.

#ifndef PARSE_NMT_H
#define PARSE_NMT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/span.h"

struct arena;
struct fail;

struct nmt_category {
	const char *category;         // "Java Heap", "Thread"
	uint64_t reserved, committed; // bytes, malloc included; printed in whole KB
	uint64_t malloc, malloc_count;
	uint64_t arena, arena_count;
	uint64_t mmap_reserved, mmap_committed;
	uint64_t stack_reserved, stack_committed; // of "Thread"
	uint64_t overhead;                        // of "Native Memory Tracking"
};

struct nmt {
	struct nmt_category *at;
	size_t count;
	uint64_t reserved, committed; // of the line "Total"
};

// FAIL_ABSENT: native memory tracking is off, or not such a text.
bool nmt_parse(struct span text, struct arena *mem, struct nmt *out, struct fail *why);

#endif
