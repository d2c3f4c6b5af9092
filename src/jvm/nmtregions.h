// SPDX-License-Identifier: Apache-2.0
// Every range that Native Memory Tracking knows of: where it lies, its category, and who reserved it.
//
// A list up to JDK 25, a tree since 26; both are found beside the mapping counters and believed only
// when their bytes, category by category, are those of the counters.  A VM that maps and unmaps meanwhile
// is read again.  Layouts and proofs: docs/formats/nmt-memory.md.

#ifndef JVM_NMTREGIONS_H
#define JVM_NMTREGIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"

struct fail;
struct hotspot;
struct nmtsummary;
struct statics;

enum { NMT_FRAMES = 4 }; // of a call stack

struct nmtregion {
	uint64_t start, end; // reserved
	uint64_t committed;
	uint32_t category;          // index into the summary's rows
	uint64_t stack[NMT_FRAMES]; // who reserved it, innermost first; zeros below level detail
};

struct nmtregions {
	VEC(struct nmtregion) list; // sorted, without overlap
};

// ABSENT: the summary's mapping counters are not known; CORRUPT: layout unknown, or the VM changed too
// fast.
bool nmtregions_read(const struct hotspot *vm, const struct statics *statics,
		     const struct nmtsummary *summary, struct arena *mem, struct nmtregions *out,
		     struct fail *why);

// ---- for the two layouts' files

struct nmtregions_walk {
	const struct hotspot *vm;
	const struct nmtsummary *summary;
	struct arena *mem;
	struct nmtregions *out;
};

// Adds one; false when it is no range of whole pages behind all others, or has no category.
bool nmtregions_add(struct nmtregions_walk *w, struct nmtregion r);
// Fill `out` from what `at` points to.  False: it is no such list or tree.
bool nmtregions_walk_list(struct nmtregions_walk *w, uint64_t at, bool old);
bool nmtregions_walk_tree(struct nmtregions_walk *w, uint64_t at);

#endif
