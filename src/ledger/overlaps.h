// SPDX-License-Identifier: Apache-2.0
// Certain claims that exclude each other: the check that keeps a wrong probe from looking right.
//
// A total can be right while a range stands in the wrong account; two collectors that are both
// certain of one range are the sign of it.  Estimated claims are left out: they give way.

#ifndef LEDGER_OVERLAPS_H
#define LEDGER_OVERLAPS_H

#include <stddef.h>

#include "ledger/sweep.h"

struct overlap_row;

struct overlaps {
	struct overlap_row *at;
	size_t count, room;
};

// `claims` as sweep_sort() leaves them.  Claims of different accounts may overlap only where
// accounts.def says so (`inside`); claims of one account may only nest.  One row for each range
// that two accounts both hold, in the order of accounts.def; O(accounts x claims).
void overlaps_find(const struct ranked *claims, size_t count, struct arena *mem,
		   struct overlaps *out);

#endif
