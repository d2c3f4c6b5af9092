// SPDX-License-Identifier: Apache-2.0
// Resident and swapped pages by the page scan.  What is large is scanned by a second thread while the
// collectors up to `scanned` go on: a heap of 2 GB takes 10 ms, a third of the whole look.
#include "os/pages.h"

#include "base/fail.h"
#include "base/units.h"
#include "collect/collector.h"
#include "os/remote.h"

// A thread costs a tenth of a millisecond, the scan of this much a whole one.
#define LARGE MIB(128)

struct ranges {
	struct page_range *at;
	size_t count;
};

// The process's mappings as ranges; the kernel's fixed page above the address space is no memory.
static struct ranges list_ranges(const struct look *look)
{
	struct ranges r = { arena_array(look->mem, struct page_range, look->maps.count), 0 };

	for (size_t i = 0; i < look->maps.count; i++) {
		const struct mapping *m = &look->maps.at[i];
		struct page_range one = { m->start, m->end, !m->inode && !m->shared };
		struct page_range *last = r.count ? &r.at[r.count - 1] : NULL;

		if (one.end > REMOTE_END)
			continue;
		if (last && last->end == one.start && last->anonymous == one.anonymous)
			last->end = one.end;
		else
			r.at[r.count++] = one;
	}
	return r;
}

// Begins the scan of the large ranges beside this thread, and leaves the others in `r`.
static void begin_large(struct look *look, struct ranges *r)
{
	struct ranges large = { arena_array(look->mem, struct page_range, r->count), 0 };
	size_t kept = 0;

	for (size_t i = 0; i < r->count; i++)
		if (r->at[i].anonymous && r->at[i].end - r->at[i].start >= LARGE)
			large.at[large.count++] = r->at[i];
	if (large.count)
		look->scan = pages_begin(look->target->pid, large.at, large.count, look->mem);
	look->scanned_beside = look->scan;
	for (size_t i = 0; look->scan && i < r->count; i++)
		if (!r->at[i].anonymous || r->at[i].end - r->at[i].start < LARGE)
			r->at[kept++] = r->at[i];
	if (look->scan)
		r->count = kept;
}

static bool run(struct look *look, struct fail *why)
{
	const struct target *t = look->target;
	struct provenance from = look_from(look, "pages", "pagemap", CERTAINTY_EXACT);
	struct ranges ranges = list_ranges(look);

	if (t->pages_denied) {
		fail(why, FAIL_DENIED, "which pages are resident can't be told: %s",
		     t->pages_denied);
	} else {
		if (t->live && !t->recorded && !look->scan_at_once)
			begin_large(look, &ranges);
		if (pages_read(t->files, t->pid, ranges.at, ranges.count, look->mem, &look->pages,
			       why)) {
			look->has_pages = true;
			if (t->remote)
				remote_set_pages(t->remote, &look->pages);
			return true;
		}
	}
	snapshot_set_missing(look->out, F_RSS_AFTER, from, why->text);
	snapshot_set_missing(look->out, F_LOCK_HOLD, from, why->text);
	return false;
}

const struct collector collector_pages = {
	.name = "pages",
	.sentence = "which pages are resident or swapped, to the page",
	.needs = TIER_C,
	.plain = true,
	.run = run,
};
