// SPDX-License-Identifier: Apache-2.0
// Owners meet pages: the resident and swapped bytes of each range of one owner in one mapping.
//
// Bytes are cut at the byte, not at the page: a resident page that three owners share gives each
// what lies in its range, so the sum over all pieces is the sum of the pages, whatever the claims
// say.  Without pages each mapping's bytes are shared out by length.

#ifndef LEDGER_PIECES_H
#define LEDGER_PIECES_H

#include <stdbool.h>

struct arena;
struct fail;
struct ledger;
struct owners;
struct snapshot;

// Fills pieces, scanned, swap and by_page of `out` from the snapshot's mappings and runs.
// FAIL_CORRUPT when mappings or runs are not sorted or overlap.
bool pieces_cut(const struct snapshot *s, const struct owners *owners, struct arena *mem,
		struct ledger *out, struct fail *why);

#endif
