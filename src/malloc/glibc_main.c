// SPDX-License-Identifier: Apache-2.0
#include "malloc/glibc_main.h"

#include <inttypes.h>
#include <string.h>

#include "base/memory.h"
#include "base/units.h"
#include "parse/maps.h"

enum {
	FENCEPOST = 16 | 1, // size word of the two last chunks of a part that was left
	CHUNK_MIN = 32,
	WALK_LIMIT = 4 * 1000 * 1000, // chunks walked to prove mapped regions
};

// The adjoining writable [heap] mappings that hold `at`, or the first ones where `at` is 0.
static struct range find_brk(const struct maps *maps, uint64_t at)
{
	struct range r = { 0, 0 };

	for (size_t i = 0; i < maps->count; i++) {
		const struct mapping *m = &maps->at[i];

		if (strcmp(m->path, "[heap]") != 0 || !m->writable)
			continue;
		if (r.start && m->start != r.end) {
			if (range_holds(r, at) || !at)
				return r;
			r.start = 0;
		}
		if (!r.start)
			r.start = m->start;
		r.end = m->end;
	}
	return !at || range_holds(r, at) ? r : (struct range){ 0, 0 };
}

static bool read_header(const struct malloc_view *v, uint64_t chunk, uint64_t *before,
			uint64_t *size)
{
	uint64_t words[2];

	if (!view_read(v, chunk, words, sizeof(words), NULL))
		return false;
	*before = words[0];
	*size = words[1];
	return true;
}

// What lies before the first may be free, which clears its low bit.
static bool is_fencepost_pair(const struct malloc_view *v, uint64_t at)
{
	uint64_t before, one, two;

	return read_header(v, at, &before, &one) && read_header(v, at + 16, &before, &two) &&
	       (one | 1) == FENCEPOST && two == FENCEPOST;
}

struct top {
	uint64_t at, system; // the chunk, and the arena's size
};

static bool read_top(const struct malloc_view *v, const struct glibc *g, struct top *out)
{
	return view_read_u64(v, g->layout.main_at + g->layout.top, &out->at, NULL) &&
	       view_read_u64(v, g->layout.main_at + g->layout.system, &out->system, NULL) &&
	       view_is_chunk_pointer(out->at) && !range_holds(g->layout.libc, out->at);
}

// The end of top, page-aligned, or 0.  Top, its size and the arena's size lie in two pages and may
// change between the two reads: they count when the first page says the same afterwards.  Where top
// lies in a page that was not there when the pages were listed, its size can't be read.  `system`,
// where not NULL, is the arena's size at the same moment.
static uint64_t find_top_end(const struct malloc_view *v, const struct glibc *g, uint64_t *top,
			     uint64_t *system)
{
	enum { TRIES = 8 };

	for (int i = 0; i < TRIES; i++) {
		struct top now, after;
		uint64_t before, size, end;
		bool read;

		memory_forget(v->memory);
		read = read_top(v, g, &now) && read_header(v, now.at, &before, &size);
		memory_forget(v->memory);
		if (!read || !read_top(v, g, &after) || now.at != after.at ||
		    now.system != after.system)
			continue;
		size &= ~(uint64_t)7;
		if (!__builtin_add_overflow(now.at, size, &end) && size >= 16 &&
		    !(end % PAGE_SIZE_BYTES) && end < (uint64_t)1 << 47) {
			*top = now.at;
			if (system)
				*system = now.system;
			return end;
		}
	}
	return 0;
}

// Where a part ends whose first chunk of 16 bytes is at `at`; 0 when it is no end.  An old top of
// 48 bytes leaves a third such chunk before the pair.
static uint64_t end_of_part(const struct malloc_view *v, uint64_t at)
{
	for (uint64_t pair = at; pair <= at + 16; pair += 16)
		if (!((pair + 32) % PAGE_SIZE_BYTES) && is_fencepost_pair(v, pair))
			return pair + 32;
	return 0;
}

// Walks from the first chunk of a region to its fencepost pair or to the end of top; 0 when it
// does not get there.
static uint64_t walk_region(const struct malloc_view *v, uint64_t start, uint64_t limit,
			    uint64_t top, uint64_t top_end, unsigned *steps)
{
	uint64_t before, size;

	for (uint64_t at = start; at < limit && *steps < WALK_LIMIT; at += size, ++*steps) {
		if (at == top)
			return top_end <= limit ? top_end : 0;
		if (!read_header(v, at, &before, &size) || size & 6 || (at == start && before) ||
		    (at == start && !(size & 1)))
			return 0;
		if ((size & ~(uint64_t)7) == 16)
			return end_of_part(v, at);
		size &= ~(uint64_t)7;
		if (size < CHUNK_MIN || size % 16)
			return 0;
	}
	return 0;
}

struct region_search {
	const struct malloc_view *v;
	struct arena *mem;
	struct glibc *g;
	uint64_t missing; // bytes still sought
	uint64_t top, top_end;
	unsigned steps;
};

// Regions merge into one mapping with whatever lies next to them, so every present page without
// an owner may start one.
static void search_mapping(struct region_search *s, const struct mapping *m)
{
	uint64_t at = m->start;

	while (s->missing && s->steps < WALK_LIMIT &&
	       (at = view_next_present(s->v, at, m->end)) < m->end) {
		const struct range *taken = view_find_taken(s->v, at, at + PAGE_SIZE_BYTES);
		uint64_t end = glibc_piece_end(s->g, at);

		s->steps += 8; // a page tried costs about as much as these chunks
		if (taken || end) {
			at = units_page_up(taken ? taken->end : end);
			continue;
		}
		end = walk_region(s->v, at, m->end, s->top, s->top_end, &s->steps);
		if (end && end - at <= s->missing &&
		    glibc_add_piece(
			    s->v, s->mem, s->g,
			    (struct glibc_piece){ at, end, GLIBC_MAIN_REGION, GLIBC_PROBED, 0 })) {
			s->missing -= end - at;
			s->g->arenas.at[0].heaps++;
			at = end;
		} else {
			at += PAGE_SIZE_BYTES;
		}
	}
}

static uint64_t sum_pieces(const struct glibc *g)
{
	uint64_t sum = 0;

	for (size_t i = 0; i < g->pieces.count; i++)
		if (!g->pieces.at[i].arena && g->pieces.at[i].part != GLIBC_CHUNK)
			sum += g->pieces.at[i].end - g->pieces.at[i].start;
	return sum;
}

void glibc_main_read_regions(const struct malloc_view *v, struct arena *mem, struct glibc *g)
{
	struct glibc_arena *a = &g->arenas.at[0];
	struct region_search s = { .v = v, .mem = mem, .g = g };
	uint64_t sum = sum_pieces(g), system = a->system - (uint64_t)g->brk_growth;

	s.missing = system > sum ? system - sum : 0;
	s.top_end = find_top_end(v, g, &s.top, NULL);
	if (s.missing && s.top && !glibc_holds(g, s.top, s.top + 1)) {
		const struct mapping *near = maps_find(v->maps, s.top);

		if (near && view_is_anonymous(near)) // the lowest region holds top
			search_mapping(&s, near);
		for (size_t i = 0; i < v->maps->count && s.missing; i++)
			if (&v->maps->at[i] != near && view_is_anonymous(&v->maps->at[i]))
				search_mapping(&s, &v->maps->at[i]);
		sum = sum_pieces(g);
	}
	a->whole = sum == system;
	if (!a->whole)
		vec_push(mem, &g->doubts,
			 arena_format(mem,
				      "the main arena's memory found is %" PRIu64
				      " bytes, its system_mem says %" PRIu64,
				      sum, system));
	for (size_t i = 0; a->whole && i < g->pieces.count; i++)
		if (!g->pieces.at[i].arena && g->pieces.at[i].part != GLIBC_CHUNK)
			g->pieces.at[i].doubt = GLIBC_SURE;
}

// Where a heap in one piece ends, by the arena's own count: for a top whose size can't be read.
static uint64_t end_by_size(const struct malloc_view *v, const struct glibc *g, struct range brk,
			    uint64_t *top)
{
	uint64_t end, at;

	if (__builtin_add_overflow(brk.start, g->arenas.at[0].system, &end) ||
	    end % PAGE_SIZE_BYTES ||
	    !view_read_u64(v, g->layout.main_at + g->layout.top, &at, NULL) ||
	    !view_is_chunk_pointer(at) || at < brk.start || at >= end)
		return 0;
	*top = at;
	return end;
}

// How far the heap reaches beyond its mapping as it was read: it grows while we look.
static uint64_t find_growth(const struct maps *maps, struct range brk, uint64_t top,
			    uint64_t top_end)
{
	if (top < brk.start || top_end <= brk.end)
		return 0;
	for (size_t i = 0; i < maps->count; i++)
		if (maps->at[i].start < top_end && maps->at[i].end > brk.end)
			return 0; // somebody else's, or top is elsewhere
	return top_end - brk.end;
}

// True when memory that was there when the pages were listed was given back since; somebody else's
// sbrk above top would still be there.
static bool was_trimmed(const struct malloc_view *v, uint64_t top_end, struct range brk)
{
	uint64_t at = view_next_present(v, top_end, brk.end), word;

	memory_forget(v->memory);
	return v->pages && at < brk.end && !view_read_u64(v, at, &word, NULL);
}

void glibc_main_read(const struct malloc_view *v, struct arena *mem, struct glibc *g)
{
	struct range brk = find_brk(v->maps, g->counters.sbrk_base);
	uint64_t top = 0, top_end = find_top_end(v, g, &top, &g->arenas.at[0].system), end;
	unsigned steps = 0;

	if (!g->arenas.at[0].system || !brk.start) // never used, or brk was blocked from the start
		return;
	if (g->counters.sbrk_base)
		brk.start = g->counters.sbrk_base; // a static program's TLS may lie before it
	if (!top_end)
		top_end = end_by_size(v, g, brk, &top);
	// What lies above top is somebody else's sbrk; a heap that grew since the mappings were
	// read ends where they end.  Where top went elsewhere the part ends in fenceposts: at its
	// end, or, when a foreign mapping lies right behind it in the same mapping, where its
	// chunks lead.
	g->brk_growth = (int64_t)find_growth(v->maps, brk, top, top_end);
	if (range_holds(brk, top) && top_end < brk.end && was_trimmed(v, top_end, brk))
		g->brk_growth = (int64_t)(top_end - brk.end);
	if (g->brk_growth)
		end = brk.end;
	else if (range_holds(brk, top))
		end = top_end < brk.end ? top_end : brk.end;
	else if (is_fencepost_pair(v, brk.end - 2 * 16))
		end = brk.end;
	else
		end = walk_region(v, (brk.start + 15) & ~(uint64_t)15, brk.end, top, top_end,
				  &steps);
	if (glibc_add_piece(
		    v, mem, g,
		    (struct glibc_piece){ brk.start, end, GLIBC_MAIN_HEAP, GLIBC_PROBED, 0 }))
		g->arenas.at[0].heaps++;
}
