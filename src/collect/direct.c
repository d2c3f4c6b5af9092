// SPDX-License-Identifier: Apache-2.0
// Direct buffers one by one, and java.nio.Bits' counters.
#include "jvm/direct.h"

#include "base/fail.h"
#include "collect/collector.h"
#include "jvm/hotspot.h"

// Before the first buffer is made java.nio.Bits is not there: then the flag tells, unless it is at
// its default, which means the heap's maximum.
static void add_limit(struct look *look, const struct direct_buffers *d, struct provenance from)
{
	uint64_t flag = 0;
	bool has_flag = hotspot_flag(look->vm, "MaxDirectMemorySize", &flag) && flag;
	uint64_t heap = look->vm->heap_end - look->vm->heap_start;

	// The default is the heap's maximum, less at most a survivor space.
	if (d->has_limit &&
	    (has_flag ? d->limit != flag : heap && (d->limit > heap || d->limit < heap / 2)))
		snapshot_set_missing(look->out, F_DIRECT_LIMIT, from,
				     "java.nio.Bits' limit is neither the flag's nor the heap's");
	else if (d->has_limit)
		snapshot_set(look->out, F_DIRECT_LIMIT, d->limit, from);
	else if (has_flag)
		snapshot_set(look->out, F_DIRECT_LIMIT, flag, from);
	else
		snapshot_set_missing(look->out, F_DIRECT_LIMIT, from,
				     "no direct buffer was made yet, so no limit is in force");
}

static void add_buffers(struct look *look, const struct direct_buffers *d)
{
	for (size_t i = 0; i < d->buffers.count; i++) {
		const struct direct_buffer *b = &d->buffers.at[i];

		vec_push(look->mem, &look->out->buffers, (struct buffer_row){ b->at, b->bytes });
		snapshot_claim(look->out, (struct claim){ .start = b->block_at,
							  .end = b->block_at + b->block_bytes,
							  .account = "direct-buffers",
							  .source = "vmstructs",
							  .certainty = CERTAINTY_EXACT });
	}
}

static bool run(struct look *look, struct fail *why)
{
	static const enum fact_id COUNTERS[] = { F_DIRECT_COUNT, F_DIRECT_CAPACITY,
						 F_DIRECT_RESERVED };
	struct provenance from = look_from(look, "direct", "vmstructs", CERTAINTY_EXACT);
	struct direct_buffers d;

	if (!look->classes)
		fail(why, FAIL_ABSENT, "the classes can't be read");
	if (!look->classes || !direct_read(look->vm, look->classes, look->mem, &d, why)) {
		for (int i = 0; i < 3; i++)
			snapshot_set_missing(look->out, COUNTERS[i], from, why->text);
		return false;
	}
	snapshot_set(look->out, F_DIRECT_COUNT, d.count, from);
	snapshot_set(look->out, F_DIRECT_CAPACITY, d.capacity, from);
	snapshot_set(look->out, F_DIRECT_RESERVED, d.reserved, from);
	add_limit(look, &d, from);
	look->out->buffers_known = d.listed;
	add_buffers(look, &d);
	if (!d.listed) { // too much movement: their memory is malloc's all the same
		fail(why, FAIL_CORRUPT, "the list of direct buffers: %s", d.why_not);
		look_torn(look, &collector_direct, why);
	}
	return true;
}

const struct collector collector_direct = {
	.name = "direct",
	.sentence = "direct buffers one by one, and the counters of java.nio.Bits",
	.needs = TIER_B,
	.needs_vm = true,
	.accounts = { "direct-buffers" },
	.run = run,
};
