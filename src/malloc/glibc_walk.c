// SPDX-License-Identifier: Apache-2.0
#include "malloc/glibc_walk.h"

#include <string.h>

#include "base/fail.h"
#include "base/memory.h"
#include "base/units.h"
#include "malloc/chunkwindow.h"
#include "malloc/fastbins.h"
#include "malloc/view.h"
#include "os/pages.h"
#include "parse/maps.h"

enum {
	IN_USE = 1, // of the chunk before
	MAPPED = 2,
	NOT_MAIN = 4,
	FLAGS = 7,
	FENCE = 16, // size of what ends a part
	CHUNK_LEAST = 32,
	TRAIL = 1024,           // chunks that a walk can go back
	CHAIN = 32,             // chunks in a row that make a place to go on from
	BREAKS_LIMIT = 4096,    // in an arena
	SEARCH_STEPS = 1 << 20, // of 16 bytes, behind one break
	SYSTEM_TO_END = 16,     // of struct malloc_state, from system_mem
	RUN_HEAD = 48,          // of a free chunk, that malloc_trim() leaves alone
	FAST_FEW = 16,          // in fast bins, that join no pages worth a second walk
};

struct step { // what a chunk added
	uint64_t at, size;
	uint64_t run;  // where the free run before it began
	uint64_t trim; // what it ended
	enum walk_use use;
};

struct part { // a row of chunks
	uint64_t start, end;
	uint64_t first; // chunk
	bool heap;      // a heap of an arena that is not the main one
	bool brk;
};

struct walk {
	const struct malloc_view *v;
	const struct glibc *g;
	struct arena *mem;
	struct glibc_walk *out;
	const struct threadcache_marks *marks;
	struct chunkwindow window;
	struct walk_arena *a; // that is walked
	uint32_t arena;
	bool main;
	uint64_t top;
	struct part part;
	struct range present; // a run of pages that are there, the last that was asked for
	bool has_links;
	struct fastbins fast;
	uint64_t run; // where the free chunks before this one began; 0: it is in use
	struct step trail[TRAIL];
	uint64_t steps; // in this part
	unsigned breaks;
	bool fenced; // what is broken lies behind an end: somebody else's sbrk
	struct walk_size sizes[WALK_SIZES];
	const struct walk_visitor *visitor; // NULL: none
};

// ---- sizes

static size_t class_of(uint64_t size)
{
	unsigned power = 63 - (unsigned)__builtin_clzll(size - 1);
	size_t c = (power - 4) * 4 + ((size - 1) >> (power - 2) & 3);

	return c < WALK_SIZES ? c : WALK_SIZES - 1;
}

uint64_t glibc_walk_up_to(size_t size_class)
{
	unsigned power = (unsigned)size_class / 4 + 4;

	return (UINT64_C(1) << power) + (size_class % 4 + 1) * (UINT64_C(1) << (power - 2));
}

static void count_size(struct walk_size *sizes, uint64_t size, bool in_use, bool add)
{
	struct walk_size *s = &sizes[class_of(size)];
	uint64_t *count = in_use ? &s->count : &s->free_count;
	uint64_t *bytes = in_use ? &s->bytes : &s->free_bytes;

	*count += add ? 1 : (uint64_t)-1;
	*bytes += add ? size : (uint64_t)-size;
}

// ---- pages

static uint64_t resident_slowly(struct walk *w, uint64_t start, uint64_t end)
{
	const struct page_run *run = pages_find(w->v->pages, end - 1);

	w->present = (struct range){ 0, 0 };
	if (run && run->flags & PAGE_PRESENT)
		w->present = (struct range){ run->start, run->end };
	return pages_between(w->v->pages, start, end, PAGE_PRESENT);
}

static inline uint64_t resident(struct walk *w, uint64_t start, uint64_t end)
{
	if (start >= w->present.start && end <= w->present.end)
		return end - start;
	return resident_slowly(w, start, end);
}

// What malloc_trim() gives back of free chunks in a row, which it makes one before.
static uint64_t trim_of(struct walk *w, uint64_t start, uint64_t end)
{
	uint64_t first = units_page_up(start + RUN_HEAD), last = units_page_down(end);

	if (!start || first >= last)
		return 0;
	return pages_between(w->v->pages, first, last, PAGE_PRESENT);
}

// ---- accounts

static void add(struct walk *w, enum walk_use use, uint64_t at, uint64_t size)
{
	struct walk_sum *s = &w->a->use[use];

	s->count++;
	s->bytes += size;
	s->resident += resident(w, at, at + size);
	if (w->visitor)
		w->visitor->visit(w->visitor->arg, at, size, use);
}

// A chunk whose use is known; the rest of the row's state follows.
static void account(struct walk *w, enum walk_use use, uint64_t at, uint64_t size)
{
	struct step *step = &w->trail[w->steps++ % TRAIL];
	bool free = use == WALK_FAST || use == WALK_BIN;

	*step = (struct step){ at, size, w->run, 0, use };
	add(w, use, at, size);
	count_size(w->sizes, size, use == WALK_IN_USE, true);
	if (free && !w->run) {
		w->run = at;
	} else if (!free && w->run) {
		step->trim = trim_of(w, w->run, at);
		w->a->returnable += step->trim;
		w->run = 0;
	}
}

static void take_back(struct walk *w)
{
	const struct step *step = &w->trail[--w->steps % TRAIL];
	struct walk_sum *s = &w->a->use[step->use];

	s->count--;
	s->bytes -= step->size;
	s->resident -= resident(w, step->at, step->at + step->size);
	count_size(w->sizes, step->size, step->use == WALK_IN_USE, false);
	w->a->returnable -= step->trim;
	w->run = step->run;
}

// ---- one chunk

static bool is_chunk(const struct walk *w, uint64_t at, uint64_t size)
{
	uint64_t bytes = size & ~(uint64_t)FLAGS;

	return bytes >= CHUNK_LEAST && !(bytes & 15) && bytes < w->part.end - at &&
	       !(size & MAPPED) && !(w->main && size & NOT_MAIN);
}

// Successor and use of a chunk; false where it does not hold.
static bool read_chunk(struct walk *w, uint64_t at, uint64_t *size, bool *in_use)
{
	uint64_t next, again;

	if (at >= w->part.end || !chunkwindow_word(&w->window, at + 8, size) ||
	    !is_chunk(w, at, *size))
		return false;
	*size &= ~(uint64_t)FLAGS;
	if (!chunkwindow_word(&w->window, at + *size + 8, &next))
		return false;
	*in_use = next & IN_USE;
	return *in_use || (chunkwindow_word(&w->window, at + *size, &again) && again == *size);
}

static void note_cache(struct walk *w, uint64_t at, uint64_t size)
{
	struct chunkwindow *window = &w->window;
	uint64_t word;

	// The whole of it, where a page edge lies between: in the page that comes next.
	if (w->out->caches.candidates.count >= THREADCACHES_LIMIT ||
	    !chunkwindow_word(window, at + 16, &word) ||
	    !chunkwindow_word(window, at + size - 8, &word))
		return;
	if (at >= window->start
		    ? threadcaches_has_shape(window->bytes + (at + 16 - window->start), size)
		    : true)
		vec_push(w->mem, &w->out->caches.candidates, at + 16);
}

// What a chunk is that looks in use.
static enum walk_use use_of(struct walk *w, uint64_t at, uint64_t size)
{
	uint64_t word;

	if (threadcaches_is_size(size))
		note_cache(w, at, size);
	if (w->marks && size <= THREADCACHES_MOST && size > FENCE &&
	    chunkwindow_word(&w->window, at + 24, &word) && threadcache_marks_hold(w->marks, word))
		return WALK_CACHED;
	if (w->has_links && size <= FASTBINS_MOST) {
		if (w->fast.known)
			return fastbins_holds(&w->fast, at, size) ? WALK_FAST : WALK_IN_USE;
		if (chunkwindow_word(&w->window, at + 16, &word))
			fastbins_note(&w->fast, at, size, word);
	}
	return WALK_IN_USE;
}

// ---- broken chains

// Whether chunks follow one another from here, or to the part's end.
static bool chain_holds(struct walk *w, uint64_t at)
{
	uint64_t size;
	bool in_use;

	for (unsigned i = 0; i < CHAIN; i++, at += size) {
		if (at == w->top)
			return true;
		if (!read_chunk(w, at, &size, &in_use))
			return i && at + 2 * FENCE >= w->part.end;
	}
	return true;
}

// What changes while threads allocate: where the last chunk is, and how far its heap reaches.
static void read_end(struct walk *w)
{
	uint64_t at = w->g->arenas.at[w->arena].at, words[2], top;

	if (!memory_read_anew(w->v->memory, at + w->g->layout.top, &top, sizeof(top), NULL))
		return;
	w->top = top;
	if (top >= w->part.start && top < w->part.start + w->g->layout.heap_bytes &&
	    (w->part.heap || w->part.brk) &&
	    memory_read_anew(w->v->memory, top, words, sizeof(words), NULL) && words[1] >= FENCE &&
	    words[1] < UINT64_C(1) << 47) {
		uint64_t end = top + (words[1] & ~(uint64_t)FLAGS);

		if (end % PAGE_SIZE_BYTES == 0 &&
		    (!w->part.heap || end - w->part.start <= w->g->layout.heap_bytes))
			w->part.end = end;
	}
	chunkwindow_reset(&w->window, w->part.end);
}

// Goes back by chunks that were read before, the further the more often it broke here.
static bool go_back(struct walk *w, uint64_t *at)
{
	static const unsigned BACK[] = { 0, 1, 8, 64, 256, 1000 };

	for (size_t i = 0; i < sizeof(BACK) / sizeof(BACK[0]); i++) {
		uint64_t from;

		if (BACK[i] > w->steps || BACK[i] > TRAIL)
			return false;
		from = BACK[i] ? w->trail[(w->steps - BACK[i]) % TRAIL].at : *at;
		if (!chain_holds(w, from))
			continue;
		for (unsigned k = 0; k < BACK[i]; k++)
			take_back(w);
		if (w->has_links && !w->fast.known && BACK[i])
			fastbins_forget(&w->fast, from);
		*at = from;
		return true;
	}
	return false;
}

// The next place from which chunks follow; the part's end when there is none.
static uint64_t search(struct walk *w, uint64_t at)
{
	uint64_t word;

	for (unsigned i = 0; i < SEARCH_STEPS && at < w->part.end; i++, at += 16) {
		uint64_t present = view_next_present(w->v, at, w->part.end);

		if (present != at && !chunkwindow_word(&w->window, at + 8, &word))
			at = present;
		if (at < w->part.end && chain_holds(w, at))
			return at;
	}
	return w->part.end;
}

static void book_gap(struct walk *w, uint64_t start, uint64_t end)
{
	uint64_t present = pages_between(w->v->pages, start, end, PAGE_PRESENT);

	if (end > start)
		add(w, w->fenced ? WALK_OWN : WALK_UNPARSED, start, end - start);
	if (end > start && !w->fenced && present < end - start)
		w->out->unread += end - start - present;
	w->run = 0;
	w->steps = 0; // nothing before a gap is taken back
	w->fenced = false;
}

// Where the walk goes on behind a break.
static uint64_t mend(struct walk *w, uint64_t at)
{
	uint64_t from = at;

	if (!w->fenced) {
		w->breaks++;
		w->out->breaks++;
		memory_forget(w->v->memory);
		read_end(w);
		if (at >= w->part.end || w->breaks > BREAKS_LIMIT) {
			if (at < w->part.end)
				book_gap(w, at, w->part.end);
			return w->part.end;
		}
		if (go_back(w, &from))
			return from;
	}
	from = search(w, at + 16);
	book_gap(w, at, from);
	return from;
}

// ---- a part

// The end of a part: a chunk of 16 bytes or of none, which hold nothing.
static bool is_fence(struct walk *w, uint64_t at)
{
	uint64_t size;

	if (!chunkwindow_word(&w->window, at + 8, &size))
		return false;
	size &= ~(uint64_t)(FLAGS & ~MAPPED);
	return size == FENCE || (size == 0 && w->part.heap && at + FENCE == w->part.end);
}

static bool is_last_by_brk(const struct walk *w, uint64_t end)
{
	const struct mapping *m = maps_find(w->v->maps, end - 1);

	return w->part.brk && m && m->end == end;
}

// glibc's systrim(): whole (or huge) pages of the main arena's end, while that is where brk is.
static uint64_t trim_of_top(struct walk *w, uint64_t start, uint64_t end)
{
	uint64_t huge = w->out->tuning.huge_page;
	uint64_t unit = huge > PAGE_SIZE_BYTES ? huge : PAGE_SIZE_BYTES;
	uint64_t area = end - start, extra;

	if (!w->main || !is_last_by_brk(w, end) || area <= CHUNK_LEAST + 1)
		return 0;
	extra = (area - CHUNK_LEAST - 1) / unit * unit;
	return pages_between(w->v->pages, end - extra, end, PAGE_PRESENT);
}

static uint64_t end_in_top(struct walk *w, uint64_t at)
{
	uint64_t size, end;

	if (!chunkwindow_word(&w->window, at + 8, &size))
		return at;
	size &= ~(uint64_t)FLAGS;
	end = at + size;
	if (end > w->part.end || size < FENCE)
		end = w->part.end;
	add(w, WALK_TOP, at, end - at);
	// What is free before it becomes part of it.
	w->a->returnable += trim_of_top(w, w->run ? w->run : at, end);
	w->run = 0;
	return end;
}

// True when the walk came to the last chunk as it is now.
static bool is_top(struct walk *w, uint64_t at)
{
	uint64_t now;

	if (at != w->top)
		return false;
	if (memory_read_anew(w->v->memory, w->g->arenas.at[w->arena].at + w->g->layout.top, &now,
			     sizeof(now), NULL) &&
	    now == at)
		return true;
	read_end(w);
	return at == w->top;
}

static void walk_part(struct walk *w)
{
	uint64_t at = w->part.first, size;
	bool in_use, stop = false;

	chunkwindow_reset(&w->window, w->part.end);
	w->steps = w->run = 0;
	w->fenced = false;
	while (at < w->part.end && !stop) {
		if (at == w->top && is_top(w, at)) {
			w->part.end = end_in_top(w, at);
			stop = true;
		} else if (read_chunk(w, at, &size, &in_use)) {
			enum walk_use use = in_use ? use_of(w, at, size) : WALK_BIN;

			w->fenced = false;
			account(w, use, at, size);
			at += size;
		} else if (is_fence(w, at)) {
			if (w->run)
				w->a->returnable += trim_of(w, w->run, at);
			w->run = w->steps = 0;
			w->fenced = true;
			at += FENCE;
		} else {
			at = mend(w, at);
		}
	}
	if (w->run)
		w->a->returnable += trim_of(w, w->run, at);
}

// ---- an arena

static bool find_part(struct walk *w, const struct glibc_piece *p, struct part *out)
{
	const struct glibc_layout *l = &w->g->layout;
	uint64_t arena = w->g->arenas.at[w->arena].at, info[4];
	uint64_t own = arena & ~(l->heap_bytes - 1);

	*out = (struct part){ p->start, p->end, (p->start + 15) & ~UINT64_C(15), false, false };
	out->brk = p->part == GLIBC_MAIN_HEAP;
	if (p->part != GLIBC_HEAP)
		return true;
	if (!view_read(w->v, p->start, info, sizeof(info), NULL) || info[0] != arena ||
	    info[2] < PAGE_SIZE_BYTES || info[2] > l->heap_bytes || info[2] % PAGE_SIZE_BYTES)
		return false;
	out->heap = true;
	out->end = p->start + info[2];
	out->first = p->start == own ? arena + l->system + SYSTEM_TO_END : p->start + (arena - own);
	out->first = (out->first + 15) & ~UINT64_C(15);
	return out->first < out->end;
}

static void walk_pieces(struct walk *w)
{
	struct walk_arena *a = w->a;
	uint64_t extent = 0, chunks = 0, own_resident;

	memset(a->use, 0, sizeof(a->use));
	a->returnable = a->resident = 0;
	w->breaks = 0;
	memset(w->sizes, 0, sizeof(w->sizes));
	for (size_t i = 0; i < w->g->pieces.count; i++) {
		const struct glibc_piece *p = &w->g->pieces.at[i];

		if (p->part == GLIBC_CHUNK || p->arena != w->arena || !find_part(w, p, &w->part))
			continue;
		a->resident += pages_between(w->v->pages, p->start, p->end, PAGE_PRESENT);
		walk_part(w);
		extent += w->part.end - w->part.start;
	}
	for (size_t i = 0; i < WALK_USES; i++)
		chunks += a->use[i].bytes;
	chunks -= a->use[WALK_OWN].bytes;
	own_resident = a->resident;
	for (size_t i = 0; i < WALK_USES; i++)
		if (i != WALK_OWN)
			own_resident -= a->use[i].resident < own_resident ? a->use[i].resident
									  : own_resident;
	a->use[WALK_OWN] =
		(struct walk_sum){ 0, extent > chunks ? extent - chunks : 0, own_resident };
	a->whole = extent == a->system && !a->use[WALK_UNPARSED].bytes;
}

static void move_sum(struct walk_arena *a, enum walk_use to, uint64_t bytes, uint64_t count)
{
	struct walk_sum *from = &a->use[WALK_IN_USE], *in = &a->use[to];

	if (bytes > from->bytes || count > from->count || bytes > from->resident)
		return;
	from->bytes -= bytes;
	from->count -= count;
	from->resident -= bytes; // a link was read in each
	in->bytes += bytes;
	in->count += count;
	in->resident += bytes;
}

static uint64_t count_fast(const struct fastbins *f)
{
	uint64_t count = 0;

	for (size_t i = 0; i < FASTBINS; i++)
		count += f->chunks[i];
	return count;
}

// Few of them join no free chunks worth walking again for what a trim would return.
static void settle_fast(struct walk *w, size_t candidates)
{
	memory_forget(w->v->memory);
	fastbins_follow(&w->fast);
	if (count_fast(&w->fast) > FAST_FEW) {
		w->out->caches.candidates.count = candidates;
		walk_pieces(w);
		return;
	}
	for (size_t i = 0; i < FASTBINS; i++) {
		uint64_t size = FASTBINS_LEAST + 16 * i, n = w->fast.chunks[i];

		move_sum(w->a, WALK_FAST, n * size, n);
		for (uint64_t k = 0; k < n; k++) {
			count_size(w->sizes, size, true, false);
			count_size(w->sizes, size, false, true);
		}
	}
}

static void read_system(struct walk *w)
{
	w->a->at = w->g->arenas.at[w->arena].at;
	if (!memory_read_anew(w->v->memory, w->a->at + w->g->layout.system, &w->a->system,
			      sizeof(w->a->system), NULL))
		w->a->system = w->g->arenas.at[w->arena].system;
}

static void walk_arena(struct walk *w, bool links, bool mangled)
{
	size_t candidates = w->out->caches.candidates.count;

	w->main = !w->arena;
	w->has_links = links;
	view_read_u64(w->v, w->g->arenas.at[w->arena].at + w->g->layout.top, &w->top, NULL);
	read_system(w);
	if (links)
		fastbins_init(&w->fast, w->v, w->g, w->arena, mangled);
	walk_pieces(w);
	if (links) {
		settle_fast(w, candidates);
		w->out->still &= !w->fast.broken && !w->fast.full;
		w->out->crowded |= w->fast.full;
		fastbins_drop(&w->fast);
	}
	for (size_t i = 0; i < WALK_SIZES; i++) {
		w->out->sizes[i].count += w->sizes[i].count;
		w->out->sizes[i].bytes += w->sizes[i].bytes;
		w->out->sizes[i].free_count += w->sizes[i].free_count;
		w->out->sizes[i].free_bytes += w->sizes[i].free_bytes;
	}
}

// ---- all of it

// The cached chunks that lists lead to leave what is in use.
static void settle_caches(struct walk *w)
{
	struct glibc_walk *out = w->out;

	threadcaches_follow(w->v, w->g, w->mem, &out->caches);
	threadcaches_learn(w->v, w->g, &out->caches, w->mem, &out->marks);
	out->marked = w->marks && w->marks->known;
	if (out->marked)
		return;
	out->still &= !out->caches.broken;
	for (size_t i = 0; i < out->caches.chunks.count; i++) {
		const struct threadcache_chunk *c = &out->caches.chunks.at[i];
		const struct glibc_piece *p = glibc_first_piece(w->g, c->at);

		if (!p || p->start > c->at || p->arena >= out->arenas.count)
			continue;
		move_sum(&out->arenas.at[p->arena], WALK_CACHED, c->size, 1);
		count_size(out->sizes, c->size, true, false);
		count_size(out->sizes, c->size, false, true);
	}
}

static void add_mapped(const struct malloc_view *v, const struct glibc *g, struct glibc_walk *out)
{
	for (size_t i = 0; i < g->pieces.count; i++) {
		const struct glibc_piece *p = &g->pieces.at[i];

		if (p->part != GLIBC_CHUNK)
			continue;
		out->mmapped_resident += pages_between(v->pages, p->start, p->end, PAGE_PRESENT);
		count_size(out->sizes, p->end - p->start, true, true);
	}
	out->mmapped = g->params.known ? g->counters.mmapped : g->chunk_bytes;
	out->mmapped_count = g->params.known ? g->counters.mmaps : g->chunks;
}

static void add_up(struct glibc_walk *out)
{
	struct walk_arena *sum = &out->sum;

	sum->whole = true;
	for (size_t i = 0; i < out->arenas.count; i++) {
		const struct walk_arena *a = &out->arenas.at[i];

		sum->system += a->system;
		sum->resident += a->resident;
		sum->returnable += a->returnable;
		sum->whole &= a->whole;
		for (size_t k = 0; k < WALK_USES; k++) {
			sum->use[k].count += a->use[k].count;
			sum->use[k].bytes += a->use[k].bytes;
			sum->use[k].resident += a->use[k].resident;
		}
	}
	out->in_use = sum->use[WALK_IN_USE].bytes + sum->use[WALK_OWN].bytes;
	out->freed = sum->use[WALK_CACHED].bytes + sum->use[WALK_FAST].bytes +
		     sum->use[WALK_BIN].bytes + sum->use[WALK_TOP].bytes;
}

// A number that changes when any arena's state does, or malloc's counters.
static uint64_t state_of(const struct malloc_view *v, const struct glibc *g, struct arena *mem)
{
	size_t len = g->layout.system + SYSTEM_TO_END;
	unsigned char *bytes = arena_get(mem, len);
	struct glibc_counters counters = { 0 };
	uint64_t hash = UINT64_C(14695981039346656037);

	memory_forget(v->memory);
	for (size_t i = 0; i < g->arenas.count; i++) {
		// The lock at its start comes and goes with readers of statistics.
		if (!view_read(v, g->arenas.at[i].at + 8, bytes, len - 8, NULL))
			return 0;
		for (size_t k = 0; k < len - 8; k++)
			hash = (hash ^ bytes[k]) * UINT64_C(1099511628211);
	}
	if (glibc_params_read(v, &g->params, &counters, NULL))
		hash ^= counters.mmaps * 31 + counters.mmapped * 1009;
	return hash;
}

static bool walk_all(const struct malloc_view *v, const struct glibc *g,
		     const struct threadcache_marks *marks, const struct walk_visitor *visitor,
		     struct arena *mem, struct glibc_walk *out, struct fail *why)
{
	struct walk *w = arena_new(mem, struct walk);
	struct arena scratch = { 0 };
	uint64_t before;
	bool links, mangled;

	if (!v->pages)
		return fail(why, FAIL_ABSENT, "it is not known which pages are there");
	*out = (struct glibc_walk){ .still = true };
	*w = (struct walk){ .v = v, .g = g, .mem = mem, .out = out };
	w->marks = marks && marks->known ? marks : NULL;
	w->visitor = visitor;
	before = state_of(v, g, &scratch);
	out->tuned = glibc_tuning_read(v, &g->params, &out->tuning, NULL);
	chunkwindow_init(&w->window, v, &scratch);
	links = fastbins_probe(v, g, &mangled);
	for (uint32_t i = 0; i < g->arenas.count; i++)
		vec_push(mem, &out->arenas, (struct walk_arena){ 0 });
	for (w->arena = 0; w->arena < g->arenas.count; w->arena++) {
		w->a = &out->arenas.at[w->arena];
		walk_arena(w, links, mangled);
	}
	memory_forget(v->memory);
	settle_caches(w);
	add_mapped(v, g, out);
	add_up(out);
	out->still &= before && before == state_of(v, g, &scratch) && !out->breaks;
	out->read = w->window.read;
	arena_drop(&scratch);
	return true;
}

bool glibc_walk(const struct malloc_view *v, const struct glibc *g,
		const struct threadcache_marks *marks, struct arena *mem, struct glibc_walk *out,
		struct fail *why)
{
	return walk_all(v, g, marks, NULL, mem, out, why);
}

bool glibc_walk_visit(const struct malloc_view *v, const struct glibc *g,
		      const struct walk_visitor *visitor, struct arena *mem, struct glibc_walk *out,
		      struct fail *why)
{
	return walk_all(v, g, NULL, visitor, mem, out, why);
}
