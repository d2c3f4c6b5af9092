// SPDX-License-Identifier: Apache-2.0
// What objects hold that they need not: the same text or numbers again, collections with nothing in them,
// numbers in boxes, arrays that end in zeros.

#ifndef HEAP_CONTENTS_H
#define HEAP_CONTENTS_H

#include "heap/graph.h"

struct duplicate {
	uint32_t first; // one of them
	uint64_t count; // objects with the same contents
	uint64_t waste; // bytes of all but one
};
struct duplicates {
	struct duplicate *at; // by waste, largest first; at most `limit`
	size_t count;
	uint64_t objects, distinct, waste; // of all
};
// Strings, or arrays of primitives, with equal contents.
bool duplicates_find(const struct graph *g, bool strings, size_t limit, struct arena *mem,
		     struct duplicates *out, struct fail *why);

struct waste {
	const char *kind;
	const struct klass *k;
	uint64_t count;
	uint64_t bytes; // that could be saved
};
struct wastes {
	struct waste *at; // by bytes, largest first
	size_t count;
};
void waste_find(const struct graph *g, struct arena *mem, struct wastes *out);

#endif
