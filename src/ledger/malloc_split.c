// SPDX-License-Identifier: Apache-2.0
#include "ledger/malloc_split.h"

const struct malloc_share_info MALLOC_SHARE_INFO[MALLOC_SHARES] = {
	[MALLOC_IN_USE] = { "malloc-in-use", "malloc, in use" },
	[MALLOC_RETURNABLE] = { "malloc-freed-returnable", "malloc, a trim returns" },
	[MALLOC_PINNED] = { "malloc-freed-pinned", "malloc, freed, stays" },
};

static const enum certainty CERTAINTIES[] = {
	[MALLOC_EXACT] = CERTAINTY_EXACT,
	[MALLOC_DERIVED] = CERTAINTY_DERIVED,
	[MALLOC_UNSURE] = CERTAINTY_ESTIMATED,
};

static uint64_t less(uint64_t a, uint64_t b)
{
	return a > b ? a - b : 0;
}

static struct account_row sum(const struct account_row *a, const struct account_row *b)
{
	struct account_row both = *a;

	both.resident += b->resident;
	both.certain += b->certain;
	both.growth += b->growth;
	if (both.pss != UNKNOWN_BYTES)
		both.pss += b->pss;
	return both;
}

static bool split_now(const struct ledger *l, struct malloc_split *out)
{
	const struct malloc_facts *m = &l->of->malloc;
	const struct account_row *all = ledger_row(l, "malloc");
	uint64_t freed = m->resident_returnable + m->resident_pinned;
	struct account_row share = *all;

	if (!m->known || all->unknown || freed > all->resident)
		return false;
	if (CERTAINTIES[m->certainty] > share.certainty)
		share.certainty = CERTAINTIES[m->certainty];
	share.committed = share.reserved = share.used = UNKNOWN_BYTES;
	for (int i = 0; i < MALLOC_SHARES; i++)
		out->row[i] = share;
	for (int i = MALLOC_RETURNABLE; i <= MALLOC_PINNED; i++) {
		struct account_row *row = &out->row[i];

		row->swap = 0; // pages that are away are not told apart
		row->resident = i == MALLOC_PINNED ? m->resident_pinned : m->resident_returnable;
		row->certain = all->certain == all->resident ? row->resident : 0;
		if (row->pss != UNKNOWN_BYTES)
			row->pss = row->resident;
	}
	out->row[MALLOC_IN_USE].resident = all->resident - freed;
	out->row[MALLOC_IN_USE].certain =
		less(all->certain,
		     out->row[MALLOC_RETURNABLE].certain + out->row[MALLOC_PINNED].certain);
	if (all->pss != UNKNOWN_BYTES)
		out->row[MALLOC_IN_USE].pss = less(all->pss, freed);
	return true;
}

bool malloc_split(const struct ledger *l, const struct ledger *first, struct malloc_split *out)
{
	struct malloc_split now, then;
	bool known;

	if (!split_now(l, &now))
		return false;
	known = first && first != l && split_now(first, &then);
	for (int i = 0; i < MALLOC_SHARES; i++) {
		now.row[i].has_growth = now.row[i].has_growth && known;
		now.row[i].growth = !now.row[i].has_growth ? 0
							   : (int64_t)now.row[i].resident -
								     (int64_t)then.row[i].resident;
	}
	now.freed = sum(&now.row[MALLOC_RETURNABLE], &now.row[MALLOC_PINNED]);
	*out = now;
	return true;
}
