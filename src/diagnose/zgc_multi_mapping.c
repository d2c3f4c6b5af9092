// SPDX-License-Identifier: Apache-2.0
// ZGC maps one heap at three addresses, and RSS counts its pages up to three times.
//
// A note: non-generational ZGC does so (JDK 11 to 23).  Told by the mappings, not by the version: the same pages of
// the heap's memory file stand in several of them.
#include <string.h>

#include "base/units.h"
#include "diagnose/rule.h"
#include "diagnose/weigh.h"

static const double MORE = 1.2; // resident against committed: drift is less

static enum verdict judge(const struct evidence *e, struct arena *mem, struct finding *out)
{
	const struct fact *gc = &e->now->fact[F_COLLECTOR];
	uint64_t resident = snapshot_get(e->now, F_HEAP_RESIDENT, 0);
	uint64_t committed = snapshot_get(e->now, F_HEAP_COMMITTED, 0);

	if (!gc->known)
		return cannot_tell(out, mem, "the collector", out->cause->how);
	if (strcmp(gc->text, "Z") != 0)
		return ruled_out(out, mem, "the collector is %s", gc->text);
	if (!e->now->fact[F_HEAP_RESIDENT].known || !committed)
		return cannot_tell(out, mem, "what of the heap is resident and committed",
				   out->cause->how);
	if ((double)resident <= MORE * (double)committed)
		return ruled_out(out, mem, "%s resident of %s committed: no page counts twice",
				 weigh_size(mem, resident), weigh_size(mem, committed));
	out->bytes = resident - committed;
	out->culprit.kind = "flag";
	out->culprit.name = "UseZGC";
	add_evidence(out, mem, "heap.resident", (double)resident,
		     weigh_source(e->now, F_HEAP_RESIDENT),
		     "%s of the heap's mappings resident, %s committed", weigh_size(mem, resident),
		     weigh_size(mem, committed));
	weigh_remedy(out, mem, out->cause->remedy);
	return confirmed(
		out, mem,
		"ZGC's heap of %s is mapped several times and counts %s in RSS: at least %s exist "
		"only there.",
		weigh_size(mem, committed), weigh_size(mem, resident),
		weigh_size(mem, resident - committed));
}

const struct rule rule_zgc_multi_mapping = { .cause = "zgc-multi-mapping", .judge = judge };
