// SPDX-License-Identifier: Apache-2.0
// The collector's structures beside the heap.  What a probe found but lies in a glibc heap is
// no structure of the VM: it is left out and said so.
#include "jvm/gcside.h"

#include "base/fail.h"
#include "collect/collector.h"
#include "collect/taken.h"
#include "jvm/hotspot.h"
#include "malloc/glibc.h"

static bool run(struct look *look, struct fail *why)
{
	struct provenance from = look_from(look, "gc", "probe", CERTAINTY_DERIVED);
	struct malloc_view view;
	struct gcside side;
	struct glibc glibc = { 0 };
	uint64_t reserved = 0, committed = 0;

	if (!gcside_read(look->vm, look->mem, &side, why))
		return false;
	taken_view(look, &view);
	glibc_read_arenas(&view, look->mem, &glibc, NULL); // no glibc: nothing to be mistaken for
	for (size_t i = 0; i < side.ranges.count; i++) {
		const struct gcside_range *r = &side.ranges.at[i];

		if (view_find_taken(&view, r->start, r->end) ||
		    glibc_holds(&glibc, r->start, r->end)) {
			if (!r->unreferenced)
				vec_push(look->mem, &side.refused,
					 arena_format(look->mem, "%s: its memory has another owner",
						      r->part));
			continue;
		}
		reserved += r->end - r->start;
		committed += r->committed;
		snapshot_claim(look->out,
			       (struct claim){
				       .start = r->start,
				       .end = r->end,
				       .account = "gc",
				       .part = r->part,
				       .source = r->named ? "vmstructs" : "probe",
				       .certainty = r->named ? CERTAINTY_EXACT : CERTAINTY_DERIVED,
			       });
	}
	if (side.refused.count) {
		snapshot_set_missing(look->out, F_GC_RESERVED, from,
				     "some structures were not found");
		snapshot_set_missing(look->out, F_GC_COMMITTED, from,
				     "some structures were not found");
		return fail(why, FAIL_CORRUPT, "layout unknown: %s%s", side.refused.at[0],
			    side.refused.count > 1 ? " (and more)" : "");
	}
	snapshot_set(look->out, F_GC_RESERVED, reserved, from);
	snapshot_set(look->out, F_GC_COMMITTED, committed, from);
	return true;
}

const struct collector collector_gc = {
	.name = "gc",
	.sentence = "the collector's structures: card and offset tables, bitmaps, mark stacks",
	.needs = TIER_B,
	.needs_vm = true,
	.accounts = { "gc" },
	.run = run,
};
