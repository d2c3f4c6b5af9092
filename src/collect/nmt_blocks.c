// SPDX-License-Identifier: Apache-2.0
// A capture has the sums (made "nmt/blocks"), never the memory that was searched: it holds whatever the
// program keeps there.
#include "collect/nmt_blocks.h"

#include <stdlib.h>
#include <string.h>

#include "base/fail.h"
#include "collect/collector.h"
#include "collect/nmt_rows.h"
#include "jvm/nmtsummary.h"
#include "malloc/nmtblocks.h"
#include "malloc/view.h"
#include "os/remote.h"

enum { OLD_OVERHEAD = 16 }; // of JDK 8 and 11, whose headers have no mark

struct question {
	struct look *look;
	const struct nmtblocks_range *ranges;
	size_t count;
};

static int by_start(const void *a, const void *b)
{
	const struct nmtblocks_range *x = a, *y = b;

	return x->start < y->start ? -1 : x->start > y->start;
}

// What malloc's own structures proved to be its memory.
static size_t list_ranges(struct look *look, struct nmtblocks_range **out)
{
	const struct snapshot *s = look->out;
	size_t count = 0;

	*out = arena_array(look->mem, struct nmtblocks_range, s->claims.count + 1);
	for (size_t i = 0; i < s->claims.count; i++) {
		const struct claim *c = &s->claims.at[i];

		if (strcmp(c->account, "malloc") != 0 || c->certainty == CERTAINTY_ESTIMATED)
			continue;
		(*out)[count++] =
			(struct nmtblocks_range){ c->start, c->end, c->table != CLAIM_OF_ARENA };
	}
	qsort(*out, count, sizeof(**out), by_start);
	return count;
}

static bool make(void *arg, struct arena *mem, struct span *out, struct fail *why)
{
	const struct question *q = arg;
	struct malloc_view view = { .maps = &q->look->maps,
				    .pages = q->look->has_pages ? &q->look->pages : NULL };
	struct nmtblocks blocks;
	struct memory memory;

	if (!q->look->target->remote)
		return fail(why, FAIL_ABSENT, "the capture has no blocks by category");
	// Past the recorder, if there is one.
	memory_init(&memory, mem);
	memory_add_segment(&memory, 0, REMOTE_END, &REMOTE_SOURCE, q->look->target->remote);
	view.memory = &memory;
	if (!nmtblocks_scan(&view, q->ranges, q->count, mem, &blocks, why))
		return false;
	memory_forget(&memory);
	*out = nmtblocks_print(&blocks, mem);
	return true;
}

bool nmt_blocks_read(struct look *look, const struct nmtsummary *s, struct fail *why)
{
	struct question q = { .look = look };
	struct nmtblocks_range *ranges;
	struct nmtblocks blocks;
	struct span text;

	if (s->block_overhead == OLD_OVERHEAD)
		return fail(why, FAIL_ABSENT, "before JDK 17 a block's header has no mark");
	q.count = list_ranges(look, &ranges);
	q.ranges = ranges;
	if (!q.count)
		return fail(why, FAIL_ABSENT, "it is not known what malloc's memory is");
	if (!tree_made(look->target->files, "nmt/blocks", make, &q, look->mem, &text, why) ||
	    !nmtblocks_parse(text, &blocks, why))
		return false;
	nmt_rows_add_blocks(look, s, &blocks);
	return true;
}
