// SPDX-License-Identifier: Apache-2.0
#include "malloc/chunkwindow.h"

#include "base/arena.h"
#include "base/memory.h"
#include "malloc/view.h"
#include "os/pages.h"

enum {
	FIRST = 64 << 10,        // a walk that starts
	JUMPED = 8 << 10,        // behind a large chunk: its neighbour's header is wanted, no more
	DIRECT = 128 << 10,      // reads of this length go past the reader's copies
	FORGET_EVERY = 16 << 20, // so that these stay few
	JUMP = 64 << 10,
};

void chunkwindow_init(struct chunkwindow *w, const struct malloc_view *v, struct arena *mem)
{
	*w = (struct chunkwindow){
		.v = v,
		.bytes = arena_get(mem, CHUNKWINDOW_BYTES),
		.step = FIRST,
		.forget_at = FORGET_EVERY,
	};
}

void chunkwindow_reset(struct chunkwindow *w, uint64_t limit)
{
	w->start = w->end = 0;
	w->limit = units_page_up(limit);
	w->step = FIRST;
}

static void read_run(struct chunkwindow *w, uint64_t start, uint64_t end)
{
	size_t first = (size_t)((start - w->start) / PAGE_SIZE_BYTES);
	size_t len = (size_t)(end - start);

	if (len < DIRECT)
		memory_prefetch(w->v->memory, start, end);
	if (!memory_read(w->v->memory, start, w->bytes + (start - w->start), len, NULL))
		return; // page by page, as they are needed
	memset(w->state + first, CHUNKWINDOW_READ, len / PAGE_SIZE_BYTES);
	w->read += len;
}

static void fill(struct chunkwindow *w)
{
	const struct pages *pages = w->v->pages;

	memset(w->state, CHUNKWINDOW_NOT_READ, sizeof(w->state));
	for (size_t i = pages_above(pages, w->start); i < pages->count; i++) {
		const struct page_run *run = &pages->at[i];
		uint64_t start = run->start > w->start ? run->start : w->start;
		uint64_t end = run->end < w->end ? run->end : w->end;

		if (run->start >= w->end)
			break;
		if (run->flags & PAGE_PRESENT)
			read_run(w, start, end);
	}
	if (w->read >= w->forget_at) {
		memory_forget(w->v->memory);
		w->forget_at = w->read + FORGET_EVERY;
	}
}

// A walk that goes on keeps the last page: the chunk whose successor it looks for may begin there.
static void move_to(struct chunkwindow *w, uint64_t at)
{
	uint64_t start = units_page_down(at);

	if (w->end && at >= w->end && at < w->end + JUMP) {
		w->step = w->step * 4 < CHUNKWINDOW_BYTES ? w->step * 4 : CHUNKWINDOW_BYTES;
		if (start == w->end)
			start -= PAGE_SIZE_BYTES;
	} else if (w->end && at >= w->end) {
		w->step = JUMPED;
	}
	w->start = start;
	w->end = w->start + w->step;
	if (w->end > w->limit)
		w->end = w->limit;
	fill(w);
}

bool chunkwindow_show(struct chunkwindow *w, uint64_t at)
{
	unsigned char *state;
	uint64_t page = units_page_down(at);

	if (at >= w->limit)
		return false;
	if (at < w->start || at >= w->end)
		move_to(w, at);
	state = &w->state[(at - w->start) / PAGE_SIZE_BYTES];
	if (*state == CHUNKWINDOW_NOT_READ) {
		bool got = memory_read(w->v->memory, page, w->bytes + (page - w->start),
				       PAGE_SIZE_BYTES, NULL);

		*state = got ? CHUNKWINDOW_READ : CHUNKWINDOW_UNREADABLE;
		w->read += PAGE_SIZE_BYTES;
	}
	return *state == CHUNKWINDOW_READ;
}
