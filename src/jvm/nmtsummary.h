// SPDX-License-Identifier: Apache-2.0
// Native Memory Tracking's own counters, by category: what malloc'd, what arenas and what mappings hold.
//
// Neither the names nor the counters are exported, and no symbol is asked for: the table of names is
// known by its first and last name, the malloc counters by a total that equals their sum, the mapping
// counters by the reserved bytes of categories that are known from elsewhere.  So a stripped library
// and a whole one read the same.  Chains and proofs: docs/formats/nmt-memory.md.

#ifndef JVM_NMTSUMMARY_H
#define JVM_NMTSUMMARY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct arena;
struct fail;
struct hotspot;
struct statics;

struct nmtsummary_row {
	const char *category; // the VM's own name: "Java Heap"
	uint64_t malloc_count, malloc_bytes;
	uint64_t malloc_peak;              // bytes; 0 where the VM keeps none (8, 11)
	uint64_t arena_count, arena_bytes; // of arenas, whose chunks are malloc'd as "Arena Chunk"
	uint64_t reserved, committed;      // of mappings
};

struct nmtsummary {
	struct nmtsummary_row *at; // in the VM's order: the index is a block's tag
	size_t count;
	bool malloc_known, mappings_known;
	const char *malloc_why_not, *mappings_why_not; // NULL when known
	uint64_t block_count;                          // malloc'd blocks with a header
	uint32_t block_overhead;                       // bytes that NMT adds to each
	uint64_t mappings_at;                          // where the mapping counters lie; 0 unknown
	uint32_t mapping_words; // of one of them: reserved, committed [, peak]
};

// Reserved bytes that others know for certain; 0: not known.
struct nmtsummary_known {
	uint64_t java_heap, code, class_space, metaspace;
};

// ABSENT or CORRUPT: not even the names are known.  Else the row of each category, whose malloc or
// mapping numbers are zero where `out` says that they are not known.
bool nmtsummary_read(const struct hotspot *vm, const struct statics *statics,
		     const struct nmtsummary_known *known, struct arena *mem,
		     struct nmtsummary *out, struct fail *why);
// Index of a category by the VM's name for it; `count` when there is none.
size_t nmtsummary_find(const struct nmtsummary *s, const char *category);

#endif
