// SPDX-License-Identifier: Apache-2.0
// Dead direct buffers wait for a collection that does not come: the heap is quiet, and nobody runs the cleaners.
//
// Which buffers are dead only the heap or a collection can tell: a rise without any collection is likely at most,
// and the experiment decides.
#include "base/units.h"
#include "diagnose/collections.h"
#include "diagnose/rule.h"
#include "diagnose/weigh.h"

enum { LEAST_MB = 16, LEAST_BUFFERS = 3 };
static const double QUIET =
	0.5; // of the heap's maximum: below, the heap gives no reason to collect

static enum verdict judge(const struct evidence *e, struct arena *mem, struct finding *out)
{
	uint64_t reserved = snapshot_get(e->now, F_DIRECT_RESERVED, 0);
	uint64_t used = snapshot_get(e->now, F_HEAP_USED, 0),
		 max = snapshot_get(e->now, F_HEAP_MAX, 0);
	double grown = 0, count = 0, gcs = 0;

	if (!e->now->fact[F_DIRECT_RESERVED].known)
		return cannot_tell(out, mem, "the direct pool, which java.nio.Bits counts",
				   "jledger map PID");
	if (reserved < MIB(LEAST_MB))
		return ruled_out(out, mem, "direct buffers hold %s", weigh_size(mem, reserved));
	if (!weigh_has_window(e) || !weigh_fact(e, F_DIRECT_RESERVED, &grown))
		return cannot_tell(out, mem, "whether a collection takes the direct pool down",
				   out->cause->how);
	weigh_fact(e, F_DIRECT_COUNT, &count);
	if (!weigh_fact(e, F_GC_COUNT, &gcs))
		return cannot_tell(out, mem, "how often the heap was collected", out->cause->how);
	if (grown < 0)
		return ruled_out(out, mem, "the direct pool shrank: %s in %s",
				 weigh_signed_size(mem, grown), weigh_window_text(mem, e));
	if (gcs >= 1)
		return ruled_out(out, mem, "%s came within the window",
				 weigh_count(mem, (uint64_t)gcs, "collection"));
	if (count < LEAST_BUFFERS || !max || (double)used > QUIET * (double)max)
		return cannot_tell(
			out, mem,
			"whether the buffers are dead: no collection came within the window",
			out->cause->how);
	out->experiment = weigh_command(mem, "jledger try PID gc", e->now->pid);
	return cannot_tell(out, mem,
			   arena_format(mem,
					"whether the buffers are dead: %s of direct buffers, %s in "
					"%s, and no collection "
					"came; one would show it",
					weigh_size(mem, reserved), weigh_signed_size(mem, grown),
					weigh_window_text(mem, e)),
			   out->cause->how);
}

const struct rule rule_direct_awaiting_gc = { .cause = "direct-awaiting-gc", .judge = judge };
