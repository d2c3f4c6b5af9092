// SPDX-License-Identifier: Apache-2.0
// Sizes by mapping, from one read of smaps: it holds the target's mmap lock for 10 ms a GB, so it
// is read only where somebody asked for Pss, or where nothing else tells what is resident.
#include "parse/smaps.h"

#include "base/fail.h"
#include "collect/collector.h"
#include "os/clock.h"

// smaps was read after maps: a mapping that changed meanwhile is sized by what covers its start.
static uint64_t size_mappings(struct look *look, const struct smaps *smaps)
{
	uint64_t pss = 0;
	size_t k = 0;

	for (size_t i = 0; i < look->out->mappings.count; i++) {
		struct mapping_row *m = &look->out->mappings.at[i];

		m->sized = true;
		while (k < smaps->count && smaps->at[k].end <= m->start)
			k++;
		for (; k < smaps->count && smaps->at[k].start < m->end; k++) {
			m->resident += smaps->at[k].rss;
			m->swap += smaps->at[k].swap;
			m->pss += smaps->at[k].pss;
			pss += smaps->at[k].pss;
		}
	}
	return pss;
}

// The kernel may let go of the lock between two mappings, so the whole read is the most that it can
// have been held at a time.
static void add_lock_hold(struct look *look, uint64_t ns)
{
	if (!look->target->live || snapshot_get(look->out, F_LOCK_HOLD, 0) >= ns)
		return;
	snapshot_set(look->out, F_LOCK_HOLD, ns,
		     look_from(look, "smaps", "smaps", CERTAINTY_ESTIMATED));
}

static bool run(struct look *look, struct fail *why)
{
	const struct target *t = look->target;
	struct smaps smaps;
	struct span text;
	uint64_t began;
	bool done;

	if (!t->want_pss && look->has_pages)
		return true;
	began = clock_now_ns();
	done = tree_read(t->files, arena_format(look->mem, "/proc/%d/smaps", t->pid), look->mem,
			 &text, why);
	if (done)
		add_lock_hold(look, clock_now_ns() - began);
	if (!done || !smaps_parse(text, look->mem, &smaps, why)) {
		snapshot_set_missing(look->out, F_PSS,
				     look_from(look, "smaps", "smaps", CERTAINTY_EXACT), why->text);
		return false;
	}
	snapshot_set(look->out, F_PSS, size_mappings(look, &smaps),
		     look_from(look, "smaps", "smaps", CERTAINTY_EXACT));
	return true;
}

const struct collector collector_smaps = {
	.name = "smaps",
	.sentence = "proportional sizes on demand, and sizes by mapping where pages can't be told",
	.needs = TIER_C,
	.plain = true,
	.run = run,
};
