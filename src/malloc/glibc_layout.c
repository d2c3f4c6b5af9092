// SPDX-License-Identifier: Apache-2.0
#include "malloc/glibc_layout.h"

#include <inttypes.h>
#include <string.h>

#include "base/arena.h"
#include "base/fail.h"
#include "base/memory.h"
#include "base/units.h"
#include "parse/maps.h"

// struct malloc_state behind the bins: binmap[4], next, next_free, attached_threads, system_mem.
enum {
	BIN_HEADS = 127,
	BINS_BYTES = 2 * BIN_HEADS * 8,
	NEXT_BEHIND_BINS = BINS_BYTES + 16,
	ATTACHED_BEHIND_BINS = NEXT_BEHIND_BINS + 16,
	SYSTEM_BEHIND_BINS = NEXT_BEHIND_BINS + 24,
	STATE_BEHIND_BINS = SYSTEM_BEHIND_BINS + 16,
	LIBC_DATA_LIMIT = 1 << 20,
};

// Offset of bins in struct malloc_state: 2.27 to 2.42; before 2.27; without fast bins.
static const uint32_t BINS_OFFSETS[] = { 112, 104, 24 };

// Offsets in struct malloc_par: 2.26 to 2.34; 2.35 to 2.42; 2.43.
static const struct {
	uint32_t n_mmaps, mmapped_mem, sbrk_base;
} PARAMS[] = { { 40, 56, 72 }, { 60, 80, 96 }, { 68, 88, 104 } };

struct words {
	uint64_t start;
	const uint64_t *at;
	size_t count;
};

static bool is_libc_name(const char *name)
{
	return !strcmp(name, "libc.so.6") || (!strncmp(name, "libc-2.", 7) && strstr(name, ".so"));
}

const struct mapping *glibc_layout_library(const struct maps *maps, const struct mapping *after)
{
	const struct mapping *named = NULL;

	for (size_t i = 0; i < maps->count; i++) {
		const struct mapping *m = &maps->at[i];

		if (m->offset || !is_libc_name(mapping_file_name(m)))
			continue;
		if (maps_is_loaded(maps, i) && (!after || m > after))
			return m;
		if (!named)
			named = m;
	}
	if (named || after)
		return after ? NULL : named;
	for (size_t i = 0; i < maps->count; i++) // a static program has no other library
		if (maps->at[i].path[0] == '/')
			return strstr(mapping_file_name(&maps->at[i]), ".so") ? NULL : &maps->at[i];
	return NULL;
}

// From the first writable mapping of the library to the end of the anonymous memory behind it.
static bool find_data(const struct maps *maps, const struct mapping *library, struct range *out)
{
	struct range r = { 0, 0 };

	for (size_t i = (size_t)(library - maps->at); i < maps->count; i++) {
		const struct mapping *m = &maps->at[i];
		bool own = !strcmp(m->path, library->path);

		if (m > library && own && !m->offset)
			break; // the same file once more
		if (!m->writable || m->shared || (!own && !mapping_is_anonymous(m)))
			continue;
		if (!r.start && own)
			r = (struct range){ m->start, m->end };
		else if (r.end == m->start)
			r.end = m->end;
	}
	if (r.end - r.start > LIBC_DATA_LIMIT)
		r.end = r.start + LIBC_DATA_LIMIT; // .bss merged with what lies behind it
	*out = r;
	return r.start != 0;
}

// A copy of the library's writable memory; what can't be read is zeros.
static struct words read_data(const struct malloc_view *v, struct range data, struct arena *mem)
{
	size_t size = (size_t)(data.end - data.start);
	char *copy = arena_get(mem, size);

	memory_prefetch(v->memory, data.start, data.end);
	for (uint64_t p = data.start; p < data.end; p += PAGE_SIZE_BYTES)
		if (!memory_survey(v->memory, p, copy + (p - data.start), PAGE_SIZE_BYTES, NULL))
			memset(copy + (p - data.start), 0, PAGE_SIZE_BYTES);
	return (struct words){ data.start, (const uint64_t *)(const void *)copy, size / 8 };
}

// 127 list heads in a row, most of them pointing at themselves.  A few may be caught half changed.
static bool looks_like_bins(const struct words *w, size_t i, struct range data)
{
	unsigned own = 0, odd = 0;

	for (unsigned bin = 0; bin < BIN_HEADS && odd <= 3; bin++) {
		uint64_t head = w->start + (i + 2 * bin) * 8 - 16;
		uint64_t fd = w->at[i + 2 * bin], bk = w->at[i + 2 * bin + 1];

		if (fd == head && bk == head)
			own++;
		else if (!view_is_chunk_pointer(fd) || !view_is_chunk_pointer(bk) ||
			 range_holds(data, fd) || range_holds(data, bk))
			odd++;
	}
	return odd <= 3 && own >= 4;
}

bool glibc_layout_check_arena(const struct malloc_view *v, uint64_t heap_bytes, uint64_t arena)
{
	uint64_t heap = arena & ~(heap_bytes - 1);
	uint64_t words[4]; // ar_ptr, prev, size, mprotect_size

	return !(arena & 7) && (arena - heap == 32 || arena - heap == 48 || arena - heap == 64) &&
	       view_read(v, heap, words, sizeof(words), NULL) && words[0] == arena && !words[1] &&
	       words[2] >= PAGE_SIZE_BYTES && words[2] <= words[3] && words[3] <= heap_bytes;
}

// Follows `next` from the candidate until it comes back to it.
static bool ring_closes(const struct malloc_view *v, uint64_t main_at, uint32_t next,
			uint64_t heap_bytes)
{
	uint64_t at = main_at;

	for (unsigned i = 0; i < GLIBC_ARENA_LIMIT; i++) {
		if (!view_read_u64(v, at + next, &at, NULL))
			return false;
		if (at == main_at)
			return true;
		if (!glibc_layout_check_arena(v, heap_bytes, at))
			return false;
	}
	return false;
}

// 0 when the ring closes with no size of heaps.
static uint64_t find_heap_bytes(const struct malloc_view *v, uint64_t main_at, uint32_t next)
{
	static const uint64_t SIZES[] = { MIB(64),
					  MIB(8) }; // 8: four huge pages (tunable hugetlb=2)

	for (size_t i = 0; i < sizeof(SIZES) / sizeof(SIZES[0]); i++)
		if (ring_closes(v, main_at, next, SIZES[i]))
			return SIZES[i];
	return 0;
}

static bool check_state(const struct words *w, size_t bins)
{
	uint64_t attached = w->at[bins + ATTACHED_BEHIND_BINS / 8];
	uint64_t system = w->at[bins + SYSTEM_BEHIND_BINS / 8];
	uint64_t most = w->at[bins + SYSTEM_BEHIND_BINS / 8 + 1];

	return attached < 1 << 24 && system <= most && most < (uint64_t)1 << 47;
}

// Bytes that the arenas of a ring took from the kernel.
static uint64_t sum_system(const struct malloc_view *v, const struct glibc_layout *layout)
{
	uint64_t at = layout->main_at, sum = 0, system;

	for (unsigned i = 0; i < GLIBC_ARENA_LIMIT; i++) {
		if (!view_read_u64(v, at + layout->system, &system, NULL) ||
		    __builtin_add_overflow(sum, system, &sum) ||
		    !view_read_u64(v, at + layout->next, &at, NULL) || at == layout->main_at)
			break;
	}
	return sum;
}

// The places in one libc's writable memory that look like main_arena; the last of them in `found`.
static unsigned find_in(const struct malloc_view *v, const struct mapping *library,
			struct arena *mem, struct glibc_layout *found)
{
	struct words w;
	unsigned hits = 0;

	if (!find_data(v->maps, library, &found->libc))
		return 0;
	w = read_data(v, found->libc, mem);
	for (size_t i = 0; i + STATE_BEHIND_BINS / 8 <= w.count; i++) {
		if (!looks_like_bins(&w, i, found->libc) || !check_state(&w, i))
			continue;
		for (size_t k = 0; k < sizeof(BINS_OFFSETS) / sizeof(BINS_OFFSETS[0]); k++) {
			uint32_t bins = BINS_OFFSETS[k];
			uint64_t at = w.start + i * 8 - bins;

			uint64_t heap_bytes =
				at < w.start ? 0 : find_heap_bytes(v, at, bins + NEXT_BEHIND_BINS);

			if (!heap_bytes)
				continue;
			found->heap_bytes = heap_bytes;
			found->main_at = at;
			found->top = bins - 16;
			found->bins = bins;
			found->next = bins + NEXT_BEHIND_BINS;
			found->attached = bins + ATTACHED_BEHIND_BINS;
			found->system = bins + SYSTEM_BEHIND_BINS;
			found->has_fast_bins = found->top >= 88;
			hits++;
		}
	}
	found->library_at = library->start;
	return hits;
}

bool glibc_layout_find(const struct malloc_view *v, struct arena *mem, struct glibc_layout *out,
		       struct fail *why)
{
	const struct mapping *library = glibc_layout_library(v->maps, NULL);
	struct glibc_layout best = { 0 };
	unsigned doubtful = 0;

	if (!library)
		return fail(why, FAIL_ABSENT, "no libc.so.6 is mapped");
	for (; library; library = glibc_layout_library(v->maps, library)) {
		struct glibc_layout found = { 0 };
		unsigned hits = find_in(v, library, mem, &found);

		if (hits > 1)
			doubtful = hits;
		else if (hits && (!best.main_at || sum_system(v, &found) > sum_system(v, &best)))
			best = found;
	}
	if (!best.main_at && doubtful)
		return fail(why, FAIL_CORRUPT, "%u places in libc look like main_arena", doubtful);
	if (!best.main_at)
		return fail(why, FAIL_ABSENT,
			    "libc's malloc was never used, or its layout is unknown");
	*out = best;
	return true;
}

static uint32_t half_at(const struct words *w, size_t i, uint32_t offset)
{
	uint32_t value;

	memcpy(&value, (const char *)&w->at[i] + offset, sizeof(value));
	return value;
}

static bool is_page_multiple(uint64_t bytes)
{
	return !(bytes % PAGE_SIZE_BYTES) && bytes < (uint64_t)1 << 47;
}

// The usual constants count for more than a [heap] that starts where sbrk_base says, which is all
// that is left where somebody tuned malloc.
enum params_look { PARAMS_NO, PARAMS_TUNED, PARAMS_USUAL };

// n_mmaps, n_mmaps_max, max_n_mmaps, no_dyn_threshold, mmapped_mem, max_mmapped_mem, sbrk_base.
static enum params_look looks_like_params(const struct malloc_view *v, const struct words *w,
					  size_t i, size_t k)
{
	uint32_t n = half_at(w, i, PARAMS[k].n_mmaps);
	uint32_t limit = half_at(w, i, PARAMS[k].n_mmaps + 4);
	uint32_t most = half_at(w, i, PARAMS[k].n_mmaps + 8);
	uint32_t fixed = half_at(w, i, PARAMS[k].n_mmaps + 12);
	uint64_t bytes = w->at[i + PARAMS[k].mmapped_mem / 8];
	uint64_t most_bytes = w->at[i + PARAMS[k].mmapped_mem / 8 + 1];
	uint64_t base = w->at[i + PARAMS[k].sbrk_base / 8];
	uint64_t arena_test = w->at[i + 3];
	const struct mapping *heap = base ? maps_find(v->maps, base) : NULL;
	bool at_heap = heap && !strcmp(heap->path, "[heap]");

	if (n > most || bytes > most_bytes || fixed > 1 || !is_page_multiple(bytes) ||
	    !is_page_multiple(most_bytes) || !n != !bytes || !most != !most_bytes ||
	    (base && !at_heap && !(heap && view_is_anonymous(heap))) || bytes / PAGE_SIZE_BYTES < n)
		return PARAMS_NO;
	if (limit == 65536 && arena_test == 8)
		return PARAMS_USUAL;
	return at_heap && base - heap->start < KIB(64) && arena_test < 1 << 20 && limit <= INT32_MAX
		       ? PARAMS_TUNED
		       : PARAMS_NO;
}

bool glibc_params_find(const struct malloc_view *v, const struct glibc_layout *layout,
		       struct arena *mem, struct glibc_params *out)
{
	struct words w = read_data(v, layout->libc, mem);
	enum params_look best = PARAMS_NO;
	struct glibc_params found = { 0 };
	unsigned hits = 0;

	for (size_t i = 0; i + 112 / 8 <= w.count; i++)
		for (size_t k = 0; k < sizeof(PARAMS) / sizeof(PARAMS[0]); k++) {
			// The last layout is that of the releases without fast bins.
			bool fits = layout->has_fast_bins ==
				    (k + 1 < sizeof(PARAMS) / sizeof(PARAMS[0]));
			enum params_look look = fits ? looks_like_params(v, &w, i, k) : PARAMS_NO;

			if (look == PARAMS_NO || look < best)
				continue;
			hits = look > best ? 1 : hits + 1;
			best = look;
			found = (struct glibc_params){ true, w.start + i * 8, PARAMS[k].n_mmaps,
						       PARAMS[k].mmapped_mem, PARAMS[k].sbrk_base };
		}
	if (hits == 1)
		*out = found;
	return hits == 1;
}

bool glibc_params_read(const struct malloc_view *v, const struct glibc_params *params,
		       struct glibc_counters *out, struct fail *why)
{
	struct glibc_counters c = { 0 };
	uint32_t n;

	if (!params->known)
		return fail(why, FAIL_ABSENT, "mp_ was not found");
	if (!view_read(v, params->at + params->n_mmaps, &n, sizeof(n), why) ||
	    !view_read_u64(v, params->at + params->mmapped_mem, &c.mmapped, why) ||
	    !view_read_u64(v, params->at + params->sbrk_base, &c.sbrk_base, why) ||
	    !view_read_u64(v, params->at + 16, &c.mmap_threshold, why))
		return false;
	c.mmaps = n;
	*out = c;
	return true;
}

bool glibc_limits_read(const struct malloc_view *v, const struct glibc_params *params,
		       struct glibc_limits *out, struct fail *why)
{
	struct glibc_limits l = { 0 };

	if (!params->known)
		return fail(why, FAIL_ABSENT, "mp_ was not found");
	if (!view_read_u64(v, params->at, &l.trim_threshold, why) ||
	    !view_read_u64(v, params->at + 8, &l.top_pad, why) ||
	    !view_read_u64(v, params->at + 16, &l.mmap_threshold, why) ||
	    !view_read_u64(v, params->at + 32, &l.arena_max, why))
		return false;
	*out = l;
	return true;
}

bool glibc_tuning_read(const struct malloc_view *v, const struct glibc_params *params,
		       struct glibc_tuning *out, struct fail *why)
{
	enum { MAX = 4, NO_DYN = 12, HUGE_BEFORE = 20, HAS_HUGE = 60, CACHE = 8 };
	struct glibc_tuning t = { 0 };
	uint64_t at = params->at;
	uint32_t max, fixed;

	if (!params->known)
		return fail(why, FAIL_ABSENT, "mp_ was not found");
	if (!view_read(v, at + params->n_mmaps + MAX, &max, sizeof(max), why) ||
	    !view_read(v, at + params->n_mmaps + NO_DYN, &fixed, sizeof(fixed), why) ||
	    !view_read_u64(v, at + params->mmapped_mem + 8, &t.most_mapped, why))
		return false;
	// Since 2.35 the size of huge pages stands before the counters.
	if (params->n_mmaps >= HAS_HUGE &&
	    !view_read_u64(v, at + params->n_mmaps - HUGE_BEFORE, &t.huge_page, why))
		return false;
	if (t.huge_page & (t.huge_page - 1) || t.huge_page > GIB(1))
		t.huge_page = 0;
	// Behind sbrk_base: tcache_bins, tcache_max_bytes, tcache_count.
	if (!view_read_u64(v, at + params->sbrk_base + CACHE + 8, &t.cache_most, why) ||
	    !view_read_u64(v, at + params->sbrk_base + CACHE + 16, &t.cache_count, why))
		return false;
	t.mmap_max = max;
	t.no_dyn_threshold = fixed != 0;
	*out = t;
	return true;
}
