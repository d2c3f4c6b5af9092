// SPDX-License-Identifier: Apache-2.0
#include "malloc/glibc_meanwhile.h"

#include <string.h>

#include "base/memory.h"
#include "base/units.h"
#include "malloc/glibc_mmapped.h"
#include "os/patience.h"
#include "parse/maps.h"

enum {
	PAGES = 1 << 14, // of new memory that are asked for a header, in one try
	TRIES = 2,       // where nothing moves
};

struct count {
	const struct malloc_view *v;
	const struct glibc *g;
	struct maps now;
	uint64_t chunks, bytes;
	unsigned pages; // asked
	bool has_new;   // there is memory that was not mapped before
};

// The bytes of the chunk whose mapping starts at `at`; 0: none does.
static uint64_t chunk_at(const struct count *c, uint64_t at)
{
	uint64_t words[2];

	if (!memory_read(c->v->memory, at, words, sizeof(words), NULL) || words[0])
		return 0;
	return glibc_mmapped_size(&c->g->layout, 0, words[1]);
}

static void add(struct count *c, uint64_t bytes)
{
	c->chunks++;
	c->bytes += bytes;
}

// From `at` to `new_end` in memory that reaches to `end`; returns where the search goes on.
static uint64_t search_new(struct count *c, uint64_t at, uint64_t new_end, uint64_t end)
{
	c->has_new |= at < new_end;
	while (at < new_end && c->pages++ < PAGES) {
		uint64_t bytes = chunk_at(c, at);

		if (bytes && bytes <= end - at) {
			add(c, bytes);
			at += bytes;
		} else {
			at += PAGE_SIZE_BYTES;
		}
	}
	return at;
}

// The parts of [start, end) that no mapping held before.  A chunk that starts in one may reach into
// memory that was mapped: mremap() moves where it can.
static void search_between(struct count *c, uint64_t start, uint64_t end)
{
	const struct maps *before = c->v->maps;

	for (size_t i = 0; i < before->count && start < end; i++) {
		const struct mapping *m = &before->at[i];

		if (m->end <= start)
			continue;
		if (m->start >= end)
			break;
		if (m->start > start)
			start = search_new(c, start, m->start, end);
		if (start < m->end)
			start = m->end;
	}
	search_new(c, start, end, end);
}

// Adjoining anonymous memory in one piece: a chunk may lie over the border of two mappings.
static void search_all(struct count *c)
{
	for (size_t i = 0; i < c->now.count;) {
		uint64_t start = c->now.at[i].start, end = start;

		for (; i < c->now.count && view_is_anonymous(&c->now.at[i]) &&
		       (end == start || c->now.at[i].start == end);
		     i++)
			end = c->now.at[i].end;
		if (end > start)
			search_between(c, start, end);
		else
			i++;
	}
}

static bool is_anonymous_now(const struct count *c, uint64_t at)
{
	const struct mapping *m = maps_find(&c->now, at);

	return m && view_is_anonymous(m);
}

// Those that are still chunks; realloc may have changed their sizes.
static void count_left(struct count *c, const struct meanwhile_chunks *found)
{
	for (size_t i = 0; i < found->list.count; i++) {
		const struct meanwhile_chunk *k = &found->list.at[i];
		uint64_t bytes = is_anonymous_now(c, k->start) ? k->end - k->start : 0;

		if (bytes && !k->aligned)
			bytes = chunk_at(c, k->start);
		if (bytes)
			add(c, bytes);
	}
}

static bool same(const struct glibc_counters *a, const struct glibc_counters *b)
{
	return a->mmaps == b->mmaps && a->mmapped == b->mmapped;
}

bool glibc_meanwhile_adds_up(const struct malloc_view *v, const struct glibc *g,
			     const struct meanwhile_chunks *found)
{
	struct glibc_counters last = g->counters;
	struct patience patience = patience_start(v->memory);
	bool moves = false;

	if (!v->read_maps || !g->params.known)
		return false;
	do {
		struct count c = { .v = v, .g = g };
		struct glibc_counters before, after;

		memory_forget(v->memory);
		if (!glibc_params_read(v, &g->params, &before, NULL) ||
		    !v->read_maps(v->read_maps_arg, &c.now))
			return false;
		count_left(&c, found);
		search_all(&c);
		memory_forget(v->memory);
		if (!glibc_params_read(v, &g->params, &after, NULL))
			return false;
		if (same(&before, &after) && c.chunks == after.mmaps && c.bytes == after.mmapped)
			return true;
		moves |= c.has_new || !same(&before, &after) || !same(&before, &last);
		last = after;
	} while ((moves || patience.tries < TRIES) && patience_again(&patience));
	return false;
}
