// SPDX-License-Identifier: Apache-2.0
// Two diagnoses, an older one and one of now: what of the older
// is fixed, what is not, what can't be told.
//
// Pure.  Nothing is called fixed because nobody looked: a cause that showed by growth needs a
// window again, and one that takes its time to show needs a JVM that has run for a while.

#ifndef DIAGNOSE_AFTERMATH_H
#define DIAGNOSE_AFTERMATH_H

#include "diagnose/diagnosis.h"

enum outcome { OUTCOME_FIXED, OUTCOME_NOT_FIXED, OUTCOME_CANNOT_TELL, OUTCOME_NEW };

struct aftermath_then { // a cause that held
	const struct cause *cause;
	enum verdict verdict;
	const char *culprit; // NULL: none
	bool has_growth_per_mb;
	double growth_per_mb; // bytes for each MB allocated: the pace, whatever the load was
};

struct aftermath_old {
	double uptime_s; // of the JVM; 0: not known
	bool has_window;
	VEC(struct aftermath_then) held;
};

struct aftermath_row {
	const struct cause *cause;
	enum outcome outcome;
	const char *because;
};

struct aftermath {
	VEC(struct aftermath_row) rows; // those of before in their order, then new ones
};

// Keeps of a diagnosis what aftermath_of() needs; texts are copied into `mem`.
void aftermath_keep(const struct evidence *e, const struct diagnosis *d, struct arena *mem,
		    struct aftermath_old *out);
void aftermath_of(const struct aftermath_old *old, const struct evidence *e,
		  const struct diagnosis *now, struct arena *mem, struct aftermath *out);
const char *outcome_name(enum outcome o); // "not fixed"

#endif
