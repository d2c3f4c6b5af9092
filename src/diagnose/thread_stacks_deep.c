// SPDX-License-Identifier: Apache-2.0
// Stacks keep many resident pages: deep recursion or large frames, of threads that stay.
#include <string.h>

#include "base/units.h"
#include "diagnose/rule.h"
#include "diagnose/stems.h"
#include "diagnose/weigh.h"

enum {
	LEAST_MB = 24,     // of all stacks
	DEEP_KB = 384,     // resident of one stack; 40 to 130 KB are usual
	LEAST_DEEP = 4,    // stacks like that
	HALF_PERCENT = 50, // of the resident bytes that are theirs
};

static enum verdict judge(const struct evidence *e, struct arena *mem, struct finding *out)
{
	const struct snapshot *s = e->now;
	const struct account_row *row = e->ledger ? ledger_row(e->ledger, "thread-stacks") : NULL;
	uint64_t *resident, sum = 0, largest = 0;
	size_t deep = 0, most = 0;

	if (!row || !s->threads.count || !e->ledger->by_page)
		return cannot_tell(out, mem, "the resident pages of each stack", out->cause->how);
	if (row->resident < MIB(LEAST_MB))
		return ruled_out(out, mem, "all stacks together have %s resident",
				 weigh_size(mem, row->resident));
	resident = arena_array(mem, uint64_t, s->threads.count);
	ledger_by_table(e->ledger, CLAIM_OF_THREAD, resident, s->threads.count);
	for (size_t i = 0; i < s->threads.count; i++) {
		if (resident[i] < KIB(DEEP_KB))
			continue;
		deep++;
		sum += resident[i];
		if (resident[i] > largest) {
			largest = resident[i];
			most = i;
		}
	}
	if (deep < LEAST_DEEP || sum * 100 < row->resident * HALF_PERCENT)
		return ruled_out(out, mem,
				 "%s in %zu stacks: %zu of them have more than %d KB resident",
				 weigh_size(mem, row->resident), s->threads.count, deep, DEEP_KB);
	out->bytes = sum;
	out->culprit.kind = "thread";
	out->culprit.name =
		s->threads.at[most].name ? arena_text(mem, s->threads.at[most].name) : "?";
	add_evidence(out, mem, "stacks.deep", (double)deep, "pagemap",
		     "%zu of %zu stacks have more than %d KB resident, %s together; the deepest %s",
		     deep, s->threads.count, DEEP_KB, weigh_size(mem, sum),
		     weigh_size(mem, largest));
	weigh_confused(out, mem, "thread-leak", "few stacks have most of the bytes");
	weigh_remedy(out, mem, out->cause->remedy);
	return confirmed(
		out, mem,
		"Deep stacks stay resident: %zu of %zu have %s of the %s of all stacks, up to %s "
		"each (%s).",
		deep, s->threads.count, weigh_size(mem, sum), weigh_size(mem, row->resident),
		weigh_size(mem, largest), out->culprit.name);
}

const struct rule rule_thread_stacks_deep = { .cause = "thread-stacks-deep", .judge = judge };
