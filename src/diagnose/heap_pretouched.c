// SPDX-License-Identifier: Apache-2.0
// The whole heap was touched at start, as asked for.
//
// A note: it explains why RSS stands near -Xmx from the first second on, and it accuses nobody.

#include <string.h>

#include "diagnose/rule.h"
#include "diagnose/weigh.h"

enum { WHOLE_PERCENT = 99 }; // resident part of the committed heap that counts as all of it

// What is resident of the Java heap; false when nobody knows.
static bool heap_resident(const struct evidence *e, uint64_t *resident)
{
	if (e->now->fact[F_HEAP_RESIDENT].known)
		*resident = e->now->fact[F_HEAP_RESIDENT].value;
	else if (e->ledger && ledger_row(e->ledger, "java-heap")->resident)
		*resident = ledger_row(e->ledger, "java-heap")->resident;
	else
		return false;
	return true;
}

static bool asked_for(const struct snapshot *s, bool *known)
{
	const struct flag_row *flag = snapshot_find_flag(s, "AlwaysPreTouch");

	*known = flag || s->fact[F_HEAP_PRETOUCH].known;
	if (s->fact[F_HEAP_PRETOUCH].known)
		return s->fact[F_HEAP_PRETOUCH].value != 0;
	return flag && flag->number != 0;
}

static enum verdict judge(const struct evidence *e, struct arena *mem, struct finding *out)
{
	const struct snapshot *now = e->now;
	uint64_t committed = snapshot_get(now, F_HEAP_COMMITTED, 0);
	uint64_t initial = snapshot_get(now, F_HEAP_INITIAL, 0);
	uint64_t resident, used = snapshot_get(now, F_HEAP_USED, 0);
	bool fixed = initial && initial == snapshot_get(now, F_HEAP_MAX, 0);
	bool pretouch, known;

	if (!committed || !heap_resident(e, &resident))
		return cannot_tell(out, mem, "how much of the committed heap is resident",
				   now->tier_gain ? now->tier_gain : "jledger map PID");
	pretouch = asked_for(now, &known);
	if (resident < committed / 100 * WHOLE_PERCENT)
		return ruled_out(out, mem, "%s of the committed %s are resident%s",
				 weigh_size(mem, resident), weigh_size(mem, committed),
				 pretouch ? " although AlwaysPreTouch is set" : "");
	if (!pretouch && !fixed)
		return known ? ruled_out(out, mem, "AlwaysPreTouch is off and the heap may grow")
			     : cannot_tell(out, mem, "the flag AlwaysPreTouch", out->cause->how);

	out->bytes = resident;
	out->culprit.kind = "flag";
	out->culprit.name = pretouch ? "AlwaysPreTouch" : "InitialHeapSize";
	add_evidence(out, mem, "heap.resident", (double)resident,
		     weigh_source(now, F_HEAP_RESIDENT), "%s of the heap resident",
		     weigh_size(mem, resident));
	add_evidence(out, mem, "heap.committed", (double)committed,
		     weigh_source(now, F_HEAP_COMMITTED), "%s committed, %s used",
		     weigh_size(mem, committed), weigh_size(mem, used));
	weigh_remedy(out, mem, out->cause->remedy);
	if (pretouch)
		return confirmed(
			out, mem,
			"AlwaysPreTouch made all %s of the committed heap resident at start: "
			"by design, not growth.",
			weigh_size(mem, committed));
	return likely(out, mem,
		      "The heap has a fixed size of %s (-Xms equals -Xmx) and all of it has been "
		      "touched: by design, it can't grow further.",
		      weigh_size(mem, committed));
}

const struct rule rule_heap_pretouched = { .cause = "heap-pretouched", .judge = judge };
