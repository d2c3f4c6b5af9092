// SPDX-License-Identifier: Apache-2.0
// Parser for GC.heap_info of Serial, Parallel and G1, JDK 8 to 25.  Opens nothing.
// Format notes: docs/formats/heap_info.md.

#ifndef PARSE_HEAP_INFO_H
#define PARSE_HEAP_INFO_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/span.h"

struct arena;
struct fail;

struct heap_info_space {
	const char *name;    // "eden", "from", "to", "tenured", "old", "garbage-first heap"
	uint64_t start, end; // reserved by it; end is exclusive
	uint64_t committed, used;
};

struct heap_info {
	const char *collector; // "Serial", "Parallel", "G1"
	uint64_t start, end;   // reserved range of the whole heap; a multiple of the page size
	uint64_t committed, used;
	uint64_t region_size; // G1, else 0
	struct heap_info_space *spaces;
	size_t space_count;
	bool has_metaspace; // sizes in bytes; the VM prints whole KB
	uint64_t metaspace_used, metaspace_committed, metaspace_reserved; // class space included
	uint64_t class_used, class_committed, class_reserved;             // 0 without a class space
};

// FAIL_ABSENT: another collector's text; FAIL_CORRUPT: ranges that make no sense.  The generations
// must lie side by side, spaces inside them.
bool heap_info_parse(struct span text, struct arena *mem, struct heap_info *out, struct fail *why);

#endif
