// SPDX-License-Identifier: Apache-2.0
// Chunks for the image of glibc_image.h: the main heap is laid out chunk by chunk by the test, the other
// arenas hold one chunk and their top each.  All pages of heaps are present.

#ifndef TESTS_MALLOC_CHUNK_IMAGE_H
#define TESTS_MALLOC_CHUNK_IMAGE_H

#include "glibc_image.h"
#include "malloc/glibc.h"
#include "os/pages.h"

enum { CHUNK_RUNS = 8 };

struct chunk_image {
	struct image im;
	struct page_run runs[CHUNK_RUNS];
	struct pages pages;
	uint64_t at;        // where the next chunk of the main heap goes
	bool before_in_use; // the last one
};

static inline uint64_t chunk_main_at(void)
{
	return LIBC_AT + MAIN_OFFSET;
}

// A chunk of the main heap; the caller's bytes start 16 behind what is returned.
static inline uint64_t chunk_put(struct chunk_image *c, uint64_t size, bool in_use)
{
	uint64_t at = c->at;

	image_put(&c->im, at + 8, size | (c->before_in_use ? 1 : 0));
	if (!in_use)
		image_put(&c->im, at + size, size);
	c->before_in_use = in_use;
	c->at += size;
	return at;
}

// What is left of the main heap is its top.
static inline void chunk_put_top(struct chunk_image *c)
{
	image_put(&c->im, chunk_main_at() + c->im.layout.bins - 16, c->at);
	image_put(&c->im, c->at + 8,
		  (BRK_AT + HEAP_PAGES * PAGE_SIZE_BYTES - c->at) | (c->before_in_use ? 1 : 0));
}

// One chunk from `first` to `last`, and there the top with what is left of the heap.
static inline void chunk_fill_heap(struct image *im, uint64_t first, uint64_t top, uint64_t end)
{
	image_put(im, first + 8, (top - first) | 5);
	image_put(im, top + 8, (end - top) | 1);
}

static inline uint64_t chunk_first_of(const struct image *im, uint64_t heap)
{
	uint64_t behind = heap + im->layout.heap_header + im->layout.bins + 2072 + 16;

	return (behind + 15) & ~UINT64_C(15);
}

static inline void chunk_present(struct chunk_image *c, uint64_t at, uint64_t page_count)
{
	c->runs[c->pages.count++] =
		(struct page_run){ at, at + page_count * PAGE_SIZE_BYTES, PAGE_PRESENT };
}

static inline void chunk_init(struct chunk_image *c, const struct image_layout *layout)
{
	struct image *im = &c->im;
	uint64_t end = SECOND_AT + SECOND_HEAP_PAGES * (uint64_t)PAGE_SIZE_BYTES, first;

	image_init(im, layout);
	c->pages = (struct pages){ .at = c->runs };
	chunk_present(c, BRK_AT, HEAP_PAGES);
	chunk_present(c, LIBC_AT, LIBC_PAGES);
	chunk_present(c, ARENA_AT, FIRST_HEAP_PAGES);
	chunk_present(c, SECOND_AT, SECOND_HEAP_PAGES);
	chunk_present(c, THIRD_AT, THIRD_HEAP_PAGES);
	chunk_present(c, MIXED_AT, MIXED_PAGES);
	chunk_present(c, OTHER_AT, OTHER_PAGES);
	im->view.pages = &c->pages;
	chunk_fill_heap(im, chunk_first_of(im, ARENA_AT), ARENA_AT + 0x5000,
			ARENA_AT + FIRST_HEAP_PAGES * PAGE_SIZE_BYTES);
	chunk_fill_heap(im, THIRD_AT + layout->heap_header, THIRD_AT + 0x2000,
			THIRD_AT + THIRD_HEAP_PAGES * PAGE_SIZE_BYTES);
	first = chunk_first_of(im, SECOND_AT);
	image_put(im, first + 8, (end - 32 - first) | 5);
	image_put(im, end - 32 + 8, 16 | 1); // what ends a heap that is full
	image_put(im, end - 16 + 8, 0 | 1);
	c->at = BRK_AT;
	c->before_in_use = true;
}

static inline uint64_t chunk_mangle(uint64_t to, uint64_t field)
{
	return to ^ field >> 12;
}

#endif
