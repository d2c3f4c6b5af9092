// SPDX-License-Identifier: Apache-2.0
// Copies of a target's pages: 64 MB of slots, handed out in order and taken back all at once.
//
// A fresh buffer costs more in page faults than the copy itself, so the slots are reused and backed
// by huge pages.  Slots in a row let one call fill many; a page becomes findable by being kept.

#ifndef OS_PAGEPOOL_H
#define OS_PAGEPOOL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { PAGEPOOL_SLOTS = 16384 };

struct pagepool {
	unsigned char *slots; // NULL until made
	struct pagepool_entry *table;
	uint32_t used, generation;
};

bool pagepool_make(struct pagepool *p); // once; true as well when it is there; false: no memory
void pagepool_close(struct pagepool *p);
void pagepool_forget(struct pagepool *p); // all copies
// The copy of the page at `at` (page-aligned address of the target), or NULL.
const unsigned char *pagepool_find(const struct pagepool *p, uint64_t at);
// `count` free slots in a row (at most PAGEPOOL_SLOTS): where there are not as many, all copies go.
unsigned char *pagepool_take(struct pagepool *p, size_t count);
size_t pagepool_left(const struct pagepool *p);         // free slots before copies must go
unsigned char *pagepool_next(const struct pagepool *p); // the slot that keep() takes
// The next slot in the row is the copy of the page at `at`.
void pagepool_keep(struct pagepool *p, uint64_t at);

#endif
