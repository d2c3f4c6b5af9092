// SPDX-License-Identifier: Apache-2.0
// An account's bytes by part: "card table", "segment map", as the claims name them.
//
// Finer than the accounts and without a promise: parts have no ids that scripts rely on.  The parts
// of an account and its bytes without a part sum to its row.

#ifndef LEDGER_PARTS_H
#define LEDGER_PARTS_H

#include <stddef.h>
#include <stdint.h>

struct arena;
struct ledger;

struct part_row {
	int account;
	const char *name; // never NULL
	uint64_t resident, swap;
};

struct parts {
	struct part_row *at; // by account, the largest first, then by name
	size_t count, room;
};

// All parts that have a piece; the array lives in `mem`.
void parts_list(const struct ledger *l, struct arena *mem, struct parts *out);

#endif
