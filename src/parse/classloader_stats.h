// SPDX-License-Identifier: Apache-2.0
// Parser for VM.classloader_stats.  Opens nothing.  JDK 17 prints the sizes in words, the others in
// bytes: the text does not say which, so that sizes here are raw and the caller decides.
// Format notes: docs/formats/classloader_stats.md.

#ifndef PARSE_CLASSLOADER_STATS_H
#define PARSE_CLASSLOADER_STATS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/span.h"

struct arena;
struct fail;

struct classloader_row {
	uint64_t loader_at, parent_at; // oops; 0: boot
	uint64_t cld_at;               // 0: the loader never defined a class
	const char *type;              // "<boot>" or the loader's class, dotted
	bool hidden;                   // all hidden (anonymous) classes of the row before
	uint64_t classes;
	uint64_t chunk_raw, block_raw; // committed and used, in bytes or in words
};

struct classloader_stats {
	struct classloader_row *at;
	size_t count;
	uint64_t classes, chunk_raw, block_raw; // of the line "Total"
};

// FAIL_ABSENT: no such table; CORRUPT: no line "Total", or it is not the sum of the rows.
bool classloader_stats_parse(struct span text, struct arena *mem, struct classloader_stats *out,
			     struct fail *why);

#endif
