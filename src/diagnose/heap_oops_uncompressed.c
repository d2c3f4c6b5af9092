// SPDX-License-Identifier: Apache-2.0
// The heap is a little too large for compressed object
// pointers, so that the same objects need more of it.
#include "base/units.h"
#include "diagnose/rule.h"
#include "diagnose/weigh.h"

// A heap of the first size takes objects for 8-byte references that one of the second would hold
// with 4-byte ones.
#define BORDER GIB(32)
#define WORTH  GIB(48)

static enum verdict judge(const struct evidence *e, struct arena *mem, struct finding *out)
{
	const struct flag_row *flag = snapshot_find_flag(e->now, "UseCompressedOops");
	const struct fact *gc = &e->now->fact[F_COLLECTOR];
	uint64_t max = snapshot_get(e->now, F_HEAP_MAX, 0);

	if (gc->known && gc->text[0] == 'Z')
		return ruled_out(out, mem, "ZGC has no compressed object pointers at any size");
	if (!flag || !max)
		return cannot_tell(out, mem, "the flag UseCompressedOops and the heap's maximum",
				   out->cause->how);
	if (flag->number)
		return ruled_out(out, mem, "UseCompressedOops is on");
	if (max >= WORTH)
		return ruled_out(out, mem,
				 "a heap of %s can't have compressed pointers and is large enough "
				 "to do without",
				 weigh_size(mem, max));
	out->culprit.kind = "flag";
	out->culprit.name = max >= BORDER ? "MaxHeapSize" : "UseCompressedOops";
	add_evidence(out, mem, "heap.max", (double)max, weigh_source(e->now, F_HEAP_MAX),
		     "UseCompressedOops is off (%s), the heap's maximum is %s",
		     flag->origin ? flag->origin : "origin not known", weigh_size(mem, max));
	weigh_remedy(out, mem, out->cause->remedy);
	if (max >= BORDER)
		return confirmed(out, mem,
				 "A heap of %s has no compressed object pointers: below 32 GB the "
				 "same objects "
				 "need a third less.",
				 weigh_size(mem, max));
	return confirmed(out, mem,
			 "Compressed object pointers are off although the heap's maximum is %s: "
			 "objects need "
			 "up to a half more.",
			 weigh_size(mem, max));
}

const struct rule rule_heap_oops_uncompressed = { .cause = "heap-oops-uncompressed",
						  .judge = judge };
