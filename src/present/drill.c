// SPDX-License-Identifier: Apache-2.0
#include "present/drill.h"

#include <stdlib.h>

#include "base/arena.h"
#include "ledger/ledger.h"

struct mapping_total *drill_mappings(const struct ledger *l, struct arena *mem)
{
	size_t count = l->of->mappings.count;
	struct mapping_total *totals = arena_array(mem, struct mapping_total, count + 1);
	uint64_t by_account[ACCOUNT_COUNT + 1] = { 0 };

	for (size_t i = 0; i < count; i++)
		totals[i] = (struct mapping_total){ .mapping = (uint32_t)i, .owner = ACCOUNT_NONE };
	for (size_t i = 0; i < l->pieces.count; i++) {
		const struct piece *p = &l->pieces.at[i];
		struct mapping_total *t;

		if (p->mapping >= count)
			continue;
		if (i && p[-1].mapping != p->mapping)
			for (int a = 0; a <= ACCOUNT_COUNT; a++)
				by_account[a] = 0;
		t = &totals[p->mapping];
		t->resident += p->resident;
		t->swap += p->swap;
		if (p->account == ACCOUNT_NONE)
			t->unaccounted += p->resident;
		by_account[p->account] += p->resident + p->swap;
		if (by_account[p->account] >= by_account[t->owner])
			t->owner = p->account;
	}
	return totals;
}

struct sorted {
	uint64_t resident;
	size_t row;
};

static int by_size(const void *left, const void *right)
{
	const struct sorted *a = left, *b = right;

	if (a->resident != b->resident)
		return a->resident > b->resident ? -1 : 1;
	return (a->row > b->row) - (a->row < b->row);
}

void drill_order(const uint64_t *sizes, size_t count, struct arena *mem, size_t *order)
{
	struct sorted *sorted = arena_array(mem, struct sorted, count + 1);

	for (size_t i = 0; i < count; i++)
		sorted[i] = (struct sorted){ sizes[i], i };
	qsort(sorted, count, sizeof(*sorted), by_size);
	for (size_t i = 0; i < count; i++)
		order[i] = sorted[i].row;
}

void drill_table(const struct ledger *l, enum claim_table table, size_t count, struct arena *mem,
		 struct drill *out)
{
	*out = (struct drill){ .order = arena_array(mem, size_t, count + 1),
			       .resident = arena_array(mem, uint64_t, count + 1),
			       .count = count };
	ledger_by_table(l, table, out->resident, count);
	drill_order(out->resident, count, mem, out->order);
}
