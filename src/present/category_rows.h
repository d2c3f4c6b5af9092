// SPDX-License-Identifier: Apache-2.0
// The table of `map --by category`: columns, and a category turned into a row of cells.

#ifndef PRESENT_CATEGORY_ROWS_H
#define PRESENT_CATEGORY_ROWS_H

#include <stddef.h>

#include "present/table.h"

struct report;

enum category_column {
	CC_CATEGORY,
	CC_RESIDENT,
	CC_MAPPED_RESIDENT,
	CC_BLOCK_RESIDENT,
	CC_COMMITTED,
	CC_RESERVED,
	CC_MALLOC,
	CC_MALLOC_COUNT,
	CC_MALLOC_PEAK,
	CC_ARENA,
	CC_ARENA_COUNT,
	CC_MAPPED_COMMITTED,
	CC_MAPPED_RESERVED,
	CC_OVERHEAD,
	CC_BLOCKS,
	CC_BLOCK_BYTES,
	CC_GROWTH,
	CC_COUNT
};
extern const struct column CATEGORY_COLUMNS[CC_COUNT];

// A cell for each column of category `row` of the report's snapshot.
void category_rows_make(const struct report *r, size_t row, struct cell out[CC_COUNT]);

#endif
