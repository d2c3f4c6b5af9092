// SPDX-License-Identifier: Apache-2.0
// ZGC's heap from inside: what a reference leads to now, and which pages there are.
//
// A reference in a field that nobody has loaded since the last cycle still names the place that its
// object was moved away from; who loads it looks the object up in the forwarding table of that
// place, and so does zheap_address().  Two kinds of references: with colours in the low bits and
// two generations (21+), and with one bit above the address's, which picks one of three views of the
// same memory.  Format notes: docs/formats/zgc.md.

#ifndef JVM_ZHEAP_H
#define JVM_ZHEAP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/range.h"

struct arena;
struct fail;
struct hotspot;
struct mapping;

enum { ZHEAP_GRANULE_SHIFT = 21 }; // 2 MB: what the heap's tables count in

// A table with an entry for each granule of the heap's addresses.
struct zheap_map {
	uint64_t at, count; // 0, 0: not found
};

enum zheap_generation { ZHEAP_YOUNG, ZHEAP_OLD, ZHEAP_GENERATIONS };

struct zheap {
	bool coloured;       // generational: colours below the address
	bool old_names;      // JDK 21's other ZGC, whose names begin with X
	uint64_t at, end;    // the ZHeap object
	uint64_t allocator;  // ZPageAllocator, in it
	uint64_t page_table; // ZPageTable, in it
	uint64_t offset_mask;
	// Of the masks that change with each phase: the one with what is up to date, and (without
	// generations) the one with what is not.
	uint64_t good_at, weak_bad_at;
	struct zheap_map pages; // of ZPage*
	// Of ZForwarding*.  Without generations there is one, and on JDK 11 none: there a page has it.
	struct zheap_map forwardings[ZHEAP_GENERATIONS];
	const struct mapping *memory; // one that has a page of the heap; NULL: there is none yet
};

// For hotspot_open(), once the heap is found.  ABSENT: this VM does not export ZGC's tables;
// CORRUPT: layout unknown.
bool zheap_open(const struct hotspot *vm, struct arena *mem, struct zheap **out, struct fail *why);
// Where the object is that the word `raw` of a field or handle names; 0: null.
uint64_t zheap_address(const struct hotspot *vm, uint64_t raw);

enum zheap_page_type { ZHEAP_SMALL, ZHEAP_MEDIUM, ZHEAP_LARGE };
struct zheap_page {
	uint64_t start, end; // offsets in the heap
	enum zheap_page_type type;
};
// The page that `offset` belongs to; false when there is none, or it makes no sense.  `vm` has a zheap,
// as for zheap_addresses().
bool zheap_page(const struct hotspot *vm, uint64_t offset, struct zheap_page *out);
// All addresses that the heap may have, those of other views included.
struct range zheap_addresses(const struct zheap *z);
// Whether the mapping is of the heap's memory file: the one that a page is mapped from or, without pages,
// the one of that name.
bool zheap_is_memory(const struct hotspot *vm, const struct mapping *m);

#endif
