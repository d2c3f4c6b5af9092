// SPDX-License-Identifier: Apache-2.0
// musl's malloc ("mallocng", since musl 1.2.1) from outside: which address ranges belong to it, to the page.
//
// Its context is found by its own secret, which stands in front of each page of its records as well;
// each group of blocks names its record and is named by it.  What doesn't agree is not given out.
// Layout: docs/formats/musl.md.

#ifndef MALLOC_MUSL_H
#define MALLOC_MUSL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "malloc/view.h"

struct fail;
struct mapping;
struct maps;

enum musl_part {
	MUSL_RECORDS, // a page of struct meta
	MUSL_GROUP,   // slots of one size, with a mapping of their own
	MUSL_LARGE,   // one block with a mapping of its own
};

struct musl_piece {
	uint64_t start, end; // page-aligned
	enum musl_part part;
};

struct musl {
	VEC(struct musl_piece) pieces; // sorted by address, without overlap
	uint64_t system;               // bytes of the pieces
	uint64_t large, large_bytes;   // blocks with mappings of their own
	bool whole;                    // false: some groups came or went while they were read
};

// The code of musl's dynamic linker, which is its libc as well; or NULL.
const struct mapping *musl_library(const struct maps *maps);
// ABSENT: no musl, or its malloc was never used; CORRUPT: layout unknown (before 1.2.1, too).
bool musl_read(const struct malloc_view *v, struct arena *mem, struct musl *out, struct fail *why);

#endif
