// SPDX-License-Identifier: Apache-2.0
// The account `malloc` as three, where a walk through its chunks tells them apart: in use, freed and
// returnable by a trim, freed and pinned.
//
// The account itself stays one row of the ledger, whose pages it has; these are shares of it, and sum to it.
// What lies inside malloc and has an account of its own (direct buffers) is in none of them.

#ifndef LEDGER_MALLOC_SPLIT_H
#define LEDGER_MALLOC_SPLIT_H

#include <stdbool.h>

#include "ledger/ledger.h"

enum malloc_share { MALLOC_IN_USE, MALLOC_RETURNABLE, MALLOC_PINNED, MALLOC_SHARES };

struct malloc_split {
	struct account_row row[MALLOC_SHARES]; // `account` is that of malloc
	struct account_row freed;              // the last two together, for who wants one line
};

extern const struct malloc_share_info {
	const char *id, *title;
} MALLOC_SHARE_INFO[MALLOC_SHARES];

// `first`: the ledger that growth is since; NULL or the same: none.  False when the shares are not
// known: the account is one then.
bool malloc_split(const struct ledger *l, const struct ledger *first, struct malloc_split *out);

#endif
