// SPDX-License-Identifier: Apache-2.0
// The drill-downs of `map`: which rows, in which order, with which bytes.
//
// Adds up pieces per row and sorts; what a byte belongs to was the ledger's to say.

#ifndef PRESENT_DRILL_H
#define PRESENT_DRILL_H

#include <stddef.h>

#include "facts/claim.h"
#include "present/rows.h"

struct arena;
struct ledger;

// One total for each mapping, in address order; the array has mappings.count rows.
struct mapping_total *drill_mappings(const struct ledger *l, struct arena *mem);

// Fills `order` with the indexes of `sizes`, the largest first; equals keep their order.
void drill_order(const uint64_t *sizes, size_t count, struct arena *mem, size_t *order);

struct drill {
	size_t *order;      // rows of the table, the largest resident first
	uint64_t *resident; // by row of the table
	size_t count;
};
// Totals of the `count` rows of a table of the snapshot; arrays live in `mem`.
void drill_table(const struct ledger *l, enum claim_table table, size_t count, struct arena *mem,
		 struct drill *out);

#endif
