// SPDX-License-Identifier: Apache-2.0
// The code cache is full: what is not compiled yet stays interpreted.
#include <string.h>

#include "base/units.h"
#include "diagnose/rule.h"
#include "diagnose/weigh.h"

enum {
	FREE_KB = 512,     // the VM stops compiling when CodeCacheMinimumFreeSpace (500 KB) is left
	FREE_PERCENT = 2,  // and what is left of a large one lies in pieces
	NEAR_PERCENT = 75, // of a cache that is filled up soon at the window's pace ...
	SOON_S = 300,      // ... within this time
};

// Of the heaps for compiled methods: the one for the VM's own code has a size of its own and does not fill.
static bool holds_methods(const struct code_heap_row *row)
{
	return !strstr(row->name, "non-nmethods");
}

static uint64_t methods_in(const struct snapshot *s, uint64_t *reserved)
{
	uint64_t used = 0;

	*reserved = 0;
	for (size_t i = 0; i < s->code_heaps.count; i++) {
		const struct code_heap_row *row = &s->code_heaps.at[i];

		if (!holds_methods(row))
			continue;
		used += row->used;
		*reserved += row->end - row->start;
	}
	return used;
}

static enum verdict judge(const struct evidence *e, struct arena *mem, struct finding *out)
{
	const struct snapshot *now = e->now;
	const struct flag_row *flushing = snapshot_find_flag(now, "UseCodeCacheFlushing");
	uint64_t reserved, was, used = methods_in(now, &reserved), least, left;
	double grown = 0;
	bool soon;

	if (!reserved)
		return cannot_tell(out, mem, "the code heaps", out->cause->how);
	least = reserved / 100 * FREE_PERCENT > KIB(FREE_KB) ? reserved / 100 * FREE_PERCENT
							     : KIB(FREE_KB);
	left = reserved > used ? reserved - used : 0;
	if (weigh_has_window(e) && e->first->code_heaps.count)
		grown = (double)used - (double)methods_in(e->first, &was);
	soon = left > least && used >= reserved / 100 * NEAR_PERCENT &&
	       grown * SOON_S >= (double)(left - least) * e->window_s;
	if (left > least && !soon)
		return ruled_out(out, mem, "%s of the %s for compiled methods are free",
				 weigh_size(mem, left), weigh_size(mem, reserved));
	out->bytes = e->ledger ? ledger_row(e->ledger, "code-cache")->resident : used;
	out->culprit.kind = "flag";
	out->culprit.name = "ReservedCodeCacheSize";
	add_evidence(out, mem, "code.used", (double)used, "vmstructs",
		     "%s used of the %s reserved for compiled methods", weigh_size(mem, used),
		     weigh_size(mem, reserved));
	weigh_remedy(out, mem, out->cause->remedy);
	if (soon)
		return likely(out, mem,
			      "The code cache fills up: %s of %s for compiled methods are used, %s "
			      "in %s; once it is full what is not compiled stays interpreted.",
			      weigh_size(mem, used), weigh_size(mem, reserved),
			      weigh_signed_size(mem, grown), weigh_window_text(mem, e));
	if (flushing && !flushing->number) {
		add_evidence(out, mem, "flag.UseCodeCacheFlushing", 0, "vmstructs",
			     "UseCodeCacheFlushing is off: nothing leaves the cache");
		return confirmed(
			out, mem,
			"The code cache is full: %s of %s for compiled methods are used, and "
			"nothing leaves it (UseCodeCacheFlushing is off).",
			weigh_size(mem, used), weigh_size(mem, reserved));
	}
	return likely(out, mem,
		      "The code cache is as good as full: %s of %s for compiled methods are used; "
		      "methods are thrown out for others, or stay interpreted.",
		      weigh_size(mem, used), weigh_size(mem, reserved));
}

const struct rule rule_code_cache_full = { .cause = "code-cache-full", .judge = judge };
