// SPDX-License-Identifier: Apache-2.0
#include "malloc/threadcaches.h"

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "malloc/view.h"

enum { COUNT_LIMIT = 4096, EXACT_BINS = 64 };

// struct tcache_perthread_struct: up to 2.29, to 2.41, from 2.42 on.
static const struct shape {
	uint16_t chunk, entries; // size of the chunk; offset of the lists' heads
	uint8_t bins, width;     // bytes of a counter
	bool down;               // it counts the free places
} SHAPES[] = {
	{ 0x250, 64, 64, 1, false },
	{ 0x290, 128, 64, 2, false },
	{ 0x300, 152, 76, 2, true },
};
enum { SHAPE_COUNT = sizeof(SHAPES) / sizeof(SHAPES[0]), STRUCT_LIMIT = 0x300 };

struct cache { // as read
	uint16_t count[THREADCACHES_BINS];
	uint64_t head[THREADCACHES_BINS];
	const struct shape *shape;
	uint64_t at;
};

static const struct shape *shape_of(uint64_t chunk_size)
{
	for (size_t i = 0; i < SHAPE_COUNT; i++)
		if (chunk_size == SHAPES[i].chunk || chunk_size == SHAPES[i].chunk + 16u)
			return &SHAPES[i];
	return NULL;
}

// What a counter says where the list is empty: the same in all of a cache.
static bool find_full(const struct shape *s, const unsigned char *bytes, uint16_t *full)
{
	bool any = false;

	*full = 0;
	for (size_t i = 0; s->down && i < s->bins; i++) {
		uint64_t head;
		uint16_t n;

		memcpy(&head, bytes + s->entries + 8 * i, sizeof(head));
		memcpy(&n, bytes + 2 * i, sizeof(n));
		if (head)
			continue;
		if (any && n != *full)
			return false;
		*full = n;
		any = true;
	}
	return !s->down || (any && *full && *full <= COUNT_LIMIT);
}

static bool read_shape(const struct shape *s, const unsigned char *bytes, struct cache *out)
{
	bool any = false;
	uint16_t full;

	if (!find_full(s, bytes, &full))
		return false;
	for (size_t i = 0; i < s->bins; i++) {
		uint16_t n = bytes[i];

		if (s->width == 2)
			memcpy(&n, bytes + 2 * i, sizeof(n));
		memcpy(&out->head[i], bytes + s->entries + 8 * i, sizeof(out->head[i]));
		if (s->down && n > full)
			return false;
		out->count[i] = s->down ? (uint16_t)(full - n) : n;
		if (out->count[i] > COUNT_LIMIT || !out->count[i] != !out->head[i] ||
		    (out->head[i] && !view_is_chunk_pointer(out->head[i])))
			return false;
		any |= out->head[i] != 0;
	}
	out->shape = s;
	return any;
}

bool threadcaches_has_shape(const unsigned char *bytes, uint64_t chunk_size)
{
	const struct shape *s = shape_of(chunk_size);
	struct cache c;

	return s && read_shape(s, bytes, &c);
}

// ---- following

struct list {
	size_t cache, bin; // whose it is
	uint64_t at;       // next chunk's caller address, plain and xored
	uint16_t left;
};

struct node { // from 16 bytes before the caller's address
	uint64_t before, size, link, mark;
};

struct following {
	const struct malloc_view *v;
	const struct glibc *g;
	struct arena scratch;
	struct cache *caches;
	size_t count;
	bool mangled;
};

static bool is_in_arena(const struct glibc *g, uint64_t at)
{
	const struct glibc_piece *p = glibc_first_piece(g, at);

	return p && p->start <= at && p->part != GLIBC_CHUNK;
}

static bool fits_bin(uint64_t size, size_t bin)
{
	size &= ~UINT64_C(7);
	return bin < EXACT_BINS ? size == 32 + 16 * bin : size > 32 + 16 * EXACT_BINS;
}

// Reads one node of each list; `ok` per list.
static void read_nodes(struct following *f, const struct list *lists, size_t count,
		       struct node *out, bool *ok)
{
	uint64_t *at = arena_array(&f->scratch, uint64_t, count + 1);
	struct memory_objects objects = { .at = at, .count = 0, .len = sizeof(*out) };

	for (size_t i = 0; i < count; i++) {
		ok[i] = view_is_chunk_pointer(lists[i].at) && is_in_arena(f->g, lists[i].at - 16);
		at[i] = lists[i].at - 16;
		objects.count += ok[i];
	}
	if (objects.count == count && memory_gather(f->v->memory, &objects, out, NULL))
		return;
	for (size_t i = 0; i < count; i++)
		ok[i] = ok[i] && view_read(f->v, at[i], &out[i], sizeof(*out), NULL);
}

// Follows all lists of all caches side by side, a chunk of each at a time; `good[cache]` stays true
// where all held.
static void follow(struct following *f, bool *good, struct threadcaches *out, struct arena *mem)
{
	struct list *lists =
		arena_array(&f->scratch, struct list, f->count * THREADCACHES_BINS + 1);
	struct node *nodes =
		arena_array(&f->scratch, struct node, f->count * THREADCACHES_BINS + 1);
	bool *ok = arena_array(&f->scratch, bool, f->count *THREADCACHES_BINS + 1);
	size_t count = 0;

	for (size_t c = 0; c < f->count; c++)
		for (size_t b = 0; b < f->caches[c].shape->bins; b++)
			if (f->caches[c].head[b])
				lists[count++] = (struct list){ c, b, f->caches[c].head[b],
								f->caches[c].count[b] };
	while (count) {
		size_t kept = 0;

		read_nodes(f, lists, count, nodes, ok);
		for (size_t i = 0; i < count; i++) {
			struct list l = lists[i];
			struct threadcache *cache = &out->caches.at[l.cache];

			if (!good[l.cache])
				continue;
			if (!ok[i] || !fits_bin(nodes[i].size, l.bin)) {
				good[l.cache] = false;
				continue;
			}
			vec_push(mem, &out->chunks,
				 (struct threadcache_chunk){ l.at - 16,
							     nodes[i].size & ~UINT64_C(7) });
			cache->count++;
			cache->bytes += nodes[i].size & ~UINT64_C(7);
			l.at = f->mangled ? nodes[i].link ^ l.at >> 12 : nodes[i].link;
			l.left--;
			if (!l.left != !l.at)
				good[l.cache] = false;
			else if (l.left)
				lists[kept++] = l;
		}
		count = kept;
	}
}

// Caches that held with links taken as mangled or plain.
static unsigned try_links(struct following *f, bool mangled, bool *good, struct threadcaches *out,
			  struct arena *mem)
{
	unsigned held = 0;

	f->mangled = mangled;
	out->caches.count = out->chunks.count = 0;
	for (size_t i = 0; i < f->count; i++) {
		vec_push(mem, &out->caches, (struct threadcache){ .at = f->caches[i].at });
		good[i] = true;
	}
	follow(f, good, out, mem);
	for (size_t i = 0; i < f->count; i++)
		held += good[i];
	return held;
}

static int by_start(const void *a, const void *b)
{
	const struct threadcache_chunk *x = a, *y = b;

	return x->at < y->at ? -1 : x->at > y->at;
}

// Leaves out caches that did not hold and all of their chunks: only those of the others are taken anew.
static void keep_good(struct following *f, const bool *good, struct threadcaches *out,
		      struct arena *mem)
{
	bool *all = arena_array(&f->scratch, bool, f->count + 1);
	size_t kept = 0;

	for (size_t i = 0; i < f->count; i++)
		if (good[i])
			f->caches[kept++] = f->caches[i];
	out->broken = (unsigned)(f->count - kept);
	if (kept == f->count)
		return;
	f->count = kept;
	try_links(f, f->mangled, all, out, mem);
}

static void read_candidates(struct following *f, const struct threadcaches *caches)
{
	f->caches = arena_array(&f->scratch, struct cache, caches->candidates.count + 1);
	for (size_t i = 0; i < caches->candidates.count; i++) {
		unsigned char bytes[STRUCT_LIMIT];
		uint64_t at = caches->candidates.at[i], size;
		const struct shape *s;
		struct cache *c = &f->caches[f->count];

		if (!view_read_u64(f->v, at - 8, &size, NULL))
			continue;
		s = shape_of(size & ~UINT64_C(7));
		if (!s || !view_read(f->v, at, bytes, s->entries + 8u * s->bins, NULL) ||
		    !read_shape(s, bytes, c))
			continue;
		c->at = at;
		f->count++;
	}
}

void threadcaches_follow(const struct malloc_view *v, const struct glibc *g, struct arena *mem,
			 struct threadcaches *caches)
{
	struct following f = { .v = v, .g = g };
	bool *good;

	caches->caches.count = caches->chunks.count = 0;
	caches->broken = 0;
	read_candidates(&f, caches);
	good = arena_array(&f.scratch, bool, f.count + 1);
	if (f.count) {
		unsigned plain = try_links(&f, false, good, caches, mem);

		if (plain < f.count && try_links(&f, true, good, caches, mem) < plain)
			try_links(&f, false, good, caches, mem);
		keep_good(&f, good, caches, mem);
		if (caches->chunks.count)
			qsort(caches->chunks.at, caches->chunks.count, sizeof(*caches->chunks.at),
			      by_start);
	}
	arena_drop(&f.scratch);
}

// ---- the mark

static int by_value(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return x < y ? -1 : x > y;
}

enum { VOTES = 256 };

struct votes {
	uint64_t word[VOTES];
	size_t asked, own;
};

static bool is_cache(const struct threadcache_marks *m, uint64_t word)
{
	return m->count && bsearch(&word, m->caches, m->count, sizeof(word), by_value);
}

// The marks of the first chunks of its lists.
static void add_marks(const struct malloc_view *v, const struct cache *c, struct votes *votes)
{
	struct node n;

	for (size_t b = 0; b < c->shape->bins && votes->asked < VOTES; b++) {
		if (!c->head[b] || !view_read(v, c->head[b] - 16, &n, sizeof(n), NULL) ||
		    !fits_bin(n.size, b) || !n.mark)
			continue;
		votes->own += n.mark == c->at;
		votes->word[votes->asked++] = n.mark;
	}
}

// The word that most of them are; 0: none.
static uint64_t most_common(const struct votes *votes)
{
	uint64_t best = 0;
	size_t lead = 0, count = 0;

	for (size_t i = 0; i < votes->asked; i++) {
		if (!lead)
			best = votes->word[i];
		lead += votes->word[i] == best ? 1 : -1;
	}
	for (size_t i = 0; i < votes->asked; i++)
		count += votes->word[i] == best;
	return count * 2 > votes->asked && count >= 2 ? best : 0;
}

void threadcaches_learn(const struct malloc_view *v, const struct glibc *g,
			const struct threadcaches *caches, struct arena *mem,
			struct threadcache_marks *out)
{
	struct following f = { .v = v, .g = g };
	struct votes votes = { .asked = 0 };
	struct threadcache_marks m = { 0 };

	read_candidates(&f, caches);
	m.caches = arena_array(mem, uint64_t, f.count + 1);
	for (size_t i = 0; i < f.count; i++) {
		add_marks(v, &f.caches[i], &votes);
		m.caches[m.count++] = f.caches[i].at;
	}
	qsort(m.caches, m.count, sizeof(*m.caches), by_value);
	m.own = votes.own * 2 > votes.asked;
	m.word = m.own ? 0 : most_common(&votes);
	m.known = m.own || m.word;
	arena_drop(&f.scratch);
	*out = m;
}

bool threadcache_marks_hold(const struct threadcache_marks *m, uint64_t word)
{
	return m->known && word && (m->own ? is_cache(m, word) : word == m->word);
}
