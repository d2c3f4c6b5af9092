// SPDX-License-Identifier: Apache-2.0
// Malloc's chunks, where they are asked for: in use, cached, free, what of it is in memory and what a trim
// would return.
//
// A quiet target needs one walk.  One that allocates meanwhile is walked three times, each time with
// mappings and pages of its own, and the walk in the middle counts.  A capture has the numbers (made
// "malloc/chunks"), never the chunks.
#include <stdlib.h>
#include <string.h>

#include "base/fail.h"
#include "base/units.h"
#include "collect/chunks_text.h"
#include "collect/collector.h"
#include "collect/mappings.h"
#include "collect/taken.h"
#include "malloc/glibc.h"
#include "malloc/glibc_threads.h"
#include "malloc/glibc_walk.h"
#include "malloc/view.h"
#include "os/remote.h"
#include "os/tasks.h"

enum {
	WALKS = 3,           // that count
	TRIES = 5,           // the first one may only have learned the mark of cached chunks
	UNPARSED_PART = 100, // of what malloc has: more than a hundredth makes it unsure
};

// Walks whose findings lie this far apart do not agree; measured with 8 threads that allocate blocks of up
// to 60 KB (docs/formats/glibc-malloc.md).
static const double SPREAD_MOST = 0.05;

// 0.3 to 0.6 ms of CPU time a megabyte.
#define FEW_BYTES MIB(64)
enum { LEAST_PART = 100 };

struct tour { // one walk with what it stood on
	struct glibc glibc;
	struct glibc_walk walk;
	struct pages pages;
	struct maps maps;
};

// Pages and mappings as they are now; other collectors' claims stay.
static bool take_fresh(struct look *look, struct tour *t, struct malloc_view *view,
		       struct fail *why)
{
	const struct target *target = look->target;
	struct page_range *ranges;
	size_t count = 0;

	if (!mappings_read(target->files, target->pid, look->mem, &t->maps, why))
		return false;
	ranges = arena_array(look->mem, struct page_range, t->maps.count + 1);
	for (size_t i = 0; i < t->maps.count; i++) {
		const struct mapping *m = &t->maps.at[i];

		if (m->end <= REMOTE_END && view_is_anonymous(m))
			ranges[count++] = (struct page_range){ m->start, m->end, true };
		else if (m->end <= REMOTE_END && m->writable && !m->shared)
			ranges[count++] =
				(struct page_range){ m->start, m->end, !m->inode && !m->shared };
	}
	if (!pages_read(target->files, target->pid, ranges, count, look->mem, &t->pages, why))
		return false;
	mappings_hand_over(target, &t->maps, look->mem);
	remote_set_pages(target->remote, &t->pages);
	memory_forget(target->memory);
	view->maps = &t->maps;
	view->pages = &t->pages;
	return glibc_read(view, look->mem, &t->glibc, why);
}

static uint64_t found_in_use(const struct tour *t)
{
	return t->walk.in_use + t->walk.sum.use[WALK_CACHED].bytes + t->walk.mmapped;
}

static int by_in_use(const void *a, const void *b)
{
	uint64_t x = found_in_use(*(const struct tour *const *)a);
	uint64_t y = found_in_use(*(const struct tour *const *)b);

	return x < y ? -1 : x > y;
}

// ---- what was found, as facts

static void add_arenas(struct look *look, const struct tour *t, struct malloc_facts *to)
{
	for (size_t i = 0; i < t->walk.arenas.count; i++) {
		const struct walk_arena *a = &t->walk.arenas.at[i];
		const struct glibc_arena *g = &t->glibc.arenas.at[i];

		vec_push(look->mem, &to->arenas,
			 (struct malloc_arena_row){
				 .at = a->at,
				 .main = g->main,
				 .heaps = g->heaps,
				 .attached_threads = g->attached_threads,
				 .in_use = a->use[WALK_IN_USE].bytes + a->use[WALK_OWN].bytes,
				 .cached = a->use[WALK_CACHED].bytes,
				 .fast = a->use[WALK_FAST].bytes,
				 .bins = a->use[WALK_BIN].bytes,
				 .top = a->use[WALK_TOP].bytes,
				 .system = a->system,
				 .resident = a->resident,
				 .returnable = a->returnable,
				 .unparsed = a->use[WALK_UNPARSED].bytes,
			 });
	}
}

// Where control blocks may be: of a JVM's threads at the ends of their stacks, and the first one's; of
// another process in any of its anonymous memory.
static size_t list_ranges(const struct look *look, const struct tour *t, struct range *to)
{
	static const uint64_t STACK_END = KIB(64);
	const struct maps *maps = t->maps.count ? &t->maps : &look->maps;
	size_t count = 0;

	for (size_t i = 0; i < look->out->claims.count; i++) {
		const struct claim *c = &look->out->claims.at[i];
		bool stack = !strcmp(c->account, "thread-stacks");
		bool first = c->part && !strcmp(c->part, "first thread's TLS");

		if (stack || first)
			to[count++] = (struct range){ stack && c->end - c->start > STACK_END
							      ? c->end - STACK_END
							      : c->start,
						      c->end };
	}
	for (size_t i = 0; look->target->plain && i < maps->count; i++)
		if (view_is_anonymous(&maps->at[i]))
			to[count++] = (struct range){ maps->at[i].start, maps->at[i].end };
	return count;
}

// The host's ids of the threads that allocate in each arena; only where all of them are known.
static void add_threads(struct look *look, const struct memory *memory, const struct tour *t,
			struct malloc_facts *to)
{
	const struct target *target = look->target;
	struct range *ranges =
		arena_array(look->mem, struct range,
			    look->out->claims.count + look->maps.count + t->maps.count + 1);
	struct glibc_threads found;
	struct malloc_view view;
	struct tasks tasks;

	taken_view(look, &view);
	view.memory = memory;
	if (!tasks_read(target->files, target->pid, look->mem, &tasks, NULL) ||
	    !glibc_threads_find(&view, &t->glibc, ranges, list_ranges(look, t, ranges), look->mem,
				&found))
		return;
	for (size_t a = 0; a < to->arenas.count; a++) {
		struct malloc_arena_row *row = &to->arenas.at[a];
		int *tids = arena_array(look->mem, int, tasks.count + 1);

		for (size_t i = 0; i < tasks.count; i++)
			for (size_t k = 0; k < found.list.count; k++)
				if (found.list.at[k].arena == a &&
				    found.list.at[k].tid == (uint32_t)tasks.at[i].ns_tid) {
					tids[row->tid_count++] = tasks.at[i].tid;
					break;
				}
		row->tids = tids;
	}
}

static void add_sizes(struct look *look, const struct glibc_walk *w, struct malloc_facts *to)
{
	for (size_t i = 0; i < WALK_SIZES; i++) {
		const struct walk_size *s = &w->sizes[i];

		if (s->count || s->free_count)
			vec_push(look->mem, &to->sizes,
				 (struct malloc_size_row){ glibc_walk_up_to(i), s->count, s->bytes,
							   s->free_count, s->free_bytes });
	}
}

static uint64_t resident_free(const struct walk_arena *sum)
{
	return sum->use[WALK_CACHED].resident + sum->use[WALK_FAST].resident +
	       sum->use[WALK_BIN].resident + sum->use[WALK_TOP].resident;
}

static void set_facts(struct look *look, const struct memory *memory, const struct tour *t,
		      struct malloc_facts *to)
{
	const struct glibc_walk *w = &t->walk;
	const struct walk_arena *sum = &w->sum;
	uint64_t free = resident_free(sum), returnable = sum->returnable;

	if (returnable > free) // pages that come and go
		returnable = free;
	to->known = true;
	to->in_use = w->in_use;
	to->cached = sum->use[WALK_CACHED].bytes;
	to->fast = sum->use[WALK_FAST].bytes;
	to->bins = sum->use[WALK_BIN].bytes;
	to->top = sum->use[WALK_TOP].bytes;
	to->freed = w->freed;
	to->mmapped = w->mmapped;
	to->mmapped_count = w->mmapped_count;
	to->resident_mmapped = w->mmapped_resident;
	to->resident_in_use = sum->resident - free + w->mmapped_resident;
	to->resident_returnable = returnable;
	to->resident_pinned = free - returnable;
	to->chunks = sum->use[WALK_IN_USE].count;
	to->unparsed = sum->use[WALK_UNPARSED].bytes;
	to->tuned_known = w->tuned;
	to->mmap_max = w->tuning.mmap_max;
	to->most_mapped = w->tuning.most_mapped;
	to->huge_page = w->tuning.huge_page;
	to->cache_count = w->tuning.cache_count;
	to->cache_most = w->tuning.cache_most;
	to->no_dyn_threshold = w->tuning.no_dyn_threshold;
	add_arenas(look, t, to);
	add_threads(look, memory, t, to);
	add_sizes(look, w, to);
}

static void unsure(struct look *look, struct malloc_facts *to, const char *why)
{
	to->certainty = MALLOC_UNSURE;
	to->unsure_why = arena_text(look->mem, why);
}

static void judge(struct look *look, const struct tour *chosen, const struct tour *const *sorted,
		  size_t count, struct malloc_facts *to)
{
	uint64_t has = chosen->walk.sum.system + chosen->walk.mmapped;
	uint64_t middle = found_in_use(chosen);
	struct fail text;

	if (count > 1 && middle)
		to->spread = (double)(found_in_use(sorted[count - 1]) - found_in_use(sorted[0])) /
			     (double)middle;
	to->certainty = chosen->walk.still ? MALLOC_EXACT : MALLOC_DERIVED;
	if (to->unparsed > has / UNPARSED_PART) {
		fail(&text, FAIL_CORRUPT,
		     chosen->walk.unread
			     ? "%.1f MB of its heaps can't be followed: pages are swapped out"
			     : "%.1f MB of its heaps can't be followed: no chain of chunks leads "
			       "through",
		     units_in_mb(to->unparsed));
		unsure(look, to, text.text);
	} else if (chosen->walk.crowded) {
		unsure(look, to,
		       "more small chunks are free in fast bins than jledger keeps: some of them "
		       "count as in use");
	} else if (chosen->walk.still) {
		if (!chosen->walk.sum.whole)
			unsure(look, to,
			       chosen->glibc.doubts.count
				       ? chosen->glibc.doubts.at[0]
				       : "the chunks do not sum to what malloc has");
	} else if (to->spread > SPREAD_MOST) {
		fail(&text, FAIL_CORRUPT, "it allocates so fast that %zu walks lie %.0f %% apart",
		     count, to->spread * 100);
		unsure(look, to, text.text);
	} else if (count < 2 && chosen->walk.breaks) {
		unsure(look, to, "it allocates, and was walked only once");
	}
}

// ---- the walks

// `memory` is the target's own, past a recorder.
static bool take_tour(struct look *look, const struct memory *memory, const struct tour *last,
		      struct tour *out, struct fail *why)
{
	struct malloc_view view;

	taken_view(look, &view);
	view.memory = memory;
	if (!last)
		out->glibc = *look->glibc;
	else if (!take_fresh(look, out, &view, why))
		return false;
	return glibc_walk(&view, &out->glibc, last ? &last->walk.marks : NULL, look->mem,
			  &out->walk, why);
}

static size_t tries_of(const struct target *t)
{
	return t->want_chunks == CHUNKS_ALL && !t->recorded ? TRIES : 1;
}

static bool walk(struct look *look, const struct memory *memory, struct malloc_facts *to,
		 struct fail *why)
{
	struct tour tours[TRIES] = { 0 };
	const struct tour *counted[TRIES], *still = NULL;
	size_t count = 0, made = 0, tries = tries_of(look->target);

	for (; made < tries && count < WALKS && !still; made++) {
		struct tour *t = &tours[made];

		if (!take_tour(look, memory, made ? &tours[made - 1] : NULL, t, why)) {
			if (!made)
				return false;
			break;
		}
		to->read += t->walk.read;
		if (t->walk.still || t->walk.crowded) // another walk would not help
			still = t;
		// What is cached can be told by a mark as it passes; the first walk learns it.
		if (t->walk.marked || !t->walk.marks.known || t->walk.still)
			counted[count++] = t;
	}
	if (!count)
		counted[count++] = &tours[made - 1];
	qsort(counted, count, sizeof(counted[0]), by_in_use);
	if (!still)
		still = counted[count / 2];
	to->walks = (unsigned)made;
	set_facts(look, memory, still, to);
	judge(look, still, counted, still->walk.still ? 1 : count, to);
	return true;
}

static bool make(void *arg, struct arena *mem, struct span *out, struct fail *why)
{
	struct look *look = arg;
	const struct target *t = look->target;
	struct malloc_facts found = { 0 };
	struct memory memory;
	bool done;

	if (!t->remote)
		return fail(why, FAIL_ABSENT,
			    "a capture holds where malloc's memory lies, not its chunks");
	memory_init(&memory, mem);
	memory_add_segment(&memory, 0, REMOTE_END, &REMOTE_SOURCE, t->remote);
	done = walk(look, &memory, &found, why);
	// The look's own pages and mappings again.
	mappings_hand_over(t, &look->maps, look->mem);
	remote_set_pages(t->remote, look->has_pages ? &look->pages : NULL);
	memory_forget(&memory);
	if (done)
		*out = chunks_text_print(&found, mem);
	return done;
}

// What a look by the way would spend on it: of arenas, whose chunks they are.
static uint64_t present_bytes(const struct look *look)
{
	uint64_t sum = 0;

	for (size_t i = 0; i < look->glibc->pieces.count; i++) {
		const struct glibc_piece *p = &look->glibc->pieces.at[i];

		if (p->part != GLIBC_CHUNK)
			sum += pages_between(&look->pages, p->start, p->end, PAGE_PRESENT);
	}
	return sum;
}

// Whether a walk costs little, and what it tells could matter: of a hundredth of all memory nobody asks how
// much is free.
static bool is_by_the_way(const struct look *look)
{
	uint64_t present = present_bytes(look);

	return present <= FEW_BYTES && present >= snapshot_get(look->out, F_RSS, 0) / LEAST_PART;
}

static bool run(struct look *look, struct fail *why)
{
	const struct target *t = look->target;
	struct span text;
	struct fail here;

	if (t->want_chunks == CHUNKS_NO || !look->glibc)
		return true;
	if (t->want_chunks == CHUNKS_FEW && !is_by_the_way(look))
		return true;
	if (tree_made(t->files, "malloc/chunks", make, look, look->mem, &text, &here) &&
	    chunks_text_parse(text, look->mem, &look->out->malloc, &here))
		return true;
	look->out->malloc = (struct malloc_facts){ .why_not = arena_text(look->mem, here.text) };
	if (why)
		*why = here;
	// Who looks at all of the target misses nothing that he asked for.
	return t->want_chunks != CHUNKS_ALL && here.kind != FAIL_GONE;
}

const struct collector collector_chunks = {
	.name = "chunks",
	.sentence = "malloc's chunks: in use, cached, free, and what a trim returns",
	.needs = TIER_B,
	.plain = true,
	.run = run,
};
