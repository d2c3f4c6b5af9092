// SPDX-License-Identifier: Apache-2.0
// The code heaps: ranges, what is used of them, and their segment maps.
//
// No code is read: what is used comes from the heap's own counters where their free list confirms
// them, else from the headers of the blocks.

#ifndef JVM_CODEHEAPS_H
#define JVM_CODEHEAPS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "jvm/virtualspace.h"

struct arena;
struct fail;
struct hotspot;

#define CODEHEAPS_UNKNOWN UINT64_MAX
enum { CODEHEAPS_LIMIT = 8 }; // real VMs have 1 to 4

struct codeheaps_heap {
	// "non-nmethods", "profiled nmethods", "non-profiled nmethods"; "code cache" when there is
	// but one, or when the VM's own name was not found.
	const char *name;
	uint64_t at;                // CodeHeap*
	struct virtualspace memory; // the blocks
	struct virtualspace segmap; // a byte a segment
	uint64_t segment_bytes;
	uint64_t used; // allocated and not free, as Compiler.codecache counts; or CODEHEAPS_UNKNOWN
};

struct codeheaps {
	struct codeheaps_heap at[CODEHEAPS_LIMIT];
	size_t count;
};

// ABSENT: not exported, or no code cache yet; CORRUPT: layout unknown.
bool codeheaps_read(const struct hotspot *vm, struct arena *mem, struct codeheaps *out,
		    struct fail *why);
// Used bytes of one heap from its counters, and from its block headers: the two ways, for the test
// that compares them.
bool codeheaps_used_by_counters(const struct hotspot *vm, const struct codeheaps_heap *heap,
				uint64_t *used, struct fail *why);
bool codeheaps_used_by_blocks(const struct hotspot *vm, const struct codeheaps_heap *heap,
			      uint64_t *used, struct fail *why);

#endif
