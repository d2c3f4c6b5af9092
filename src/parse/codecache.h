// SPDX-License-Identifier: Apache-2.0
// Parser for Compiler.codecache: code heaps with their bounds.  Opens nothing.
// Format notes: docs/formats/codecache.md.

#ifndef PARSE_CODECACHE_H
#define PARSE_CODECACHE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/span.h"

struct arena;
struct fail;

struct codecache_row {
	const char *name;          // "profiled nmethods", "CodeCache" when there is one heap
	uint64_t used;             // bytes, rounded to KB
	uint64_t start, high, end; // reserved [start, end), committed [start, high)
};

struct codecache {
	struct codecache_row *at;
	size_t count;
};

// FAIL_ABSENT: no heap in it (JDK 8 has no such command); CORRUPT: bounds that make no sense.
bool codecache_parse(struct span text, struct arena *mem, struct codecache *out, struct fail *why);

#endif
