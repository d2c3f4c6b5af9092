// SPDX-License-Identifier: Apache-2.0
// The blocks that the VM malloc'd, by the headers that Native Memory Tracking puts before them (JDK 17
// and later): how many, how many bytes, and how much of them is in memory, by category.
//
// No chain is followed: every block stands for itself.  A header counts only with its mark, with the mark
// behind the block's last byte and with a chunk of malloc's around it that is just large enough; a freed
// block has lost one of these.  Reads all present pages of the ranges once.  Format notes:
// docs/formats/nmt-memory.md.

#ifndef MALLOC_NMTBLOCKS_H
#define MALLOC_NMTBLOCKS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/span.h"

struct arena;
struct fail;
struct malloc_view;

enum { NMTBLOCKS_TAGS = 256 };

struct nmtblocks_range { // of malloc's memory
	uint64_t start, end;
	bool chunk; // one chunk with a mapping of its own; else an arena's
};

struct nmtblocks_tag {
	uint64_t count, bytes; // as the VM counts: without what tracking adds
	uint64_t resident;     // of the blocks with header and mark
};

struct nmtblocks {
	struct nmtblocks_tag tag[NMTBLOCKS_TAGS]; // by the category's index
	uint64_t read;                            // bytes that were read
};

// ABSENT: it is not known which pages are there; GONE.  `ranges` are sorted and without overlap.
bool nmtblocks_scan(const struct malloc_view *v, const struct nmtblocks_range *ranges, size_t count,
		    struct arena *mem, struct nmtblocks *out, struct fail *why);
// The text form that captures hold: a line "TAG COUNT BYTES RESIDENT" for each tag with a block, in
// decimal.  CORRUPT names what is wrong.
struct span nmtblocks_print(const struct nmtblocks *b, struct arena *mem);
bool nmtblocks_parse(struct span text, struct nmtblocks *out, struct fail *why);

#endif
