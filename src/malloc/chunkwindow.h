// SPDX-License-Identifier: Apache-2.0
// A window over an allocator's memory for who walks through it upwards, word by word.
//
// Pages that the scan calls present come in large reads; others are asked for only when a word of them
// is needed, because a heap may have grown since the scan.  A page that can't be had (swapped, gone)
// is said to be so, never zeros in its place.

#ifndef MALLOC_CHUNKWINDOW_H
#define MALLOC_CHUNKWINDOW_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "base/units.h"

struct arena;
struct malloc_view;

enum {
	CHUNKWINDOW_BYTES = 256 << 10,
	CHUNKWINDOW_PAGES = CHUNKWINDOW_BYTES / PAGE_SIZE_BYTES,
};

enum chunkwindow_page { CHUNKWINDOW_NOT_READ, CHUNKWINDOW_READ, CHUNKWINDOW_UNREADABLE };

struct chunkwindow {
	const struct malloc_view *v;
	unsigned char *bytes;
	uint64_t start, end; // what it shows now; whole pages
	uint64_t limit;      // it never shows what lies behind
	size_t step;         // how far the next one reaches
	unsigned char state[CHUNKWINDOW_PAGES];
	uint64_t read;      // bytes so far
	uint64_t forget_at; // of them: when the reader's copies go
};

void chunkwindow_init(struct chunkwindow *w, const struct malloc_view *v, struct arena *mem);
// Shows nothing until asked again; memory behind `limit` is not read.
void chunkwindow_reset(struct chunkwindow *w, uint64_t limit);
// Makes the page of `at` readable in the window; false when it can't be had.
bool chunkwindow_show(struct chunkwindow *w, uint64_t at);

// An aligned word; false when its page can't be had.
static inline bool chunkwindow_word(struct chunkwindow *w, uint64_t at, uint64_t *to)
{
	if (at < w->start || at >= w->end ||
	    w->state[(at - w->start) / PAGE_SIZE_BYTES] != CHUNKWINDOW_READ)
		if (!chunkwindow_show(w, at))
			return false;
	memcpy(to, w->bytes + (at - w->start), sizeof(*to));
	return true;
}

#endif
