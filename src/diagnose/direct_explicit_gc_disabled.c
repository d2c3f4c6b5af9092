// SPDX-License-Identifier: Apache-2.0
// DisableExplicitGC keeps dead direct buffers alive: java.nio.Bits calls System.gc() when its maximum is reached, and
// nothing happens.
#include "base/units.h"
#include "diagnose/rule.h"
#include "diagnose/weigh.h"

static const double NEAR = 0.90; // of the pool's maximum

static enum verdict judge(const struct evidence *e, struct arena *mem, struct finding *out)
{
	const struct flag_row *flag = snapshot_find_flag(e->now, "DisableExplicitGC");
	uint64_t reserved = snapshot_get(e->now, F_DIRECT_RESERVED, 0);
	uint64_t limit = snapshot_get(e->now, F_DIRECT_LIMIT, 0);

	if (flag && !flag->number)
		return ruled_out(out, mem, "DisableExplicitGC is off");
	if (!flag || !e->now->fact[F_DIRECT_RESERVED].known || !limit)
		return cannot_tell(
			out, mem,
			"the flag DisableExplicitGC, and the direct pool with its maximum",
			out->cause->how);
	if ((double)reserved < NEAR * (double)limit)
		return ruled_out(
			out, mem,
			"DisableExplicitGC is on, but direct buffers have %s of at most %s",
			weigh_size(mem, reserved), weigh_size(mem, limit));
	out->bytes = reserved;
	out->culprit.kind = "flag";
	out->culprit.name = "DisableExplicitGC";
	add_evidence(out, mem, "direct.reserved", (double)reserved,
		     weigh_source(e->now, F_DIRECT_RESERVED),
		     "direct buffers have %s of at most %s, and DisableExplicitGC is on",
		     weigh_size(mem, reserved), weigh_size(mem, limit));
	weigh_remedy(out, mem, out->cause->remedy);
	out->experiment = weigh_command(mem, "jledger try PID gc", e->now->pid);
	return likely(
		out, mem,
		"Direct buffers have %s of at most %s, and DisableExplicitGC keeps java.nio.Bits "
		"from "
		"collecting the dead ones: OutOfMemoryError comes where a collection would do.",
		weigh_size(mem, reserved), weigh_size(mem, limit));
}

const struct rule rule_direct_explicit_gc_disabled = { .cause = "direct-explicit-gc-disabled",
						       .judge = judge };
