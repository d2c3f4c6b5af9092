// SPDX-License-Identifier: Apache-2.0
// Which few objects hold much of the heap, where it accumulates below them, and what keeps them.
//
// After Eclipse MAT's rules (docs/formats/hprof.md), with one of our own: what an application's class
// loader holds is judged class by class, because all leaks in static fields of one loader would
// otherwise be one suspect, whose accumulation point is the loader's list of classes.

#ifndef HEAP_SUSPECTS_H
#define HEAP_SUSPECTS_H

#include "heap/paths.h"
#include "heap/tree.h"

enum { SUSPECT_SHARE = 10 }; // percent of the live heap
enum { SUSPECT_HELD = 3 };   // groups shown of what accumulates

struct suspect {
	uint32_t n;         // 0: a group
	const char *object; // what it is
	uint64_t count;     // of a group: objects
	uint64_t retained;
	uint32_t point; // where it accumulates
	const char *point_object;
	uint64_t point_retained;
	struct tree_group held[SUSPECT_HELD]; // what the point dominates, largest first
	size_t held_count;
	struct path path; // to the point, from a root, without weak references
	bool weak;        // there is no such path: only weaker references lead there
};

struct suspects {
	struct suspect *at; // largest first
	size_t count;
};

bool suspects_find(const struct graph *g, struct arena *mem, struct suspects *out,
		   struct fail *why);

#endif
