// SPDX-License-Identifier: Apache-2.0
// Objects by class in the Java heap, where they are asked for: the whole heap is read for that.
#include "jvm/livehisto.h"

#include "base/fail.h"
#include "collect/collector.h"
#include "collect/families.h"
#include "jvm/classes.h"

static bool run(struct look *look, struct fail *why)
{
	struct live_facts *out = &look->out->live;
	struct livehisto h;

	if (!(look->target->of_them & CLASSES_OBJECTS))
		return true;
	if (!look->target->live || look->target->recorded)
		return fail(why, FAIL_ABSENT, "a capture does not hold the Java heap");
	if (!look->classes)
		return fail(why, FAIL_ABSENT, "the classes can't be read");
	if (!livehisto_read(look->vm, look->classes, look->mem, &h, why))
		return false;
	for (size_t i = 0; i < look->classes->classes.count; i++) {
		const struct livehisto_row *r = &h.rows[i];

		if (r->count)
			vec_push(look->mem, &out->rows,
				 (struct live_row){
					 families_dotted(look->mem,
							 look->classes->classes.at[i].name),
					 r->count, r->bytes, r->old_count, r->old_bytes });
	}
	out->known = true;
	out->objects = h.objects;
	out->bytes = h.bytes;
	out->used = h.used;
	out->gaps = h.gaps;
	out->skipped = h.skipped;
	out->repeats = h.repeats;
	return true;
}

const struct collector collector_livehisto = {
	.name = "livehisto",
	.sentence = "objects and bytes by class in the Java heap, where they are asked for",
	.needs = TIER_B,
	.needs_vm = true,
	.of_classes = CLASSES_OBJECTS,
	.run = run,
};
