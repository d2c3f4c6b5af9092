// SPDX-License-Identifier: Apache-2.0
// Texts numbered in the order of their first appearance.

#ifndef COLLECT_TEXTS_H
#define COLLECT_TEXTS_H

#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"

struct texts {
	struct arena *mem; // set by whoever makes it; the copies live there
	uint32_t *buckets; // number + 1
	size_t size;
	VEC(const char *) texts; // by number
	VEC(uint64_t) hashes;
};

// The number of the text; a new one gets the next number and is copied.
uint32_t texts_number(struct texts *t, const char *text);

#endif
