// SPDX-License-Identifier: Apache-2.0
// Threads by the stem of their names: what remains when counters and ids are folded.
//
// "pool-7-thread-2" has the stem "pool-#-thread-#" and belongs to the pool "pool-7-thread-".
// Threads of the VM itself (GC, JIT, VM) are left out: the VM bounds them.  Where only the kernel's
// names are known, which end after 15 characters, what may be cut is left out of stem and pool.

#ifndef DIAGNOSE_STEMS_H
#define DIAGNOSE_STEMS_H

#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"

struct ledger;
struct snapshot;

struct stem_row {
	const char *stem;
	const char *example; // one real name
	uint32_t threads;
	uint32_t pools;    // different names in front of the last number
	uint64_t resident; // of their stacks; 0 without a ledger
	uint64_t reserved;
};

struct stems {
	VEC(struct stem_row) rows; // most threads first
	uint32_t threads;          // all that have a name and are not the VM's
};

// `l` may be NULL.
void stems_of(const struct snapshot *s, const struct ledger *l, struct arena *mem,
	      struct stems *out);
const struct stem_row *stems_find(const struct stems *all, const char *stem); // NULL: none
// Runs of digits, and of eight or more hex digits with a digit among them, become '#'.
const char *stems_fold(const char *name, struct arena *mem);

#endif
