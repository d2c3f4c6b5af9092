// SPDX-License-Identifier: Apache-2.0
#include "jvm/cds.h"

#include "collect/collector.h"

static bool run(struct look *look, struct fail *why)
{
	struct cds archives;

	if (!cds_read(look->vm, look->mem, &archives, why))
		return false;
	for (size_t i = 0; i < archives.count; i++) {
		const struct cds_part *p = &archives.at[i];

		snapshot_claim(look->out,
			       (struct claim){ .start = p->start,
					       .end = p->end,
					       .account = "cds",
					       .part = p->name,
					       .source = p->exact ? "vmstructs" : "proc",
					       .certainty = p->exact ? CERTAINTY_EXACT
								     : CERTAINTY_DERIVED });
	}
	return true;
}

const struct collector collector_cds = {
	.name = "cds",
	.sentence = "the class data sharing archives",
	.needs = TIER_B,
	.needs_vm = true,
	.accounts = { "cds" },
	.run = run,
};
