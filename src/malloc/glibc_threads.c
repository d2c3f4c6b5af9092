// SPDX-License-Identifier: Apache-2.0
#include "malloc/glibc_threads.h"

#include <string.h>

#include "base/memory.h"
#include "base/units.h"
#include "malloc/view.h"

enum {
	SELF_AGAIN = 16,
	TID = 720,     // in all of glibc 2.31 to 2.43
	ALIGN = 64,    // of a control block
	BEFORE = 2048, // how far before it thread_arena may be
	TID_LIMIT = 1 << 22,
};

struct search {
	const struct malloc_view *v;
	const struct glibc *g;
	struct arena *mem;
	struct glibc_threads *out;
	unsigned pages;
};

static bool is_known(const struct search *s, uint64_t at)
{
	for (size_t i = 0; i < s->out->list.count; i++)
		if (s->out->list.at[i].block_at == at)
			return true; // ranges may overlap
	return false;
}

static void look_in_page(struct search *s, uint64_t page)
{
	uint64_t words[PAGE_SIZE_BYTES / 8], again;
	uint32_t tid;

	if (!view_read(s->v, page, words, sizeof(words), NULL))
		return;
	for (size_t i = 0; i < sizeof(words) / 8; i += ALIGN / 8) {
		uint64_t at = page + i * 8;

		if (words[i] == at && view_read_u64(s->v, at + SELF_AGAIN, &again, NULL) &&
		    again == at && view_read(s->v, at + TID, &tid, sizeof(tid), NULL) && tid &&
		    tid < TID_LIMIT && !is_known(s, at))
			vec_push(s->mem, &s->out->list,
				 (struct glibc_thread){ at, tid, UINT32_MAX });
	}
}

static void look_in_range(struct search *s, const struct range *r)
{
	uint64_t at = units_page_down(r->start), end = units_page_down(r->end);

	while (s->pages < GLIBC_THREADS_PAGES && (at = view_next_present(s->v, at, end)) < end) {
		uint64_t behind = glibc_piece_end(s->g, at);

		if (behind) {
			at = units_page_up(behind);
			continue;
		}
		s->pages++;
		if (s->pages % 1024 == 0)
			memory_forget(s->v->memory);
		look_in_page(s, at);
		at += PAGE_SIZE_BYTES;
	}
}

static uint32_t arena_of(const struct glibc *g, uint64_t at)
{
	for (uint32_t i = 0; at && i < g->arenas.count; i++)
		if (g->arenas.at[i].at == at)
			return i;
	return UINT32_MAX;
}

// What stands `before` bytes before each control block; how many of them are arenas.
static unsigned read_arenas(struct search *s, uint64_t before, uint32_t *arenas)
{
	unsigned found = 0;

	for (size_t i = 0; i < s->out->list.count; i++) {
		uint64_t word;

		arenas[i] = UINT32_MAX;
		if (view_read_u64(s->v, s->out->list.at[i].block_at - before, &word, NULL))
			arenas[i] = arena_of(s->g, word);
		found += arenas[i] != UINT32_MAX;
	}
	return found;
}

// No arena has more threads than it counts itself.
static bool fits(const struct search *s, const uint32_t *arenas, struct arena *mem)
{
	uint32_t *count = arena_array(mem, uint32_t, s->g->arenas.count + 1);

	for (size_t i = 0; i < s->out->list.count; i++)
		if (arenas[i] != UINT32_MAX &&
		    ++count[arenas[i]] > s->g->arenas.at[arenas[i]].attached_threads)
			return false;
	return true;
}

bool glibc_threads_find(const struct malloc_view *v, const struct glibc *g,
			const struct range *ranges, size_t count, struct arena *mem,
			struct glibc_threads *out)
{
	struct search s = { .v = v, .g = g, .mem = mem, .out = out };
	struct arena scratch = { 0 };
	unsigned best = 0;
	uint32_t *arenas;

	*out = (struct glibc_threads){ 0 };
	for (size_t i = 0; i < count; i++)
		look_in_range(&s, &ranges[i]);
	arenas = arena_array(&scratch, uint32_t, out->list.count + 1);
	for (uint64_t before = 8; out->list.count && before <= BEFORE; before += 8) {
		unsigned found = read_arenas(&s, before, arenas);

		if (found <= best || !fits(&s, arenas, &scratch))
			continue;
		best = found;
		for (size_t i = 0; i < out->list.count; i++)
			out->list.at[i].arena = arenas[i];
	}
	arena_drop(&scratch);
	return best && best * 2 >= out->list.count;
}
