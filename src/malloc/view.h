// SPDX-License-Identifier: Apache-2.0
// What an allocator's walker looks at: the target's memory, its mappings, which pages are there,
// and which ranges have a proven owner already.
//
// Walkers read present pages alone when they search; only what a proven chain points to may be
// read from swap as well.  Where pages are not known (no pagemap) everything mapped may be
// read, and searches have a narrower bound.

#ifndef MALLOC_VIEW_H
#define MALLOC_VIEW_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/range.h"

struct fail;
struct mapping;
struct maps;
struct memory;
struct pages;

struct malloc_view {
	const struct memory *memory;
	const struct maps *maps;
	const struct pages *pages; // NULL: not known
	const struct range *taken; // sorted, without overlap: memory that is somebody else's
	size_t taken_count;
	// The mappings as they are now, for what moves while we look; NULL: they can't be had.
	bool (*read_maps)(void *arg, struct maps *out);
	void *read_maps_arg;
};

// Reads what a chain points to.  ABSENT when a page was never touched, so that looking makes none; of
// memory that was mapped since the pages were listed the source itself sees to that.
bool view_read(const struct malloc_view *v, uint64_t at, void *to, size_t len, struct fail *why);
bool view_read_u64(const struct malloc_view *v, uint64_t at, uint64_t *to, struct fail *why);
// The first present page at or above `at` and below `end`; `end` when there is none.
uint64_t view_next_present(const struct malloc_view *v, uint64_t at, uint64_t end);
// The first taken range that overlaps [start, end), or NULL.
const struct range *view_find_taken(const struct malloc_view *v, uint64_t start, uint64_t end);
// Private, writable, not executable and without a file: what mmap gives an allocator.  glibc and
// the kernel may name such memory "[anon:...]".
bool view_is_anonymous(const struct mapping *m);
// The end of the anonymous memory around `at`, over adjoining mappings; 0 when there is none.
uint64_t view_anonymous_end(const struct malloc_view *v, uint64_t at);
// As view_anonymous_end(), and at most `limit`; memory behind it that no one might touch when the
// mappings were read counts as well: a heap has grown into it since.
uint64_t view_grown_end(const struct malloc_view *v, uint64_t at, uint64_t limit);
// 16-aligned, above the first 64 KB and below 2^47: where a chunk can lie.
bool view_is_chunk_pointer(uint64_t value);

#endif
