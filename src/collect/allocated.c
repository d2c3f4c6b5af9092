// SPDX-License-Identifier: Apache-2.0
// What the Java threads that live now have allocated: the VM counts it for each, and Java
// allocates from buffers of its threads.  Two looks of one set of threads tell what was allocated between them.
#include "collect/collector.h"
#include "jvm/threads.h"

static bool run(struct look *look, struct fail *why)
{
	struct provenance from = look_from(look, "allocated", "vmstructs", CERTAINTY_DERIVED);
	struct hotspot_threads threads = { 0 };
	uint64_t sum = 0;

	if (!look->target->classes_alone)
		return true;
	if (!threads_read(look->vm, NULL, look->mem, &threads, why)) {
		snapshot_set_missing(look->out, F_ALLOCATED, from, "the list of threads is torn");
		return false;
	}
	for (size_t i = 0; i < threads.java.count; i++) {
		if (!threads.java.at[i].allocated_known) {
			snapshot_set_missing(look->out, F_ALLOCATED, from,
					     "the VM does not tell what its threads allocate");
			return true;
		}
		sum += threads.java.at[i].allocated;
	}
	snapshot_set(look->out, F_ALLOCATED, sum, from);
	return true;
}

const struct collector collector_allocated = {
	.name = "allocated",
	.sentence = "what the Java threads of this moment have allocated",
	.needs = TIER_B,
	.needs_vm = true,
	.of_classes = CLASSES_ALLOCATED,
	.run = run,
};
