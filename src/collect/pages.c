// SPDX-License-Identifier: Apache-2.0
// Resident and swapped pages by the page scan, and the kernel's count right after it.
#include "os/pages.h"

#include "base/fail.h"
#include "collect/collector.h"
#include "os/remote.h"

static void add_runs(struct look *look)
{
	for (size_t i = 0; i < look->pages.count; i++) {
		const struct page_run *p = &look->pages.at[i];
		bool present = p->flags & PAGE_PRESENT;

		if (present || p->flags & PAGE_SWAPPED)
			vec_push(look->mem, &look->out->runs,
				 (struct run_row){
					 .start = p->start,
					 .end = p->end,
					 .swapped = !present,
					 .file = p->flags & PAGE_FILE,
					 .huge = p->flags & PAGE_HUGE,
				 });
	}
}

// The process's mappings as ranges; the kernel's fixed page above the address space is no memory.
static size_t list_ranges(const struct look *look, struct page_range **out)
{
	struct page_range *to = arena_array(look->mem, struct page_range, look->maps.count);
	size_t count = 0;

	for (size_t i = 0; i < look->maps.count; i++) {
		const struct mapping *m = &look->maps.at[i];
		struct page_range r = { m->start, m->end, !m->inode && !m->shared };

		if (r.end > REMOTE_END)
			continue;
		if (count && to[count - 1].end == r.start && to[count - 1].anonymous == r.anonymous)
			to[count - 1].end = r.end;
		else
			to[count++] = r;
	}
	*out = to;
	return count;
}

static bool run(struct look *look, struct fail *why)
{
	const struct target *t = look->target;
	struct provenance from = look_from(look, "pages", "pagemap", CERTAINTY_EXACT);
	struct page_range *ranges;
	size_t count = list_ranges(look, &ranges);

	if (t->pages_denied) {
		fail(why, FAIL_DENIED, "which pages are resident can't be told: %s",
		     t->pages_denied);
	} else if (pages_read(t->files, t->pid, ranges, count, look->mem, &look->pages, why)) {
		look->has_pages = true;
		if (t->remote)
			remote_set_pages(t->remote, &look->pages);
		add_runs(look);
		snapshot_set(look->out, F_RSS_AFTER, look->pages.rss_after, from);
		snapshot_set(look->out, F_LOCK_HOLD,
			     (uint64_t)(look->pages.longest_hold_s * 1e9 + 0.5), from);
		return true;
	}
	snapshot_set_missing(look->out, F_RSS_AFTER, from, why->text);
	snapshot_set_missing(look->out, F_LOCK_HOLD, from, why->text);
	return false;
}

const struct collector collector_pages = {
	.name = "pages",
	.sentence = "which pages are resident or swapped, to the page",
	.needs = TIER_C,
	.run = run,
};
