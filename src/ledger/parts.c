// SPDX-License-Identifier: Apache-2.0
#include "ledger/parts.h"

#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "ledger/ledger.h"

static int by_name(const void *left, const void *right)
{
	const struct part_row *a = left, *b = right;

	if (a->account != b->account)
		return a->account < b->account ? -1 : 1;
	return a->name == b->name ? 0 : strcmp(a->name, b->name);
}

static int by_size(const void *left, const void *right)
{
	const struct part_row *a = left, *b = right;

	if (a->account != b->account)
		return a->account < b->account ? -1 : 1;
	if (a->resident != b->resident)
		return a->resident > b->resident ? -1 : 1;
	return strcmp(a->name, b->name);
}

void parts_list(const struct ledger *l, struct arena *mem, struct parts *out)
{
	struct parts all = { 0 };
	size_t kept = 0;

	for (size_t i = 0; i < l->pieces.count; i++) {
		const struct piece *p = &l->pieces.at[i];

		if (p->claim && p->claim->part)
			vec_push(mem, &all,
				 (struct part_row){ p->account, p->claim->part, p->resident,
						    p->swap });
	}
	*out = all;
	if (!all.count)
		return;
	qsort(all.at, all.count, sizeof(*all.at), by_name);
	for (size_t i = 1; i < all.count; i++) {
		if (by_name(&all.at[kept], &all.at[i])) {
			all.at[++kept] = all.at[i];
			continue;
		}
		all.at[kept].resident += all.at[i].resident;
		all.at[kept].swap += all.at[i].swap;
	}
	out->count = kept + 1;
	qsort(out->at, out->count, sizeof(*out->at), by_size);
}
