// SPDX-License-Identifier: Apache-2.0
// Where glibc keeps main_arena and mp_, found by their own redundancy: no symbols, no version.
//
// main_arena is the place in libc's writable memory where 127 list heads stand in a row and whose
// `next` ring comes back to itself through arenas that their own heaps confirm.  mp_ is where the
// counters, their maxima and the start of the heap agree.  Two places that pass are a failure.
// Offsets and probes: docs/formats/glibc-malloc.md.

#ifndef MALLOC_GLIBC_LAYOUT_H
#define MALLOC_GLIBC_LAYOUT_H

#include <stdbool.h>
#include <stdint.h>

#include "base/range.h"
#include "malloc/view.h"

struct arena;
struct fail;

enum {
	GLIBC_ARENA_LIMIT = 4096,  // arenas in a ring
	GLIBC_HEAP_LIMIT = 100000, // heaps of one arena
};

struct glibc_layout {
	uint64_t library_at; // libc's first mapping
	struct range libc;   // its writable memory: .data and .bss
	uint64_t main_at;    // main_arena
	// Offsets in struct malloc_state.
	uint32_t top, bins, next, attached, system;
	uint64_t heap_bytes; // alignment and address space of a heap: 64 MB, 8 MB with huge pages
	bool has_fast_bins;  // glibc up to 2.42
};

// malloc_par's live words that say how many chunks have mappings of their own.
struct glibc_counters {
	uint64_t mmaps;     // n_mmaps
	uint64_t mmapped;   // mmapped_mem: bytes of these mappings
	uint64_t sbrk_base; // 0 before the first sbrk
	uint64_t mmap_threshold;
};

// What it was told, or has found best since.
struct glibc_limits {
	uint64_t trim_threshold, top_pad, mmap_threshold;
	uint64_t arena_max; // 0: not set
};

struct glibc_params {
	bool known;
	uint64_t at;                              // mp_
	uint32_t n_mmaps, mmapped_mem, sbrk_base; // offsets
};

// Further words of malloc_par, whose places follow from those of the counters.
struct glibc_tuning {
	uint64_t huge_page;    // of the tunable hugetlb=1; 0: off
	bool no_dyn_threshold; // mmap and trim threshold were set, and stay
	uint64_t mmap_max;     // n_mmaps_max
	uint64_t most_mapped;  // max_mmapped_mem: at any time so far
	uint64_t cache_count;  // chunks that a list of a thread's cache may have
	uint64_t cache_most;   // bytes of the largest chunk that is cached, less its header
};

// Of several libcs (dlmopen loads one for each namespace) the one whose arenas hold most.  ABSENT:
// no glibc in these mappings, or its malloc was never used; CORRUPT: layout unknown.
bool glibc_layout_find(const struct malloc_view *v, struct arena *mem, struct glibc_layout *out,
		       struct fail *why);
// False when no place, or more than one, looks like mp_: then counters can't be checked.
bool glibc_params_find(const struct malloc_view *v, const struct glibc_layout *layout,
		       struct arena *mem, struct glibc_params *out);
bool glibc_params_read(const struct malloc_view *v, const struct glibc_params *params,
		       struct glibc_counters *out, struct fail *why);
bool glibc_limits_read(const struct malloc_view *v, const struct glibc_params *params,
		       struct glibc_limits *out, struct fail *why);
bool glibc_tuning_read(const struct malloc_view *v, const struct glibc_params *params,
		       struct glibc_tuning *out, struct fail *why);
// True when `arena` is a malloc_state that the first heap around it calls its own.
bool glibc_layout_check_arena(const struct malloc_view *v, uint64_t heap_bytes, uint64_t arena);
// The first mapping of the next loaded libc above `after` (NULL: of the first one; a file of that
// name that is merely mapped is none), or, for a static program, the program's; NULL when there is
// no more.
const struct mapping *glibc_layout_library(const struct maps *maps, const struct mapping *after);

#endif
