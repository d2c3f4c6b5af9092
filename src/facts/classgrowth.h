// SPDX-License-Identifier: Apache-2.0
// What two moments tell of classes: how fast families grow, and definitions that left no class.

#ifndef FACTS_CLASSGROWTH_H
#define FACTS_CLASSGROWTH_H

#include <stdbool.h>
#include <stdint.h>

struct arena;
struct snapshot;

struct classgrowth {
	bool known;      // two moments were looked at
	double *per_s;   // of now->families, in their order: classes a second
	double *per_mb;  // for each 2^20 bytes that the program allocated; NULL: not known
	const char *why; // why per_mb is not known
};

// `first` is `now` without a window.  Arrays live in `mem`.
void classgrowth_of(const struct snapshot *first, const struct snapshot *now, double window_s,
		    struct arena *mem, struct classgrowth *out);

struct definitions {
	bool known;
	uint64_t counted;  // classes loaded less unloaded, by the VM's counters
	uint64_t found;    // classes that are there, without arrays
	uint64_t repeated; // of them, those of a name that its loader has already
	uint64_t lost;     // counted and not there: definitions that failed and whose class is gone
};

// Of one moment, where duplicates were asked for.
void classgrowth_definitions(const struct snapshot *s, struct definitions *out);

#endif
