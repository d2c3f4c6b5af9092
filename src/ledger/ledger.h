// SPDX-License-Identifier: Apache-2.0
// Claims become accounts: every resident byte of the scan in exactly one, or unaccounted.
//
// Pure: a snapshot in, a ledger out; no I/O, no clock, no words for people beyond the titles in
// accounts.def.  Invariant, checked at the end of every build: the accounts and the unaccounted sum
// to the resident bytes of the scan, and certain claims of different accounts overlap only where
// accounts.def allows it.

#ifndef LEDGER_LEDGER_H
#define LEDGER_LEDGER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "facts/snapshot.h"

enum {
	ACCOUNT_COUNT = 0
#define ACCOUNT(id, parent, rank, nmt, inside, title) +1
#include "ledger/accounts.def"
#undef ACCOUNT
	,
	ACCOUNT_NONE = ACCOUNT_COUNT // as an index: unaccounted
};

struct account_info {
	const char *id, *parent, *nmt, *inside, *title;
	int rank;
};
extern const struct account_info ACCOUNTS[ACCOUNT_COUNT];
int account_find(const char *id); // index, or ACCOUNT_NONE

// One line of the ledger: its own bytes only.
struct account_row {
	int account;  // index into ACCOUNTS
	bool unknown; // doubted: it has no bytes, and no number of it may be shown
	uint64_t resident, swap;
	uint64_t committed, reserved, used; // UNKNOWN_BYTES where nobody knows
	uint64_t pss;                       // UNKNOWN_BYTES unless the mappings are sized
	int64_t growth;                     // resident now - resident at first; 0 without a window
	bool has_growth;
	enum certainty certainty; // the poorest that holds at least 1 % of its resident bytes
	const char *source;       // of most of its resident bytes; NULL when it has none
	uint64_t certain;         // resident bytes by exact and derived claims
};

#define PIECE_UNMAPPED UINT32_MAX // pages of a mapping that came after the list was read

// A maximal range of one owner inside one mapping; of unaccounted bytes, from the first page to the
// last.
struct piece {
	uint64_t start, end;
	uint64_t resident, swap;
	int account;               // ACCOUNT_NONE: unaccounted
	const struct claim *claim; // NULL when unaccounted
	uint32_t mapping;          // index into snapshot.mappings, or PIECE_UNMAPPED
	uint64_t pss;              // 0 unless the mappings are sized
};

struct unaccounted_row {
	uint64_t start, end, resident;
	const char *looks_like; // "anonymous, writable, next to ..." in a few words
};

struct overlap_row { // two certain claims that exclude each other
	const struct claim *a, *b;
	uint64_t start, end;
};

struct ledger {
	struct arena *mem;
	const struct snapshot *of;
	struct account_row rows[ACCOUNT_COUNT]; // in the order of accounts.def; all are there
	uint64_t scanned;                       // resident bytes of the scan: rows + unaccounted
	uint64_t swap;
	uint64_t unaccounted;
	int64_t growth; // of `scanned`
	bool has_growth;
	uint64_t certain;         // resident bytes of exact and derived claims
	uint64_t drift;           // the larger of |scan - VmRSS before| and |scan - VmRSS after|
	bool has_pss;             // every mapping is sized (--pss, or no pagemap)
	bool by_page;             // false: sizes by mapping (no pagemap), shared out over a mapping
	VEC(struct piece) pieces; // sorted by address, resident or swapped ones only
	VEC(struct unaccounted_row) unknowns; // largest first
	VEC(struct overlap_row) overlaps;     // must be empty
};

// The ledger of one moment; lives in `mem` beside the snapshot it points into.
// FAIL_CORRUPT when a claim names no account or the invariant does not hold.
bool ledger_build(const struct snapshot *s, struct arena *mem, struct ledger *out,
		  struct fail *why);
// Fills growth of `now` against the ledger of an earlier moment of the same process.
void ledger_grow(struct ledger *now, const struct ledger *first);
// Resident bytes per row of a table: `out` has room for `count` rows of that table.
void ledger_by_table(const struct ledger *l, enum claim_table table, uint64_t *out, size_t count);
// Resident bytes of an address range, whoever owns them; UNKNOWN_BYTES where pages are not known.
uint64_t ledger_resident_between(const struct ledger *l, uint64_t start, uint64_t end);
const struct account_row *ledger_row(const struct ledger *l, const char *account); // never NULL

#endif
