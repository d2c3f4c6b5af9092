// SPDX-License-Identifier: Apache-2.0
// What an experiment on a running JVM proved: two ledgers, one before it and one after, compared.
//
// Pure.  What the VM answered counts only where it says that it did nothing: whether a collection
// was made, classes were unloaded or memory returned is told by the counters and the ledgers.

#ifndef DIAGNOSE_TRIAL_H
#define DIAGNOSE_TRIAL_H

#include "diagnose/rule.h"

enum trial_kind { TRIAL_GC, TRIAL_TRIM };

struct trial_moment {
	const struct snapshot *snapshot;
	const struct ledger *ledger;
};

struct trial_unloaded {
	const struct family_row *family; // of the moment before
	uint32_t count;                  // of its classes that are gone, at least
};

struct trial_proof { // of a cause that held before
	const struct cause *cause;
	const struct family_row *family;
	uint32_t gone;
	enum collectable collectable;
};

struct trial {
	bool effect;
	const char *why_not;                 // without an effect: a clause
	double unloaded_total;               // by the VM's counter; negative: not known
	VEC(struct trial_unloaded) unloaded; // most first
	VEC(struct trial_proof) proofs;
	uint64_t trim_returned; // UNKNOWN_BYTES: not a trim, or malloc's memory is not known
};

// `said`: the first line of the VM's answer.
void trial_judge(enum trial_kind kind, const struct trial_moment *before,
		 const struct trial_moment *after, const char *said, struct arena *mem,
		 struct trial *out);

#endif
