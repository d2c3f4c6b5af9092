// SPDX-License-Identifier: Apache-2.0
// HotSpot's VirtualSpace: a reserved range and the committed part of it.
//
// Used for code heaps, generations and Metaspace up to 15.  What is returned has passed its checks.

#ifndef JVM_VIRTUALSPACE_H
#define JVM_VIRTUALSPACE_H

#include <stdbool.h>
#include <stdint.h>

struct fail;
struct hotspot;

struct virtualspace {
	uint64_t low_boundary, high_boundary; // reserved
	uint64_t low, high;                   // committed
};

// The VirtualSpace object at `at` (often a member of another).  CORRUPT unless
// low_boundary == low <= high <= high_boundary, all page-aligned, and the reserved range begins
// and ends inside mappings; an empty one (all zero) is CORRUPT too.
bool virtualspace_read(const struct hotspot *vm, uint64_t at, struct virtualspace *out,
		       struct fail *why);
// The same checks on bounds that came from elsewhere, where low may lie above low_boundary.
bool virtualspace_check(const struct hotspot *vm, const struct virtualspace *v, struct fail *why);

#endif
