// SPDX-License-Identifier: Apache-2.0
// Percentiles of any number of durations in bounded memory: exact up to a quarter of a million, then
// by a histogram whose buckets are 0.1 % wide.

#ifndef GCLOG_DURATIONS_H
#define GCLOG_DURATIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { DURATIONS_EXACT = 1 << 18, DURATIONS_STEPS = 1024, DURATIONS_OCTAVES = 46 };

struct durations {
	uint64_t count;
	double *exact; // the first DURATIONS_EXACT
	size_t room;
	bool sorted;
	uint32_t *bucket; // once there are more
};

void durations_add(struct durations *d, double seconds);
// The value below which `share` (0 to 1) of them lie, by the nearest rank; NAN when there are none.
double durations_percentile(struct durations *d, double share);
void durations_drop(struct durations *d);

#endif
