// SPDX-License-Identifier: Apache-2.0
// The memory budget: what a JVM may and does need, account by account, against a limit.
//
// A part counts with the limit that somebody set for it, else with what is in use now: a limit by
// default (a class space of 1 GB, direct memory as large as the heap) is nobody's plan, and stands
// beside it as the ceiling.

#ifndef DIAGNOSE_BUDGET_H
#define DIAGNOSE_BUDGET_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"

struct ledger;
struct snapshot;

struct budget_part {
	const char *
		account; // of accounts.def, "unaccounted", or of the container: "other-processes" ...
	uint64_t max;    // what it counts with; UNKNOWN_BYTES: not known before the VM runs
	const char *source; // where that number is from: "MaxHeapSize", "in use now"
	uint64_t now;       // resident; UNKNOWN_BYTES before the VM runs
	uint64_t ceiling;   // what the VM lets it grow to; UNKNOWN_BYTES: nothing stops it
};

struct budget_advice {
	const char *option, *why;
};

struct budget {
	uint64_t limit;           // UNKNOWN_BYTES: none is known
	const char *limit_source; // "container", "machine", "--limit"
	uint64_t total;           // of what counts
	uint64_t now;             // resident of all parts; UNKNOWN_BYTES before the VM runs
	uint64_t ceiling;         // UNKNOWN_BYTES: some part has none
	bool whole;               // every part is known
	const char *text;         // one or two sentences: does it fit, and what of it has no limit
	VEC(struct budget_part) parts;
	VEC(struct budget_advice) advice; // with --limit, or where it does not fit
};

// Of a running VM.  `limit` of --limit, or UNKNOWN_BYTES: the container's, else the machine's memory.
void budget_of(const struct snapshot *s, const struct ledger *l, uint64_t limit, struct arena *mem,
	       struct budget *out);
// Of one that is to run with the snapshot's options, in a JDK of that release.
void budget_foresee(const struct snapshot *s, unsigned jdk, uint64_t limit, struct arena *mem,
		    struct budget *out);
// For both: sums up, judges, advises.  `asked`: a limit was given.
void budget_close(const struct snapshot *s, bool asked, struct arena *mem, struct budget *b);

#endif
