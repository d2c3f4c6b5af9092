// SPDX-License-Identifier: Apache-2.0
// The tables of `map` and `ps`: columns, and a thing turned into a row of cells.
//
// Text and JSON print the same rows; what nests in JSON (a thread's stack) is put together there.

#ifndef PRESENT_ROWS_H
#define PRESENT_ROWS_H

#include "ledger/malloc_split.h"
#include "present/table.h"

struct jvm_row;
struct ledger;
struct account_row;

enum account_column {
	AC_TITLE,
	AC_ID,
	AC_PARENT,
	AC_NMT,
	AC_RESIDENT,
	AC_SWAP,
	AC_USED,
	AC_COMMITTED,
	AC_RESERVED,
	AC_PSS,
	AC_GROWTH,
	AC_GAP,
	AC_CERTAINTY,
	AC_CERTAIN,
	AC_SOURCE,
	AC_TIER,
	AC_COUNT
};
extern const struct column ACCOUNT_COLUMNS[AC_COUNT];
// One row: a cell for each column.  Texts are those of ledger and snapshot, not copied.
void rows_account(const struct ledger *l, const struct account_row *a, struct cell out[AC_COUNT]);
// A share of malloc's account.
void rows_malloc(const struct ledger *l, const struct malloc_split *split, enum malloc_share share,
		 struct cell out[AC_COUNT]);

enum mapping_column {
	MC_START,
	MC_END,
	MC_PERMS,
	MC_SIZE,
	MC_RESIDENT,
	MC_SWAP,
	MC_UNACCOUNTED,
	MC_GAP,
	MC_OWNER,
	MC_PATH,
	MC_COUNT
};
extern const struct column MAPPING_COLUMNS[MC_COUNT];

enum thread_column {
	TC_TID,
	TC_RESIDENT,
	TC_COMMITTED,
	TC_RESERVED,
	TC_GAP,
	TC_KIND,
	TC_NAME,
	TC_COUNT
};
extern const struct column THREAD_COLUMNS[TC_COUNT];

enum loader_column {
	LC_LOADER,
	LC_TYPE,
	LC_NAME,
	LC_CLASSES,
	LC_RESIDENT,
	LC_USED,
	LC_COMMITTED,
	LC_WASTED,
	LC_GAP,
	LC_KIND,
	LC_STATE,
	LC_COUNT
};
extern const struct column LOADER_COLUMNS[LC_COUNT];

enum space_column {
	SC_NAME,
	SC_START,
	SC_END,
	SC_RESIDENT,
	SC_USED,
	SC_COMMITTED,
	SC_REGIONS,
	SC_COUNT
};
extern const struct column SPACE_COLUMNS[SC_COUNT];

enum arena_column { RC_ADDRESS, RC_MAIN, RC_HEAPS, RC_THREADS, RC_SYSTEM, RC_RESIDENT, RC_COUNT };
extern const struct column ARENA_COLUMNS[RC_COUNT];

enum jvm_column {
	JC_PID,
	JC_PID_GAP,
	JC_MAIN,
	JC_JDK,
	JC_RSS,
	JC_LIMIT,
	JC_HEAP_USED,
	JC_HEAP_MAX,
	JC_GAP,
	JC_TIER,
	JC_STATE,
	JC_VM,
	JC_CONTAINER,
	JC_COUNT
};
extern const struct column JVM_COLUMNS[JC_COUNT];

// What the drill-downs of a ledger show, one struct a row; `out` has the table's columns.
struct mapping_total {
	uint32_t mapping; // index
	uint64_t resident, swap, unaccounted;
	int owner; // account that holds most of it, ACCOUNT_NONE: nobody
};
// `resident` is the row's total of the ledger (drill.h); `perms` holds the text of a cell.
void rows_mapping(const struct ledger *l, const struct mapping_total *m, struct cell out[MC_COUNT],
		  char perms[5]);
void rows_thread(const struct ledger *l, size_t row, uint64_t resident, struct cell out[TC_COUNT]);
void rows_loader(const struct ledger *l, size_t row, uint64_t resident, struct cell out[LC_COUNT]);
void rows_space(const struct ledger *l, size_t row, struct cell out[SC_COUNT]);
void rows_arena(const struct ledger *l, size_t row, uint64_t resident, struct cell out[RC_COUNT]);
void rows_jvm(const struct jvm_row *j, struct cell out[JC_COUNT]);

#endif
