// SPDX-License-Identifier: Apache-2.0
// A process with glibc's malloc made by hand: libc's data with main_arena and mp_, a heap by brk,
// two more arenas, chunks with mappings of their own beside memory that is nobody's.  Tests and the
// fuzz target break pieces of it; nothing here is the product's.

#ifndef TESTS_MALLOC_GLIBC_IMAGE_H
#define TESTS_MALLOC_GLIBC_IMAGE_H

#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/fail.h"
#include "base/memory.h"
#include "base/units.h"
#include "malloc/view.h"
#include "parse/maps.h"

enum {
	IMAGE_PAGES = 256, // with contents
	IMAGE_SLOTS = 1024,
	IMAGE_MAPS = 16,
	LIBC_PAGES = 8,
	HEAP_PAGES = 40,
	MAIN_OFFSET = 0x1c60, // of main_arena in libc's data
	PARAMS_OFFSET = 0x340,
	FIRST_HEAP_PAGES = 33,
	SECOND_HEAP_PAGES = 16384, // a full heap, followed by a third
	THIRD_HEAP_PAGES = 20,
};
#define LIBC_AT   UINT64_C(0x7f0000100000)
#define BRK_AT    UINT64_C(0x555500000000)
#define ARENA_AT  UINT64_C(0x7f0010000000) // of the first heap of arena 1
#define SECOND_AT UINT64_C(0x7f0020000000) // of arena 2
#define THIRD_AT  UINT64_C(0x7f0030000000) // the second heap of arena 2
#define MIXED_AT  UINT64_C(0x7f0040000000) // native pages and mapped chunks in one mapping
#define OTHER_AT  UINT64_C(0x7f0050000000) // a mapping of one chunk

// Pages of the mixed mapping: native, chunk, chunk, native, aligned chunk, native.
enum {
	MIXED_CHUNK = 3,
	MIXED_CHUNK_PAGES = 40,
	MIXED_NEXT_PAGES = 50,
	MIXED_ALIGNED = 3 + 40 + 50 + 4,
	MIXED_ALIGNED_PAGES = 60,
	MIXED_PAGES = 3 + 40 + 50 + 4 + 60 + 5,
	OTHER_PAGES = 45,
};

struct image_layout { // of a glibc release
	uint32_t bins, n_mmaps, mmapped_mem, sbrk_base, heap_header;
	bool without_16; // the size word leaves 16 bytes out
};
static const struct image_layout GLIBC_2_31 = { 112, 40, 56, 72, 32, false };
static const struct image_layout GLIBC_2_36 = { 112, 60, 80, 96, 48, false };
static const struct image_layout GLIBC_2_43 = { 24, 68, 88, 104, 48, true };

struct image {
	struct arena mem;
	struct image_layout layout;
	struct { // page number and contents
		uint64_t page;
		unsigned char bytes[PAGE_SIZE_BYTES];
	} pages[IMAGE_PAGES];
	size_t page_count;
	uint16_t slots[IMAGE_SLOTS]; // open hash: number of the page, plus 1
	struct mapping mappings[IMAGE_MAPS];
	struct maps maps;
	struct memory memory;
	struct malloc_view view;
	unsigned reads;
};

static inline unsigned char *image_page(struct image *im, uint64_t at, bool make)
{
	uint64_t page = at / PAGE_SIZE_BYTES;
	size_t slot = (size_t)(page * 0x9e3779b97f4a7c15u >> 54);

	for (; im->slots[slot]; slot = (slot + 1) % IMAGE_SLOTS)
		if (im->pages[im->slots[slot] - 1].page == page)
			return im->pages[im->slots[slot] - 1].bytes;
	if (!make || im->page_count == IMAGE_PAGES)
		return NULL;
	im->pages[im->page_count].page = page;
	im->slots[slot] = (uint16_t)++im->page_count;
	return im->pages[im->page_count - 1].bytes;
}

static inline bool image_read(void *self, uint64_t at, void *to, size_t len, struct fail *why)
{
	struct image *im = self;

	im->reads++;
	for (size_t i = 0; i < len;) {
		const unsigned char *page = image_page(im, at + i, false);
		size_t offset = (size_t)((at + i) % PAGE_SIZE_BYTES);
		size_t n = PAGE_SIZE_BYTES - offset < len - i ? PAGE_SIZE_BYTES - offset : len - i;

		if (!maps_find(&im->maps, at + i))
			return fail(why, FAIL_ABSENT, "not mapped");
		if (page)
			memcpy((char *)to + i, page + offset, n);
		else
			memset((char *)to + i, 0, n);
		i += n;
	}
	return true;
}

static inline void image_put(struct image *im, uint64_t at, uint64_t value)
{
	unsigned char *page = image_page(im, at, true);

	if (!page)
		abort();
	memcpy(page + at % PAGE_SIZE_BYTES, &value, sizeof(value));
}

static inline void image_put32(struct image *im, uint64_t at, uint32_t value)
{
	unsigned char *page = image_page(im, at, true);

	if (!page)
		abort();
	memcpy(page + at % PAGE_SIZE_BYTES, &value, sizeof(value));
}

static inline void image_map(struct image *im, uint64_t start, uint64_t pages, const char *path)
{
	im->mappings[im->maps.count++] = (struct mapping){
		.start = start,
		.end = start + pages * PAGE_SIZE_BYTES,
		.readable = true,
		.writable = true,
		.path = path,
	};
}

// A malloc_state whose bins are all empty.
static inline void image_state(struct image *im, uint64_t at, uint64_t top, uint64_t next,
			       uint64_t system)
{
	uint64_t bins = at + im->layout.bins;

	for (unsigned i = 0; i < 127; i++) {
		image_put(im, bins + 16 * i, bins + 16 * i - 16);
		image_put(im, bins + 16 * i + 8, bins + 16 * i - 16);
	}
	image_put(im, bins - 16, top);
	image_put(im, bins + 2048, next);
	image_put(im, bins + 2064, 1); // attached_threads
	image_put(im, bins + 2072, system);
	image_put(im, bins + 2080, system);
}

static inline void image_heap(struct image *im, uint64_t at, uint64_t arena, uint64_t prev,
			      uint64_t pages)
{
	image_put(im, at, arena);
	image_put(im, at + 8, prev);
	image_put(im, at + 16, pages * PAGE_SIZE_BYTES);
	image_put(im, at + 24, pages * PAGE_SIZE_BYTES);
}

static inline void image_chunk(struct image *im, uint64_t at, uint64_t pages)
{
	image_put(im, at, 0);
	image_put(im, at + 8, (pages * PAGE_SIZE_BYTES - (im->layout.without_16 ? 16 : 0)) | 2);
}

// The header 48 bytes behind the mapping's start; before 2.43 the first header stays as well.
static inline void image_aligned_chunk(struct image *im, uint64_t at, uint64_t pages)
{
	if (!im->layout.without_16)
		image_chunk(im, at, pages);
	image_put(im, at + 48, 48);
	image_put(im, at + 56,
		  (pages * PAGE_SIZE_BYTES - 48 - (im->layout.without_16 ? 16 : 0)) | 2);
}

static inline void image_counters(struct image *im, uint32_t count, uint64_t pages)
{
	uint64_t params = LIBC_AT + PARAMS_OFFSET;

	image_put32(im, params + im->layout.n_mmaps, count);
	image_put32(im, params + im->layout.n_mmaps + 8, count);
	image_put(im, params + im->layout.mmapped_mem, pages * PAGE_SIZE_BYTES);
	image_put(im, params + im->layout.mmapped_mem + 8, pages * PAGE_SIZE_BYTES);
}

static inline void image_params(struct image *im)
{
	uint64_t params = LIBC_AT + PARAMS_OFFSET;

	image_put(im, params, 128 << 10);
	image_put(im, params + 8, 128 << 10);
	image_put(im, params + 16, 128 << 10);
	image_put(im, params + 24, 8);
	image_put32(im, params + im->layout.n_mmaps + 4, 65536);
	image_put(im, params + im->layout.sbrk_base, BRK_AT);
	image_counters(im, 4,
		       MIXED_CHUNK_PAGES + MIXED_NEXT_PAGES + MIXED_ALIGNED_PAGES + OTHER_PAGES);
}

static inline void image_arenas(struct image *im)
{
	uint64_t main_at = LIBC_AT + MAIN_OFFSET, header = im->layout.heap_header;
	uint64_t top = BRK_AT + 0x1000;

	image_state(im, main_at, top, ARENA_AT + header, HEAP_PAGES * PAGE_SIZE_BYTES);
	image_put(im, top + 8, (HEAP_PAGES * PAGE_SIZE_BYTES - 0x1000) | 1);
	image_heap(im, ARENA_AT, ARENA_AT + header, 0, FIRST_HEAP_PAGES);
	image_state(im, ARENA_AT + header, ARENA_AT + 0x5000, SECOND_AT + header,
		    FIRST_HEAP_PAGES * PAGE_SIZE_BYTES);
	image_heap(im, SECOND_AT, SECOND_AT + header, 0, SECOND_HEAP_PAGES);
	image_heap(im, THIRD_AT, SECOND_AT + header, SECOND_AT, THIRD_HEAP_PAGES);
	image_state(im, SECOND_AT + header, THIRD_AT + 0x2000, main_at,
		    (uint64_t)(SECOND_HEAP_PAGES + THIRD_HEAP_PAGES) * PAGE_SIZE_BYTES);
}

static const struct memory_source IMAGE_SOURCE = { .read = image_read };

// `im` is large: static, or from an allocator.
static inline void image_init(struct image *im, const struct image_layout *layout)
{
	memset(im, 0, sizeof(*im));
	im->layout = *layout;
	im->maps.at = im->mappings;
	image_map(im, BRK_AT, HEAP_PAGES, "[heap]");
	image_map(im, LIBC_AT, LIBC_PAGES, "/lib/x86_64-linux-gnu/libc.so.6");
	image_map(im, ARENA_AT, FIRST_HEAP_PAGES, "");
	image_map(im, SECOND_AT, SECOND_HEAP_PAGES, "");
	image_map(im, THIRD_AT, THIRD_HEAP_PAGES, "");
	image_map(im, MIXED_AT, MIXED_PAGES, "");
	image_map(im, OTHER_AT, OTHER_PAGES, "");
	image_arenas(im);
	image_params(im);
	image_chunk(im, MIXED_AT + MIXED_CHUNK * PAGE_SIZE_BYTES, MIXED_CHUNK_PAGES);
	image_chunk(im, MIXED_AT + (MIXED_CHUNK + MIXED_CHUNK_PAGES) * PAGE_SIZE_BYTES,
		    MIXED_NEXT_PAGES);
	image_aligned_chunk(im, MIXED_AT + MIXED_ALIGNED * PAGE_SIZE_BYTES, MIXED_ALIGNED_PAGES);
	image_chunk(im, OTHER_AT, OTHER_PAGES);
	memory_init(&im->memory, &im->mem);
	memory_add_segment(&im->memory, 0, UINT64_C(1) << 47, &IMAGE_SOURCE, im);
	im->view = (struct malloc_view){ .memory = &im->memory, .maps = &im->maps };
}

static inline void image_drop(struct image *im)
{
	arena_drop(&im->mem);
}

#endif
