// SPDX-License-Identifier: Apache-2.0
#include "malloc/glibc.h"

#include <inttypes.h>
#include <string.h>

#include "base/fail.h"
#include "base/memory.h"
#include "base/units.h"
#include "malloc/glibc_main.h"
#include "malloc/glibc_mmapped.h"
#include "os/patience.h"
#include "parse/maps.h"

struct heap_info { // as glibc has it
	uint64_t arena, prev, size, mprotect_size;
};
struct heap {
	uint64_t at;
	struct heap_info info;
	bool newborn; // mapped since the mappings were read: none of its pages is in the scan
};
struct heaps {
	VEC(struct heap) list;
	uint64_t bytes;
};

static size_t first_above(const struct glibc *g, uint64_t start)
{
	size_t low = 0, high = g->pieces.count;

	while (low < high) {
		size_t mid = low + (high - low) / 2;

		if (g->pieces.at[mid].end <= start)
			low = mid + 1;
		else
			high = mid;
	}
	return low;
}

bool glibc_holds(const struct glibc *g, uint64_t start, uint64_t end)
{
	size_t i = first_above(g, start);

	return i < g->pieces.count && g->pieces.at[i].start < end;
}

const struct glibc_piece *glibc_first_piece(const struct glibc *g, uint64_t at)
{
	size_t i = first_above(g, at);

	return i < g->pieces.count ? &g->pieces.at[i] : NULL;
}

uint64_t glibc_piece_end(const struct glibc *g, uint64_t at)
{
	size_t i = first_above(g, at);

	return i < g->pieces.count && g->pieces.at[i].start <= at ? g->pieces.at[i].end : 0;
}

bool glibc_add_piece(const struct malloc_view *v, struct arena *mem, struct glibc *g,
		     struct glibc_piece p)
{
	size_t i = first_above(g, p.start);

	if (p.end <= p.start || view_find_taken(v, p.start, p.end) ||
	    (i < g->pieces.count && g->pieces.at[i].start < p.end))
		return false;
	vec_push(mem, &g->pieces, p);
	memmove(&g->pieces.at[i + 1], &g->pieces.at[i],
		(g->pieces.count - 1 - i) * sizeof(*g->pieces.at));
	g->pieces.at[i] = p;
	return true;
}

static bool read_heap(const struct malloc_view *v, const struct glibc *g, uint64_t at,
		      uint64_t arena, struct heap *out)
{
	struct heap_info i;

	if (at % g->layout.heap_bytes || !view_read(v, at, &i, sizeof(i), NULL))
		return false;
	if (i.arena != arena || i.size < PAGE_SIZE_BYTES || i.size > i.mprotect_size ||
	    i.mprotect_size > g->layout.heap_bytes || i.size % PAGE_SIZE_BYTES ||
	    i.mprotect_size % PAGE_SIZE_BYTES)
		return false;
	*out = (struct heap){ at, i, !maps_find(v->maps, at) };
	return out->newborn || view_anonymous_end(v, at);
}

// From the heap that holds top to the first one, by `prev`.  True when the first is the one that
// the arena itself lies in and the sizes sum to system_mem.
static bool follow_heaps(const struct malloc_view *v, const struct glibc *g,
			 const struct glibc_arena *a, struct arena *mem, struct heaps *out)
{
	uint64_t own = a->at & ~(g->layout.heap_bytes - 1), at;

	*out = (struct heaps){ 0 };
	if (!view_read_u64(v, a->at + g->layout.top, &at, NULL))
		return false;
	at &= ~(g->layout.heap_bytes - 1);
	while (out->list.count < GLIBC_HEAP_LIMIT && out->bytes < a->system) {
		struct heap h;

		if (!read_heap(v, g, at, a->at, &h))
			return false;
		vec_push(mem, &out->list, h);
		out->bytes += h.info.size;
		if (!h.info.prev)
			return at == own && out->bytes == a->system;
		at = h.info.prev;
	}
	return false;
}

// All heaps that name this arena, wherever `prev` would lead: the way while heaps come and go.
static void search_heaps(const struct malloc_view *v, const struct glibc *g,
			 const struct glibc_arena *a, struct arena *mem, struct heaps *out)
{
	*out = (struct heaps){ 0 };
	for (size_t i = 0; i < v->maps->count; i++) {
		const struct mapping *m = &v->maps->at[i];
		uint64_t at = (m->start + g->layout.heap_bytes - 1) & ~(g->layout.heap_bytes - 1);

		for (; view_is_anonymous(m) && at < m->end; at += g->layout.heap_bytes) {
			struct heap h;

			if (view_find_taken(v, at, at + PAGE_SIZE_BYTES) ||
			    !read_heap(v, g, at, a->at, &h) || out->list.count >= GLIBC_HEAP_LIMIT)
				continue;
			vec_push(mem, &out->list, h);
			out->bytes += h.info.size;
		}
	}
}

static void add_heaps(const struct malloc_view *v, struct arena *mem, struct glibc *g, uint32_t row,
		      const struct heaps *heaps)
{
	struct glibc_arena *a = &g->arenas.at[row];

	for (size_t i = 0; i < heaps->list.count; i++) {
		const struct heap *h = &heaps->list.at[i];
		uint64_t end = view_grown_end(v, h->at, h->at + h->info.mprotect_size);
		struct glibc_piece p = { h->at, end, GLIBC_HEAP,
					 a->whole ? GLIBC_SURE : GLIBC_PROBED, row };

		if (h->newborn)
			continue;
		if (glibc_add_piece(v, mem, g, p))
			a->heaps++;
		else
			vec_push(mem, &g->doubts,
				 arena_format(mem,
					      "the heap at 0x%" PRIx64 " lies in memory that has "
					      "another owner: left out",
					      h->at));
	}
}

static void read_arena_heaps(const struct malloc_view *v, struct arena *mem, struct glibc *g,
			     uint32_t row)
{
	enum { TRIES = 3 }; // while the sum stands still
	struct glibc_arena *a = &g->arenas.at[row];
	struct heaps heaps = { 0 };
	struct patience patience = patience_start(v->memory);
	uint64_t first = a->system;

	while (!(a->whole = follow_heaps(v, g, a, mem, &heaps)) &&
	       (a->system != first || patience.tries < TRIES) && patience_again(&patience)) {
		// A heap came or went: the pages that were read are old.
		memory_forget(v->memory);
		view_read_u64(v, a->at + g->layout.system, &a->system, NULL);
	}
	if (!a->whole) {
		search_heaps(v, g, a, mem, &heaps);
		vec_push(mem, &g->doubts,
			 arena_format(mem,
				      "the heaps of the arena at 0x%" PRIx64 " hold %" PRIu64
				      " bytes, its system_mem says %" PRIu64,
				      a->at, heaps.bytes, a->system));
	}
	add_heaps(v, mem, g, row, &heaps);
}

// The ring closed a moment ago; an arena that is new since then is at most missed.
static void read_ring(const struct malloc_view *v, struct arena *mem, struct glibc *g)
{
	uint64_t at = g->layout.main_at;

	for (uint32_t row = 0; row < GLIBC_ARENA_LIMIT; row++) {
		struct glibc_arena a = { .at = at, .main = !row };
		uint64_t attached;

		if (!view_read_u64(v, at + g->layout.attached, &attached, NULL) ||
		    !view_read_u64(v, at + g->layout.system, &a.system, NULL))
			return;
		a.attached_threads = (uint32_t)attached;
		vec_push(mem, &g->arenas, a);
		g->system += a.system;
		if (!view_read_u64(v, at + g->layout.next, &at, NULL) || at == g->layout.main_at ||
		    !glibc_layout_check_arena(v, g->layout.heap_bytes, at))
			return;
	}
}

// The lists of a busy arena may be in the middle of a change.
static bool find_layout(const struct malloc_view *v, struct arena *mem, struct glibc_layout *out,
			struct fail *why)
{
	enum { TRIES = 4 };

	for (int i = 1; i < TRIES; i++) {
		if (glibc_layout_find(v, mem, out, why))
			return true;
		memory_forget(v->memory);
	}
	return glibc_layout_find(v, mem, out, why);
}

bool glibc_read_arenas(const struct malloc_view *v, struct arena *mem, struct glibc *out,
		       struct fail *why)
{
	struct glibc g = { 0 };

	if (!find_layout(v, mem, &g.layout, why))
		return false;
	if (glibc_params_find(v, &g.layout, mem, &g.params) &&
	    !glibc_params_read(v, &g.params, &g.counters, NULL))
		g.params.known = false;
	read_ring(v, mem, &g);
	if (!g.arenas.count)
		return fail(why, FAIL_CORRUPT, "main_arena can't be read");
	glibc_main_read(v, mem, &g);
	for (uint32_t row = 1; row < g.arenas.count; row++)
		read_arena_heaps(v, mem, &g, row);
	*out = g;
	return true;
}

bool glibc_read(const struct malloc_view *v, struct arena *mem, struct glibc *out, struct fail *why)
{
	struct glibc g;

	if (!glibc_read_arenas(v, mem, &g, why))
		return false;
	glibc_mmapped_read(v, mem, &g);
	glibc_main_read_regions(v, mem, &g);
	*out = g;
	return true;
}
