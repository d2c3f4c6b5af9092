// SPDX-License-Identifier: Apache-2.0
#include "collect/collector.h"

#include "base/fail.h"
#include "jvm/codeheaps.h"
#include "jvm/hotspot.h"

static void claim(struct look *look, const struct virtualspace *v, const char *part)
{
	snapshot_claim(look->out, (struct claim){ .start = v->low_boundary,
						  .end = v->high_boundary,
						  .account = "code-cache",
						  .part = part,
						  .source = "vmstructs",
						  .certainty = CERTAINTY_EXACT });
}

static uint64_t reserved(const struct virtualspace *v)
{
	return v->high_boundary - v->low_boundary;
}

static void add_heap(struct look *look, const struct codeheaps_heap *h)
{
	claim(look, &h->memory, h->name);
	claim(look, &h->segmap, "segment map");
	vec_push(look->mem, &look->out->code_heaps,
		 (struct code_heap_row){
			 .name = h->name,
			 .start = h->memory.low_boundary,
			 .end = h->memory.high_boundary,
			 .committed = h->memory.high - h->memory.low,
			 .used = h->used == CODEHEAPS_UNKNOWN ? UNKNOWN_BYTES : h->used,
		 });
}

static bool run(struct look *look, struct fail *why)
{
	struct provenance from = look_from(look, "code", "vmstructs", CERTAINTY_EXACT);
	uint64_t used = 0, committed = 0, all = 0;
	struct codeheaps heaps;
	bool used_known = true;

	if (!codeheaps_read(look->vm, look->mem, &heaps, why))
		return false;
	for (size_t i = 0; i < heaps.count; i++) {
		const struct codeheaps_heap *h = &heaps.at[i];

		add_heap(look, h);
		used_known = used_known && h->used != CODEHEAPS_UNKNOWN;
		used += h->used;
		committed += h->memory.high - h->memory.low + h->segmap.high - h->segmap.low;
		all += reserved(&h->memory) + reserved(&h->segmap);
	}
	snapshot_set(look->out, F_CODE_COMMITTED, committed, from);
	snapshot_set(look->out, F_CODE_RESERVED, all, from);
	if (used_known)
		snapshot_set(look->out, F_CODE_USED, used, from);
	else
		snapshot_set_missing(look->out, F_CODE_USED, from,
				     "layout unknown: a code heap's blocks");
	return true;
}

const struct collector collector_code = {
	.name = "code",
	.sentence = "the code heaps and their segment maps",
	.needs = TIER_B,
	.needs_vm = true,
	.accounts = { "code-cache" },
	.run = run,
};
