// SPDX-License-Identifier: Apache-2.0
#include "heap/graph.h"

#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "base/fail.h"
#include "heap/dominators.h"

enum { BATCH = 64 };      // references looked at together, so that their cache misses overlap
enum { PAIRS = 1 << 20 }; // in one block
#define MORE UINT32_MAX   // a step that goes on with an array: behind it lies where

struct step {
	uint32_t rank, parent;
};
struct pair {
	uint32_t to, from;
};

struct walk {
	struct graph *g;
	struct dump *d;
	unsigned skip;
	uint64_t flag; // set in a place: the slot holds a number
	uint8_t *number, *place;
	uint32_t *parent;
	uint8_t *rooted; // a bit for each rank
	struct step *steps;
	size_t depth, room;
	uint32_t count;
	VEC(struct big) blocks; // of pairs
	uint64_t pairs;
	struct big parent_big, rooted_big;
};

static inline uint64_t get_place(const uint8_t *at, unsigned width, uint64_t i)
{
	uint64_t v = 0;

	memcpy(&v, at + i * width, sizeof(uint32_t));
	if (width == 5)
		v |= (uint64_t)at[i * 5 + 4] << 32;
	return v;
}

static inline void set_place(uint8_t *at, unsigned width, uint64_t i, uint64_t v)
{
	uint32_t low = (uint32_t)v;

	memcpy(at + i * width, &low, sizeof(low));
	if (width == 5)
		at[i * 5 + 4] = (uint8_t)(v >> 32);
}

static inline void part_at(const struct dump *d, uint64_t place, struct hprof_part *out)
{
	const uint8_t *at = (const uint8_t *)d->image.bytes.at + place;

	hprof_take_part(&at, (const uint8_t *)d->image.bytes.at + d->image.bytes.len, d->ids, out);
}

struct klass *graph_class_of_part(const struct graph *g, const struct hprof_part *p)
{
	if (p->tag == HPROF_PRIMITIVES)
		return g->d->primitive[p->type];
	return p->tag == HPROF_CLASS ? g->d->mirror : dump_class(g->d, p->class_id);
}

// What a class holds, and what hangs on a thread, are lists; the rest is in the object's data.
static const uint64_t *listed_refs(const struct dump *d, const struct klass *k,
				   const struct hprof_part *p, uint32_t *count)
{
	uint32_t at;

	*count = 0;
	if (p->tag == HPROF_CLASS) {
		k = dump_class(d, p->id);
		*count = k ? k->edge_count : 0;
		return k ? k->edges : NULL;
	}
	if (!k || !k->is_thread || !addresses_find(&d->thread_at, p->id, &at))
		return NULL;
	*count = d->threads.at[at].local_count;
	return d->threads.at[at].locals;
}

unsigned graph_refs(const struct dump *d, unsigned skip, const struct hprof_part *p, uint32_t from,
		    uint64_t *to, unsigned room, uint32_t *next)
{
	const struct klass *k = NULL;
	const uint64_t *list;
	uint32_t i = from, end, listed;
	unsigned n = 0;

	*next = 0;
	if (p->tag == HPROF_PRIMITIVES)
		return 0;
	if (p->tag != HPROF_CLASS)
		k = dump_class(d, p->class_id);
	if (!from && k && !k->is_root)
		to[n++] = k->id;
	if (p->tag == HPROF_OBJECTS) {
		for (; i < p->count && n < room; i++)
			to[n++] = hprof_id(p->data + (uint64_t)i * d->ids, d->ids);
		*next = i < p->count ? i : 0;
		return n;
	}
	end = p->tag == HPROF_INSTANCE && k ? k->ref_count : 0;
	for (; i < end && n < room; i++) {
		uint32_t at = k->refs[i];

		if (at + d->ids > p->count ||
		    (k->reference && at == k->referent_at && (skip >> k->reference & 1)))
			continue;
		to[n++] = hprof_id(p->data + at, d->ids);
	}
	if (i < end) {
		*next = i;
		return n;
	}
	list = listed_refs(d, k, p, &listed);
	for (; i - end < listed && n < room; i++)
		to[n++] = list[i - end];
	*next = i - end < listed ? i : 0;
	return n;
}

static void push(struct walk *w, uint32_t rank, uint32_t parent)
{
	if (w->depth == w->room) {
		size_t room = w->room ? w->room * 2 : 1 << 16;
		struct step *more = realloc(w->steps, room * sizeof(*more));

		if (!more)
			abort();
		bigs_note(w->d->bigs, (room - w->room) * sizeof(*more));
		w->steps = more;
		w->room = room;
	}
	w->steps[w->depth++] = (struct step){ rank, parent };
}

static bool is_rooted(const struct walk *w, uint32_t rank)
{
	return w->rooted[rank >> 3] >> (rank & 7) & 1;
}

// An edge that is not the tree's.  Nothing but the top dominates a root, so edges into one say nothing.
static bool add_pair(struct walk *w, uint32_t rank, uint32_t to, uint32_t from, struct fail *why)
{
	struct pair *block;

	if (w->parent[to] == from || w->parent[to] == GRAPH_TOP || to == from ||
	    (from != GRAPH_TOP && is_rooted(w, rank)))
		return true;
	if (w->pairs % PAIRS == 0) {
		struct big b;

		if (!big_get(w->d->bigs, PAIRS * sizeof(struct pair), &b, why))
			return false;
		vec_push(w->d->mem, &w->blocks, b);
	}
	block = w->blocks.at[w->pairs / PAIRS].at;
	block[w->pairs++ % PAIRS] = (struct pair){ to, from };
	return true;
}

static void expand(struct walk *w, uint32_t n, uint32_t from)
{
	const struct idmap *m = &w->d->idmap;
	const struct idmap_block *blocks[BATCH];
	uint32_t bits[BATCH], next;
	struct hprof_part p;
	uint64_t ids[BATCH];
	unsigned count, width = w->g->width;

	part_at(w->d, get_place(w->place, width, n), &p);
	count = graph_refs(w->d, w->skip, &p, from, ids, BATCH, &next);
	if (next) {
		push(w, next, n);
		push(w, MORE, 0);
	}
	for (unsigned i = 0; !m->sorted && i < count; i++) {
		blocks[i] = ids[i] ? idmap_block_of(m, ids[i], &bits[i]) : NULL;
		if (blocks[i])
			__builtin_prefetch(blocks[i]);
	}
	for (unsigned i = 0; i < count; i++) {
		uint32_t rank = m->sorted   ? idmap_find_sorted(m, ids[i])
				: blocks[i] ? idmap_rank(blocks[i], bits[i])
					    : IDMAP_NONE;

		if (rank == IDMAP_NONE) {
			w->g->dangling += ids[i] != 0;
			continue;
		}
		__builtin_prefetch(w->number + (uint64_t)rank * width);
		push(w, rank, n);
	}
}

static bool run(struct walk *w, progress_fn *progress, void *arg, struct fail *why)
{
	unsigned width = w->g->width;

	while (w->depth) {
		struct step s = w->steps[--w->depth];
		uint64_t slot;

		if (s.rank == MORE) {
			s = w->steps[--w->depth];
			expand(w, s.parent, s.rank);
			continue;
		}
		slot = get_place(w->number, width, s.rank);
		if (slot & w->flag) {
			if (!add_pair(w, s.rank, (uint32_t)(slot & ~w->flag), s.parent, why))
				return false;
			continue;
		}
		w->count++;
		set_place(w->place, width, w->count, slot);
		set_place(w->number, width, s.rank, w->count | w->flag);
		w->parent[w->count] = s.parent;
		if (!(w->count & 0xfffff) && progress &&
		    !progress(arg, (double)w->count / (double)w->d->objects))
			return fail(why, FAIL_GONE, "interrupted");
		expand(w, w->count, 0);
	}
	return true;
}

static void note_place(void *arg, uint64_t place, const struct hprof_part *p)
{
	struct walk *w = arg;
	uint32_t rank = idmap_find(&w->d->idmap, p->id);

	if (rank != IDMAP_NONE)
		set_place(w->number, w->g->width, rank, place);
}

static void number_the_rest(void *arg, uint64_t place, const struct hprof_part *p)
{
	struct walk *w = arg;
	uint32_t rank = idmap_find(&w->d->idmap, p->id);

	if (rank == IDMAP_NONE || get_place(w->number, w->g->width, rank) & w->flag)
		return;
	w->count++;
	set_place(w->place, w->g->width, w->count, place);
	set_place(w->number, w->g->width, rank, w->count | w->flag);
}

static void push_roots(struct walk *w)
{
	// The last is taken first: threads, whose locals say more than a class does.
	for (int threads = 0; threads < 2; threads++)
		for (size_t i = 0; i < w->d->roots.count; i++) {
			const struct dump_root *r = &w->d->roots.at[i];
			uint32_t rank = idmap_find(&w->d->idmap, r->id);

			if (rank == IDMAP_NONE || (r->tag == HPROF_ROOT_THREAD) != threads)
				continue;
			w->rooted[rank >> 3] |= (uint8_t)(1u << (rank & 7));
			push(w, rank, GRAPH_TOP);
		}
}

static bool prepare(struct walk *w, struct fail *why)
{
	struct graph *g = w->g;
	struct bigs *bigs = w->d->bigs;
	uint64_t n = w->d->objects + 2;

	g->width = w->d->image.bytes.len >> 31 ? 5 : 4;
	w->flag = g->width == 4 ? UINT64_C(1) << 31 : UINT64_C(1) << 39;
	if (!big_get(bigs, n * g->width, &g->number, why) ||
	    !big_get(bigs, n * g->width, &g->place, why) ||
	    !big_get(bigs, n * sizeof(uint32_t), &w->parent_big, why) ||
	    !big_get(bigs, n / 8 + 1, &w->rooted_big, why))
		return false;
	w->number = g->number.at;
	w->place = g->place.at;
	w->parent = w->parent_big.at;
	w->rooted = w->rooted_big.at;
	w->count = GRAPH_TOP;
	dump_each_part(w->d, note_place, w);
	push_roots(w);
	return true;
}

// The pairs by the node that they enter.
static bool sort_pairs(struct walk *w, struct flow *f, struct big *first, struct big *from,
		       struct fail *why)
{
	uint32_t *count, *to;

	if (w->pairs >= UINT32_MAX)
		return fail(why, FAIL_CORRUPT, "the dump has more than 4.29 billion references");
	if (!big_get(w->d->bigs, ((uint64_t)f->last + 3) * sizeof(uint32_t), first, why) ||
	    !big_get(w->d->bigs, w->pairs * sizeof(uint32_t), from, why))
		return false;
	count = first->at;
	to = from->at;
	for (uint64_t i = 0; i < w->pairs; i++)
		count[((struct pair *)w->blocks.at[i / PAIRS].at)[i % PAIRS].to + 1]++;
	for (uint32_t n = 1; n <= f->last + 1; n++)
		count[n] += count[n - 1];
	// count[n] is where n begins; filling moves it to where n + 1 begins, so it is kept one up.
	for (uint64_t i = 0; i < w->pairs; i++) {
		struct pair p = ((struct pair *)w->blocks.at[i / PAIRS].at)[i % PAIRS];

		to[count[p.to]++] = p.from;
	}
	memmove(count + 1, count, ((size_t)f->last + 1) * sizeof(*count));
	count[0] = 0;
	f->first = count;
	f->from = to;
	return true;
}

static void drop_pairs(struct walk *w)
{
	for (size_t i = 0; i < w->blocks.count; i++)
		big_drop(&w->blocks.at[i]);
	w->blocks.count = 0;
	big_drop(&w->rooted_big);
	free(w->steps);
	if (w->steps)
		w->d->bigs->used -= w->room * sizeof(*w->steps);
	w->steps = NULL;
	w->room = 0;
}

static bool find_dominators(struct walk *w, struct fail *why)
{
	struct flow f = { .last = w->g->reached, .parent = w->parent };
	struct big first = { 0 }, from = { 0 };
	bool held;

	// The numbers by id are not needed for a while.
	big_park(&w->g->number);
	held = sort_pairs(w, &f, &first, &from, why);
	drop_pairs(w);
	held = held && dominators_find(&f, w->d->bigs, why);
	big_drop(&first);
	big_drop(&from);
	return held;
}

struct weighing {
	struct graph *g;
	uint64_t *retained;
};

static void weigh(void *arg, uint64_t place, const struct hprof_part *p)
{
	struct weighing *x = arg;
	struct graph *g = x->g;
	uint32_t rank = idmap_find(&g->d->idmap, p->id), n;
	const struct klass *k;
	uint64_t size;

	if (rank == IDMAP_NONE)
		return;
	n = (uint32_t)get_place(g->number.at, g->width, rank);
	if (get_place(g->place.at, g->width, n) != place)
		return; // the id comes twice; the other part is the one that counts
	if (p->tag == HPROF_CLASS) {
		k = dump_class(g->d, p->id);
		size = k ? k->mirror_bytes : 0;
		k = g->d->mirror;
	} else {
		k = graph_class_of_part(g, p);
		size = k ? dump_size(g->d, k, p) : 0;
	}
	x->retained[n] = size;
	if (n > g->reached)
		return;
	g->live_bytes += size;
	if (!k)
		return;
	g->live_instances[k->index]++;
	g->live_size[k->index] += size;
}

static bool weigh_all(struct graph *g, struct fail *why)
{
	struct weighing x = { .g = g };
	uint8_t *number;
	uint64_t top = g->width == 4 ? UINT64_C(1) << 31 : UINT64_C(1) << 39;

	if (!big_get(g->d->bigs, ((uint64_t)g->last + 1) * sizeof(uint64_t), &g->retained, why))
		return false;
	number = g->number.at;
	for (uint64_t i = 0; i < g->d->objects; i++)
		set_place(number, g->width, i, get_place(number, g->width, i) & ~top);
	x.retained = g->retained.at;
	g->live_instances = arena_array(g->d->mem, uint64_t, g->d->classes.count + 1);
	g->live_size = arena_array(g->d->mem, uint64_t, g->d->classes.count + 1);
	dump_each_part(g->d, weigh, &x);
	for (uint32_t n = g->reached; n >= GRAPH_FIRST; n--)
		x.retained[graph_idom(g, n)] += x.retained[n];
	return true;
}

bool graph_build(struct dump *d, unsigned skip, progress_fn *progress, void *arg, struct graph *out,
		 struct fail *why)
{
	struct graph g = { .d = d, .skip = skip };
	struct walk w = { .g = &g, .d = d, .skip = skip };
	bool held = prepare(&w, why) && run(&w, progress, arg, why);

	if (held) {
		g.reached = w.count;
		dump_each_part(d, number_the_rest, &w);
		g.last = w.count;
		held = find_dominators(&w, why);
	}
	drop_pairs(&w);
	g.idom = w.parent_big;
	if (held && weigh_all(&g, why)) {
		*out = g;
		return true;
	}
	graph_drop(&g);
	return false;
}

void graph_drop(struct graph *g)
{
	big_drop(&g->number);
	big_drop(&g->place);
	big_drop(&g->idom);
	big_drop(&g->retained);
}

uint32_t graph_find(const struct graph *g, uint64_t id)
{
	uint32_t rank = id ? idmap_find(&g->d->idmap, id) : IDMAP_NONE;

	return rank == IDMAP_NONE ? 0 : (uint32_t)get_place(g->number.at, g->width, rank);
}

void graph_part(const struct graph *g, uint32_t n, struct hprof_part *out)
{
	part_at(g->d, get_place(g->place.at, g->width, n), out);
}

struct klass *graph_class(const struct graph *g, uint32_t n)
{
	struct hprof_part p;

	graph_part(g, n, &p);
	return graph_class_of_part(g, &p);
}

uint64_t graph_size(const struct graph *g, uint32_t n)
{
	struct hprof_part p;
	struct klass *k;

	graph_part(g, n, &p);
	k = p.tag == HPROF_CLASS ? dump_class(g->d, p.id) : graph_class_of_part(g, &p);
	if (!k)
		return 0;
	return p.tag == HPROF_CLASS ? k->mirror_bytes : dump_size(g->d, k, &p);
}
