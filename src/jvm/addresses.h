// SPDX-License-Identifier: Apache-2.0
// A map from addresses in the target to a small number: visited sets and look-ups of the walks.
//
// Open addressing in an arena; address 0 is no key.  Nothing is ever removed: a walk that starts
// again stamps its entries with another number instead.

#ifndef JVM_ADDRESSES_H
#define JVM_ADDRESSES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct arena;

struct addresses {
	struct arena *mem;
	uint64_t *keys;
	uint32_t *values;
	size_t count, size; // size is a power of two, or 0
};

void addresses_init(struct addresses *set, struct arena *mem); // lives as long as `mem`
// Sets the value of `at`.  True when `at` was not there; else `*before` (may be NULL) is its old
// value.
bool addresses_put(struct addresses *set, uint64_t at, uint32_t value, uint32_t *before);
bool addresses_find(const struct addresses *set, uint64_t at, uint32_t *value);

#endif
