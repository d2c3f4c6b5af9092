// SPDX-License-Identifier: Apache-2.0
// The collections within the window, by the pulses: how many, for which causes, what share of the time
// they took, and what each left in the old generation.
//
// A collection is seen by its counter, at the next pulse: of several in one pulse the last one's cause
// counts for all.  The time of concurrent phases is in no pause and not in the share.

#ifndef DIAGNOSE_COLLECTIONS_H
#define DIAGNOSE_COLLECTIONS_H

#include "diagnose/rule.h"

struct collection_level {
	double at_s;       // seconds into the window
	uint64_t old_used; // bytes in the old generation after it
	bool full;         // a collection of the old generation was among them
	bool exact;        // all were such: it is what they left, and nothing was added since
	bool cycle;        // pauses of a concurrent cycle were
};

struct collection_cause {
	const char *cause; // "Allocation Failure"
	uint64_t count;
};

struct collections {
	bool known;     // at least two pulses that have the counters
	double seconds; // between the first and the last of them
	uint64_t count; // collections, full ones included
	uint64_t full, cycle_pauses;
	double share, full_share;            // of the time, 0 to 1
	VEC(struct collection_level) levels; // in time; none where the old generation is not known
	VEC(struct collection_cause) causes; // most frequent first
};

void collections_sum(const struct evidence *e, struct arena *mem, struct collections *out);
// Collections for this cause within the window.
uint64_t collections_for(const struct collections *c, const char *cause);

#endif
