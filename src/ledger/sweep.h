// SPDX-License-Identifier: Apache-2.0
// Who owns which addresses, when claims lie over each other.
//
// One pass over the claims in address order with a heap of those that are open, so n claims cost
// O(n log n) however deep they nest.  Looks at addresses alone: pages come later (pieces.h).
// Invariant: the owners are sorted, do not overlap, and cover exactly what some claim covers.

#ifndef LEDGER_SWEEP_H
#define LEDGER_SWEEP_H

#include <stddef.h>
#include <stdint.h>

struct arena;
struct claim;

struct ranked { // a claim with its account looked up
	const struct claim *claim;
	int account; // below ACCOUNT_COUNT
};

struct owned {
	uint64_t start, end;
	const struct claim *claim;
	int account;
};

struct owners {
	struct owned *at;
	size_t count, room;
};

// Sorts `claims` by start, then the larger first, then as they were given.
void sweep_sort(struct ranked *claims, size_t count);
// `claims` as sweep_sort() leaves them.  The highest rank of accounts.def wins, then the smaller
// claim, then the surer, then the earlier given.  `out` lives in `mem`.
void sweep_owners(const struct ranked *claims, size_t count, struct arena *mem, struct owners *out);

#endif
