// SPDX-License-Identifier: Apache-2.0
// The compressed class space is full while the rest of Metaspace has room.
#include <math.h>

#include "base/units.h"
#include "diagnose/rule.h"
#include "diagnose/weigh.h"

// Of the reserve.  The last chunk may be larger than what is left.
static const double FULL = 0.95, NEAR = 0.80, SOON_S = 120;
// From here on what grows evenly and is full in a minute is near its end too.
static const double HALF_WAY = 0.55, MINUTE_S = 60;

static enum verdict judge(const struct evidence *e, struct arena *mem, struct finding *out)
{
	const struct snapshot *now = e->now;
	uint64_t reserved = snapshot_get(now, F_CLASS_SPACE_RESERVED, 0);
	uint64_t used = snapshot_get(now, F_CLASS_SPACE_USED, 0);
	uint64_t committed = snapshot_get(now, F_CLASS_SPACE_COMMITTED, used);
	double part, left_s, grown = 0;
	bool soon;

	if (!reserved || !now->fact[F_CLASS_SPACE_USED].known)
		return cannot_tell(out, mem, "the class space and its reserve", out->cause->how);
	part = (double)(committed > used ? committed : used) / (double)reserved;
	weigh_fact(e, F_CLASS_SPACE_USED, &grown);
	left_s = grown > 0 ? ((double)reserved - (double)used) / grown * e->window_s : INFINITY;
	soon = part >= HALF_WAY && left_s < MINUTE_S &&
	       weigh_pace(e, (double)used - grown, grown) == PACE_GOES_ON;
	if ((part < NEAR && !soon) || (part < FULL && grown <= 0))
		return ruled_out(out, mem, "%s of the %s of class space are used",
				 weigh_size(mem, used), weigh_size(mem, reserved));
	out->bytes = e->ledger ? ledger_row(e->ledger, "class-space")->resident : used;
	out->culprit.kind = "flag";
	out->culprit.name = "CompressedClassSpaceSize";
	add_evidence(out, mem, "class_space.used", (double)used,
		     weigh_source(now, F_CLASS_SPACE_USED),
		     "%s used and %s committed of a reserve of %s", weigh_size(mem, used),
		     weigh_size(mem, committed), weigh_size(mem, reserved));
	add_evidence(out, mem, "classes.count", (double)snapshot_get(now, F_CLASSES, 0),
		     weigh_source(now, F_CLASSES), "%llu classes",
		     (unsigned long long)snapshot_get(now, F_CLASSES, 0));
	weigh_remedy(out, mem, out->cause->remedy);
	out->at_limit = part >= FULL || left_s < SOON_S;
	if (part >= FULL)
		return confirmed(
			out, mem,
			"The compressed class space is full: %s of %s; no class can be defined "
			"any more, whatever MaxMetaspaceSize says.",
			weigh_size(mem, committed > used ? committed : used),
			weigh_size(mem, reserved));
	return likely(out, mem, "The compressed class space fills up: %s of %s, %s in %s.",
		      weigh_size(mem, used), weigh_size(mem, reserved),
		      weigh_signed_size(mem, grown), weigh_window_text(mem, e));
}

const struct rule rule_class_space_full = { .cause = "class-space-full", .judge = judge };
