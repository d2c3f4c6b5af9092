// SPDX-License-Identifier: Apache-2.0
// "These addresses belong to that account, says this collector."
//
// Claims are what collectors know about addresses; the ledger alone turns them into bytes of an
// account.  A claim is never about numbers without addresses: those are checks.

#ifndef FACTS_CLAIM_H
#define FACTS_CLAIM_H

#include <stddef.h>
#include <stdint.h>

enum certainty {
	CERTAINTY_EXACT,     // the VM's, the kernel's or the allocator's own tables say so
	CERTAINTY_DERIVED,   // a probe whose redundant fields agree says so
	CERTAINTY_ESTIMATED, // the shape of a mapping suggests it
};

// Which table of the snapshot a claim's `row` points into.
enum claim_table { CLAIM_OF_NONE, CLAIM_OF_THREAD, CLAIM_OF_LOADER, CLAIM_OF_ARENA };

struct claim {
	uint64_t start, end; // need not be page-aligned; end is exclusive
	const char *account; // an id of ledger/accounts.def: "metaspace"
	const char *part;    // finer name within the account, for people: "card table"; or NULL
	const char *source;  // who says so: "vmstructs", "probe", "glibc", "elf", "proc", "shape"
	enum certainty certainty;
	enum claim_table table;
	uint32_t row; // with a table
};

const char *certainty_name(enum certainty c); // "exact"

#endif
