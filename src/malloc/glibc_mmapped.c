// SPDX-License-Identifier: Apache-2.0
#include "malloc/glibc_mmapped.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/units.h"
#include "malloc/glibc_meanwhile.h"
#include "parse/maps.h"

enum {
	FLAGS = 7,
	IS_MMAPPED = 2,
	WORDS_A_PAGE = PAGE_SIZE_BYTES / 8,
	SMALL_GAP = 64 << 20,
	FORGET_EVERY = 2048, // pages asked: the reader's copies stay few
	// Bounds of the search for headers that are none.
	EXCESS_LIMIT = 32,       // of them
	EXCESS_CANDIDATES = 512, // among how many
	EXCESS_STEPS = 1000000,  // tried
	COVER_CANDIDATES = 1024,
};

struct gap {
	uint64_t start, end; // anonymous memory without an owner so far
};

struct candidate {
	uint64_t start, end;
	size_t gap;
	bool aligned; // by a header behind its start
	bool chosen;
};

struct hunt {
	const struct malloc_view *v;
	struct arena *mem;
	const struct glibc *g;
	VEC(struct gap) gaps;
	VEC(struct candidate) seen; // by address; of one address the likelier first
	uint64_t count, bytes;      // of the chosen ones; in a pass: of those seen so far
	unsigned pages;             // asked for a header in this pass
	struct maps now;            // read when first needed
	bool asked_now;
};

// How far a pass looks.
enum {
	ALIGNED = 1, // headers behind the start of their mapping (memalign)
	INSIDE = 2,  // also inside what looks like a chunk
};

static void add_gap(struct hunt *h, uint64_t start, uint64_t end)
{
	if (start < end)
		vec_push(h->mem, &h->gaps,
			 (struct gap){ units_page_up(start), units_page_down(end) });
}

static void cut_by_taken(struct hunt *h, uint64_t start, uint64_t end)
{
	const struct range *taken;

	while (start < end && (taken = view_find_taken(h->v, start, end))) {
		add_gap(h, start, taken->start);
		start = taken->end;
	}
	add_gap(h, start, end);
}

// Small ones first: what is large is mostly one chunk, or nobody's.
static int by_size(const void *a, const void *b)
{
	const struct gap *x = a, *y = b;
	uint64_t p = x->end - x->start, q = y->end - y->start;

	if (p != q)
		return p < q ? -1 : 1;
	return x->start < y->start ? -1 : x->start > y->start;
}

static void find_gaps(struct hunt *h)
{
	const struct maps *maps = h->v->maps;
	size_t piece = 0;

	for (size_t i = 0; i < maps->count; i++) {
		uint64_t at = maps->at[i].start, end;

		if (!view_is_anonymous(&maps->at[i]))
			continue;
		for (end = maps->at[i].end; i + 1 < maps->count && maps->at[i + 1].start == end &&
					    view_is_anonymous(&maps->at[i + 1]);
		     i++)
			end = maps->at[i + 1].end;
		while (piece < h->g->pieces.count && h->g->pieces.at[piece].end <= at)
			piece++;
		for (; piece < h->g->pieces.count && h->g->pieces.at[piece].start < end; piece++) {
			cut_by_taken(h, at, h->g->pieces.at[piece].start);
			at = h->g->pieces.at[piece].end;
		}
		cut_by_taken(h, at, end);
	}
	if (h->gaps.count)
		qsort(h->gaps.at, h->gaps.count, sizeof(*h->gaps.at), by_size);
}

static bool adds_up(const struct hunt *h)
{
	return h->g->params.known && h->count == h->g->counters.mmaps &&
	       h->bytes == h->g->counters.mmapped;
}

// glibc up to 2.42 counts the whole mapping, 2.43 leaves 16 bytes out.
uint64_t glibc_mmapped_size(const struct glibc_layout *layout, uint64_t lead, uint64_t size)
{
	uint64_t total;

	if ((size & FLAGS) != IS_MMAPPED || size >= (uint64_t)1 << 47)
		return 0;
	total = lead + (size & ~(uint64_t)FLAGS);
	if (total % PAGE_SIZE_BYTES && !layout->has_fast_bins)
		total += 16;
	return total % PAGE_SIZE_BYTES || total <= lead ? 0 : total;
}

// Whether a chunk has grown beyond its gap since the mappings were read: there was nothing, and now
// there is memory of its kind.
static bool has_grown(struct hunt *h, const struct gap *gap, uint64_t end)
{
	const struct maps *maps = h->v->maps;
	const struct malloc_view now = { .maps = &h->now };

	for (size_t i = 0; i < maps->count; i++)
		if (maps->at[i].start < end && maps->at[i].end > gap->end)
			return false;
	if (!h->asked_now && h->v->read_maps && !h->v->read_maps(h->v->read_maps_arg, &h->now))
		h->now = (struct maps){ 0 };
	h->asked_now = true;
	return view_anonymous_end(&now, gap->end - 1) >= end;
}

static bool note(struct hunt *h, size_t gap, uint64_t start, uint64_t total, bool aligned)
{
	const struct gap *in = &h->gaps.at[gap];

	if (!total || start < in->start ||
	    (total > in->end - start && !has_grown(h, in, start + total)))
		return false;
	vec_push(h->mem, &h->seen, (struct candidate){ start, start + total, gap, aligned, false });
	h->count++;
	h->bytes += total;
	return true;
}

// Looks for a header in the page whose distance to the mapping's start stands before its size.
static bool note_aligned(struct hunt *h, size_t gap, const uint64_t *words, uint64_t page)
{
	for (size_t i = 2; i < WORDS_A_PAGE; i += 2) {
		uint64_t lead = words[i], at = page + i * 8;

		if ((words[i + 1] & FLAGS) != IS_MMAPPED || !lead || (at + 16) % 32 || lead > at ||
		    (at - lead) % PAGE_SIZE_BYTES || (at - lead != page && i != WORDS_A_PAGE - 2))
			continue;
		if (note(h, gap, at - lead, glibc_mmapped_size(&h->g->layout, lead, words[i + 1]),
			 true))
			return true;
	}
	return false;
}

// Where the search goes on: behind what was found, or at the next page.
static uint64_t look_at_page(struct hunt *h, size_t gap, uint64_t page, unsigned how)
{
	uint64_t words[WORDS_A_PAGE];
	size_t before = h->seen.count;
	size_t len = how & ALIGNED ? sizeof(words) : 16;

	h->pages++;
	if (!view_read(h->v, page, words, len, NULL))
		return page + PAGE_SIZE_BYTES;
	if (how & ALIGNED)
		note_aligned(h, gap, words, page);
	if (!words[0])
		note(h, gap, page, glibc_mmapped_size(&h->g->layout, 0, words[1]), false);
	if (h->seen.count == before || how & INSIDE)
		return page + PAGE_SIZE_BYTES;
	return h->seen.at[before].end;
}

static unsigned pages_to_ask(const struct hunt *h, unsigned how)
{
	if (!h->v->pages)
		return GLIBC_MMAPPED_BLIND_PAGES;
	return how & INSIDE ? GLIBC_MMAPPED_INSIDE_PAGES : GLIBC_MMAPPED_PAGES;
}

static void look_in_gap(struct hunt *h, size_t gap, unsigned how)
{
	uint64_t at = h->gaps.at[gap].start, end = h->gaps.at[gap].end, behind = 0;

	// What is found so far may be enough; small gaps are searched all the same, because a wrong
	// header may stand for a true one of its size.
	if (end - at > SMALL_GAP && adds_up(h) && !(how & INSIDE))
		return;
	while (h->pages < pages_to_ask(h, how) && at < end) {
		at = view_next_present(h->v, at, end);
		if (at >= end)
			return;
		// After a jump the pages around are a chunk's contents: the source needn't read
		// ahead.
		if (at != behind)
			memory_prefetch(h->v->memory, at, at + PAGE_SIZE_BYTES);
		behind = at + PAGE_SIZE_BYTES;
		if (h->pages % FORGET_EVERY == FORGET_EVERY - 1)
			memory_forget(h->v->memory);
		at = look_at_page(h, gap, at, how);
	}
}

static int by_start(const void *a, const void *b)
{
	const struct candidate *x = a, *y = b;

	if (x->start != y->start)
		return x->start < y->start ? -1 : 1;
	return (int)y->aligned - (int)x->aligned;
}

// Takes the candidates in order, each that does not lie inside the one before.
static void choose(struct hunt *h, const struct candidate *skip, const struct candidate *skip_too)
{
	uint64_t behind = 0;

	h->count = h->bytes = 0;
	for (size_t i = 0; i < h->seen.count; i++) {
		struct candidate *c = &h->seen.at[i];

		c->chosen = c != skip && c != skip_too && c->start >= behind;
		if (!c->chosen)
			continue;
		behind = c->end;
		h->count++;
		h->bytes += c->end - c->start;
	}
}

static bool run_pass(struct hunt *h, unsigned how)
{
	h->seen.count = 0;
	h->pages = 0;
	h->count = h->bytes = 0;
	for (size_t i = 0; i < h->gaps.count; i++)
		look_in_gap(h, i, how);
	if (h->seen.count)
		qsort(h->seen.at, h->seen.count, sizeof(*h->seen.at), by_start);
	choose(h, NULL, NULL);
	return adds_up(h);
}

// How many of its two ends lie where a mapping's would: at the end of a gap or of another chunk.
static unsigned strength(const struct hunt *h, size_t i)
{
	const struct candidate *c = &h->seen.at[i];
	const struct gap *gap = &h->gaps.at[c->gap];
	bool begins = c->start == gap->start, ends = c->end == gap->end;

	for (size_t k = i; k-- > 0 && !begins;)
		if (h->seen.at[k].chosen) {
			begins = h->seen.at[k].end == c->start;
			break;
		}
	for (size_t k = i + 1; k < h->seen.count && !ends; k++)
		if (h->seen.at[k].chosen) {
			ends = h->seen.at[k].start == c->end;
			break;
		}
	return (unsigned)begins + (unsigned)ends;
}

// Too many: some are data of somebody else that looks like a header.  Sought is the set whose
// number and bytes are exactly what is too much, and whose ends are the least likely.
struct excess {
	const struct hunt *h;
	size_t at[EXCESS_CANDIDATES]; // indices of candidates small enough to be in the set
	unsigned strength[EXCESS_CANDIDATES];
	size_t count;
	size_t set[EXCESS_LIMIT], best[EXCESS_LIMIT];
	unsigned best_strength, ways, steps;
};

static void seek_excess(struct excess *x, size_t from, unsigned chosen, uint64_t left_count,
			uint64_t left_bytes, unsigned sum)
{
	if (!left_count && !left_bytes) {
		x->ways = sum < x->best_strength ? 1 : x->ways + (sum == x->best_strength);
		if (sum < x->best_strength) {
			x->best_strength = sum;
			memcpy(x->best, x->set, sizeof(x->best));
		}
		return;
	}
	for (size_t i = from; left_count && i < x->count; i++) {
		const struct candidate *c = &x->h->seen.at[x->at[i]];

		if (x->steps++ > EXCESS_STEPS)
			return;
		if ((c->end - c->start) * left_count < left_bytes)
			return; // largest first: what follows is too small
		if (c->end - c->start > left_bytes || sum + x->strength[i] > x->best_strength)
			continue;
		x->set[chosen] = x->at[i];
		seek_excess(x, i + 1, chosen + 1, left_count - 1, left_bytes - (c->end - c->start),
			    sum + x->strength[i]);
	}
}

static int largest_first(const void *a, const void *b, void *hunt)
{
	const struct hunt *h = hunt;
	size_t i = *(const size_t *)a, k = *(const size_t *)b;
	uint64_t p = h->seen.at[i].end - h->seen.at[i].start;
	uint64_t q = h->seen.at[k].end - h->seen.at[k].start;

	if (p != q)
		return p > q ? -1 : 1;
	return i < k ? -1 : i > k;
}

// The one best set of `count` chosen candidates that hold `bytes` together: the weakest, or with
// `strongest` the others.  False when there is none, more than one, or too much to try.
static bool find_set(const struct hunt *h, uint64_t count, uint64_t bytes, bool strongest,
		     struct excess *x)
{
	*x = (struct excess){ .h = h, .best_strength = 2 * EXCESS_LIMIT + 1 };
	if (!count || !bytes || count > EXCESS_LIMIT)
		return false;
	for (size_t i = 0; i < h->seen.count; i++) {
		const struct candidate *c = &h->seen.at[i];

		if (!c->chosen || c->end - c->start > bytes)
			continue;
		if (x->count == EXCESS_CANDIDATES)
			return false;
		x->at[x->count++] = i;
	}
	if (x->count)
		qsort_r(x->at, x->count, sizeof(*x->at), largest_first, (void *)h);
	for (size_t i = 0; i < x->count; i++)
		x->strength[i] = strongest ? 2 - strength(h, x->at[i]) : strength(h, x->at[i]);
	seek_excess(x, 0, 0, count, bytes, 0);
	return x->ways == 1 && x->steps <= EXCESS_STEPS;
}

// Leaves out what is too much, or, where that is a lot and malloc has few, keeps what malloc
// counts.
static bool leave_out_excess(struct hunt *h)
{
	uint64_t mmaps = h->g->counters.mmaps, mmapped = h->g->counters.mmapped;
	struct excess x;

	if (h->count <= mmaps || h->bytes <= mmapped)
		return false;
	if (find_set(h, h->count - mmaps, h->bytes - mmapped, false, &x)) {
		for (uint64_t i = 0; i < h->count - mmaps; i++)
			h->seen.at[x.best[i]].chosen = false;
	} else if (find_set(h, mmaps, mmapped, true, &x)) {
		for (size_t i = 0; i < h->seen.count; i++)
			h->seen.at[i].chosen = false;
		for (uint64_t i = 0; i < mmaps; i++)
			h->seen.at[x.best[i]].chosen = true;
	} else {
		return false;
	}
	h->count = mmaps;
	h->bytes = mmapped;
	return true;
}

// One or two that look like chunks hide real ones: without them all adds up, in one way only.
static bool leave_out_covers(struct hunt *h)
{
	const struct candidate *skip[2] = { NULL, NULL };
	size_t n = h->seen.count;
	unsigned ways = 0;

	if (n > COVER_CANDIDATES)
		return false;
	for (size_t i = 0; i < n; i++) {
		choose(h, &h->seen.at[i], NULL);
		if (adds_up(h)) {
			skip[0] = &h->seen.at[i];
			ways++;
		}
	}
	for (size_t i = 0; i < n && !ways && n <= COVER_CANDIDATES / 8; i++)
		for (size_t k = i + 1; k < n; k++) {
			choose(h, &h->seen.at[i], &h->seen.at[k]);
			if (adds_up(h)) {
				skip[0] = &h->seen.at[i];
				skip[1] = &h->seen.at[k];
				ways++;
			}
		}
	choose(h, skip[0], skip[1]);
	return ways == 1;
}

// What came and went since the mappings were read may be all that is missing.
static bool adds_up_now(const struct hunt *h)
{
	struct meanwhile_chunks chunks = { 0 };

	for (size_t i = 0; i < h->seen.count; i++) {
		const struct candidate *c = &h->seen.at[i];

		if (c->chosen)
			vec_push(h->mem, &chunks.list,
				 (struct meanwhile_chunk){ c->start, c->end, c->aligned });
	}
	return glibc_meanwhile_adds_up(h->v, h->g, &chunks);
}

// Chunks that come and go while we look make any sum wrong: no reason to doubt a header.
static bool has_changed(const struct hunt *h)
{
	struct glibc_counters now;

	memory_forget(h->v->memory);
	return !glibc_params_read(h->v, &h->g->params, &now, NULL) ||
	       now.mmaps != h->g->counters.mmaps || now.mmapped != h->g->counters.mmapped;
}

static bool hunt(struct hunt *h)
{
	find_gaps(h);
	if (run_pass(h, 0) || adds_up_now(h))
		return true;
	if (!h->g->params.known || has_changed(h))
		return false;
	if (leave_out_excess(h) || run_pass(h, ALIGNED) || leave_out_excess(h))
		return true;
	run_pass(h, ALIGNED | INSIDE);
	if (leave_out_covers(h))
		return true;
	run_pass(h, 0);
	return false;
}

static void take(const struct malloc_view *v, struct arena *mem, struct glibc *g,
		 const struct hunt *h, bool sure)
{
	bool too_many =
		g->params.known && (h->count > g->counters.mmaps || h->bytes > g->counters.mmapped);

	for (size_t i = 0; i < h->seen.count; i++) {
		const struct candidate *c = &h->seen.at[i];
		struct glibc_piece p = { c->start, c->end, GLIBC_CHUNK,
					 sure ? GLIBC_SURE : GLIBC_PROBED, 0 };

		if (!c->chosen)
			continue;
		if (too_many && !sure && strength(h, i) < 2)
			p.doubt = GLIBC_GUESSED;
		if (!glibc_add_piece(v, mem, g, p))
			continue;
		g->chunks++;
		g->chunk_bytes += c->end - c->start;
	}
	if (!sure && g->params.known)
		vec_push(mem, &g->doubts,
			 arena_format(mem,
				      "%" PRIu64 " mapped chunks of %" PRIu64
				      " bytes were found, malloc counts %" PRIu64 " of %" PRIu64,
				      h->count, h->bytes, g->counters.mmaps, g->counters.mmapped));
}

void glibc_mmapped_read(const struct malloc_view *v, struct arena *mem, struct glibc *g)
{
	struct hunt h = { .v = v, .mem = mem, .g = g };
	bool sure = hunt(&h);

	take(v, mem, g, &h, sure);
}
