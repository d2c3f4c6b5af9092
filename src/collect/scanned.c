// SPDX-License-Identifier: Apache-2.0
// The end of the page scan that collector pages began: rows, the kernel's count right after it, and
// what of the heap is resident.
#include <string.h>

#include "base/fail.h"
#include "collect/collector.h"
#include "os/pages.h"

static bool end_scan(struct look *look, struct fail *why)
{
	struct pages_scan *scan = look->scan;
	struct pages later;

	look->scan = NULL;
	if (!scan)
		return true;
	if (!pages_end(scan, look->target->pid, look->mem, &later, why))
		return false;
	pages_add(&look->pages, &later, look->mem);
	return true;
}

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

static void set_heap_resident(struct look *look)
{
	const struct snapshot *s = look->out;
	uint64_t sum = 0;

	for (size_t i = 0; i < s->claims.count; i++) {
		const struct claim *c = &s->claims.at[i];

		if (!strcmp(c->account, "java-heap"))
			sum += pages_between(&look->pages, c->start, c->end, PAGE_PRESENT);
	}
	snapshot_set(look->out, F_HEAP_RESIDENT, sum,
		     look_from(look, "heap", "vmstructs", CERTAINTY_EXACT));
}

static bool run(struct look *look, struct fail *why)
{
	struct provenance from = look_from(look, "pages", "pagemap", CERTAINTY_EXACT);

	if (!look->has_pages) // which collector pages said
		return true;
	if (!end_scan(look, why)) {
		look->has_pages = false;
		snapshot_set_missing(look->out, F_RSS_AFTER, from, why->text);
		snapshot_set_missing(look->out, F_LOCK_HOLD, from, why->text);
		return false;
	}
	add_runs(look);
	snapshot_set(look->out, F_RSS_AFTER, look->pages.rss_after, from);
	snapshot_set(look->out, F_LOCK_HOLD, (uint64_t)(look->pages.longest_hold_s * 1e9 + 0.5),
		     from);
	if (look->vm)
		set_heap_resident(look);
	return true;
}

const struct collector collector_scanned = {
	.name = "scanned",
	.sentence = "the end of the page scan, and the resident size right after it",
	.needs = TIER_C,
	.plain = true,
	.run = run,
};
