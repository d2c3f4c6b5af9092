// SPDX-License-Identifier: Apache-2.0
// A process with musl's malloc made by hand: libc's variables with the context, two pages of records,
// a group with a mapping of its own, one inside a slot of it, a large block.  Tests and the fuzz
// target break pieces of it.

#ifndef TESTS_MALLOC_MUSL_IMAGE_H
#define TESTS_MALLOC_MUSL_IMAGE_H

#include "glibc_image.h"
#include "malloc/musl.h"

#define MUSL_CODE_AT    UINT64_C(0x7f0000000000)
#define MUSL_DATA_AT    UINT64_C(0x7f0000100000)
#define MUSL_CONTEXT_AT (MUSL_DATA_AT + 0x1fd0) // near the end of a page
#define MUSL_RECORDS_AT UINT64_C(0x555500001000)
#define MUSL_MORE_AT    UINT64_C(0x7f0000300000) // records that came later
#define MUSL_GROUP_AT   UINT64_C(0x7f0010000000)
#define MUSL_LARGE_AT   UINT64_C(0x7f0020000000)
#define MUSL_SECRET     UINT64_C(0x123456789abcdef1)
enum { MUSL_GROUP_PAGES = 8, MUSL_LARGE_PAGES = 40, MUSL_LARGE_SLOT = 63, MUSL_GROUP_SLOT = 31 };

static inline uint64_t musl_record_at(uint64_t area, unsigned i)
{
	return area + 24 + 40 * (uint64_t)i;
}

static inline void musl_put_record(struct image *im, uint64_t area, unsigned i, uint64_t group,
				   unsigned slots, unsigned class, uint64_t pages)
{
	uint64_t at = musl_record_at(area, i);

	image_put(im, at + 16, group);
	image_put(im, at + 32, (slots - 1) | 1 << 5 | class << 6 | pages << 12);
	image_put(im, group, at);
}

static inline void musl_put_area(struct image *im, uint64_t at, uint64_t next)
{
	image_put(im, at, MUSL_SECRET);
	image_put(im, at + 8, next);
	image_put32(im, at + 16, 101);
}

static inline void musl_image_init(struct image *im)
{
	static const char PATH[] = "/lib/ld-musl-x86_64.so.1";

	memset(im, 0, sizeof(*im));
	im->maps.at = im->mappings;
	image_map(im, MUSL_RECORDS_AT - PAGE_SIZE_BYTES, 2, "[heap]");
	image_map(im, MUSL_CODE_AT, 1, PATH);
	im->mappings[1].executable = true;
	im->mappings[1].writable = false;
	image_map(im, MUSL_DATA_AT, 1, PATH);
	image_map(im, MUSL_DATA_AT + PAGE_SIZE_BYTES, 3, "");
	image_map(im, MUSL_MORE_AT, 1, "");
	image_map(im, MUSL_GROUP_AT, MUSL_GROUP_PAGES, "");
	image_map(im, MUSL_LARGE_AT, MUSL_LARGE_PAGES, "");
	for (size_t i = 1; i < 3; i++)
		im->mappings[i].inode = 7;
	image_put(im, MUSL_CONTEXT_AT, MUSL_SECRET);
	image_put(im, MUSL_CONTEXT_AT + 56, MUSL_RECORDS_AT); // meta_area_head
	image_put(im, MUSL_CONTEXT_AT + 64, MUSL_MORE_AT);
	musl_put_area(im, MUSL_RECORDS_AT, MUSL_MORE_AT);
	musl_put_area(im, MUSL_MORE_AT, 0);
	musl_put_record(im, MUSL_RECORDS_AT, 0, MUSL_GROUP_AT, 7, MUSL_GROUP_SLOT,
			MUSL_GROUP_PAGES);
	musl_put_record(im, MUSL_RECORDS_AT, 1, MUSL_GROUP_AT + 32, 4, 3, 0); // in its first slot
	musl_put_record(im, MUSL_MORE_AT, 100, MUSL_LARGE_AT, 1, MUSL_LARGE_SLOT, MUSL_LARGE_PAGES);
	memory_init(&im->memory, &im->mem);
	memory_add_segment(&im->memory, 0, UINT64_C(1) << 47, &IMAGE_SOURCE, im);
	im->view = (struct malloc_view){ .memory = &im->memory, .maps = &im->maps };
}

#endif
