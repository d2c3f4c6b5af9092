// SPDX-License-Identifier: Apache-2.0
// Objects and bytes by class, read from the Java heap of a VM that goes on running.
//
// Spaces are walked from object to object up to their tops, whole.  What a collection fell into is read
// again; parts that no object explains are counted as skipped, never guessed.

#ifndef JVM_LIVEHISTO_H
#define JVM_LIVEHISTO_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/range.h"

struct arena;
struct fail;
struct hotspot;
struct hotspot_classes;

struct livehisto_row {
	uint64_t count, bytes;         // of all
	uint64_t old_count, old_bytes; // of them in the old generation
};

struct livehisto {
	struct livehisto_row *rows; // one for each of `classes`, in their order
	uint64_t objects, bytes;
	uint64_t used;    // below the tops
	uint64_t gaps;    // of it parts of threads' buffers that are not given out yet
	uint64_t skipped; // of it bytes that no object of a known class explains
	unsigned repeats; // readings that a collection fell into
};

// ABSENT: a collector whose objects can't be walked from outside, or collections that left no time for it.
// Rows live in `mem`.
bool livehisto_read(const struct hotspot *vm, const struct hotspot_classes *classes,
		    struct arena *mem, struct livehisto *out, struct fail *why);

// One old space of which all is known: for tests.
struct livehisto_given {
	struct range space;
	const struct range *gaps; // sorted
	size_t gap_count;
	uint64_t mirror_size; // offset in a java.lang.Class of its size in words
	uint64_t align;       // of objects: a power of two from 8 on
};
bool livehisto_walk(const struct hotspot *vm, const struct hotspot_classes *classes,
		    const struct livehisto_given *given, struct arena *mem, struct livehisto *out,
		    struct fail *why);

#endif
