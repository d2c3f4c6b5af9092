// SPDX-License-Identifier: Apache-2.0
// Where a series of sizes is going: Theil and Sen's slope with its interval.
//
// Any number of points is taken in bounded memory: when there is no more room every other one is
// left out, and from then on only every second (fourth, ...) that comes.

#ifndef GCLOG_TREND_H
#define GCLOG_TREND_H

#include <stddef.h>
#include <stdint.h>

struct gc_trend;

enum { TREND_ROOM = 256, TREND_NEEDED = 5 };

struct trend {
	size_t count, skipped, stride; // stride 0: as 1
	struct {
		double t, value;
	} at[TREND_ROOM];
};

void trend_add(struct trend *s, double t, uint64_t value);
// `capacity`: where it ends; UNKNOWN_BYTES.  With fewer than TREND_NEEDED points only `points` is set.
void trend_judge(const struct trend *s, uint64_t capacity, struct gc_trend *out);

#endif
