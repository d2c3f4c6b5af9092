// SPDX-License-Identifier: Apache-2.0
// What the Java threads allocated within the window: what growth is measured by, so that more load is
// not taken for a new fault.

#ifndef DIAGNOSE_ALLOCATION_H
#define DIAGNOSE_ALLOCATION_H

#include "diagnose/rule.h"

struct allocation {
	bool known;
	uint64_t bytes;
	const char *why_not; // when it is not known: one clause
};

// Sums what each thread says of itself, for every collector alike: exact when no Java thread ended in the
// window, for what a thread allocated goes with it.  Else it is unknown, not less.
void allocation_in_window(const struct evidence *e, struct arena *mem, struct allocation *out);
// `bytes` for each MB (2^20) that was allocated; false where that is unknown, or less than one.
bool allocation_per_mb(const struct allocation *a, double bytes, double *per_mb);

#endif
