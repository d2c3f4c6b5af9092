// SPDX-License-Identifier: Apache-2.0
// The Java heap by space: what is committed and what is used (garbage included).
//
// Never walks objects.  Committed is the JVM's meaning, what native memory tracking calls the
// "Java Heap"; used is what lies below the tops.  A collector whose layout is only partly exported
// leaves the rest unknown and says so.

#ifndef JVM_SPACES_H
#define JVM_SPACES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct arena;
struct fail;
struct hotspot;

#define SPACES_UNKNOWN UINT64_MAX
enum { SPACES_LIMIT = 8 };

struct spaces_row {               // a space, or all regions of one kind (G1, Shenandoah)
	const char *name;         // "eden", "survivor", "from", "old", "humongous", "free" ...
	uint64_t start, end;      // 0, 0 where it has no one range
	uint64_t committed, used; // SPACES_UNKNOWN where nobody knows
	uint32_t regions;         // 0 for a collector without regions
};

struct spaces {
	struct spaces_row at[SPACES_LIMIT];
	size_t count;
	uint64_t committed, used; // of the whole heap; SPACES_UNKNOWN likewise
	uint64_t region_bytes;    // 0 for a collector without regions
	const char *unknown;      // what could not be told and why; NULL: all is known
};

// A torn read (the collector was at work) is read again, three times in all.
// ABSENT: the VM has no heap yet, or exports too little; CORRUPT: layout unknown.
bool spaces_read(const struct hotspot *vm, struct arena *mem, struct spaces *out, struct fail *why);

// For the readers of one collector.
void spaces_add(struct spaces *s, struct spaces_row row);
// [start, start + size) lies in the reserved heap.
bool spaces_in_heap(const struct hotspot *vm, uint64_t start, uint64_t end);

#endif
