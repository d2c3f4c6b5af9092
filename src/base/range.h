// SPDX-License-Identifier: Apache-2.0
// A range of addresses in the target; `end` is exclusive, so a range with both ends equal is empty.
//
// Plain numbers: nothing here knows what lies there.

#ifndef BASE_RANGE_H
#define BASE_RANGE_H

#include <stdbool.h>
#include <stdint.h>

struct range {
	uint64_t start, end;
};

static inline bool range_holds(struct range r, uint64_t at)
{
	return at >= r.start && at < r.end;
}
static inline bool range_overlaps(struct range a, struct range b)
{
	return a.start < b.end && b.start < a.end;
}

#endif
