// SPDX-License-Identifier: Apache-2.0
#include "ledger/overlaps.h"

#include "base/arena.h"
#include "facts/claim.h"
#include "ledger/accounts.h"

// What the certain claims of one account cover: sorted, without overlap, each part with a claim
// that covers it.
struct cover {
	struct owned *at;
	size_t count, room;
};

static void find_crossing(const struct ranked *claims, size_t count, int account, struct arena *mem,
			  struct overlaps *out)
{
	VEC(struct ranked) open = { 0 };

	for (size_t i = 0; i < count; i++) {
		const struct claim *c = claims[i].claim, *outer;

		if (claims[i].account != account || c->certainty > CERTAINTY_DERIVED)
			continue;
		while (open.count && open.at[open.count - 1].claim->end <= c->start)
			open.count--;
		outer = open.count ? open.at[open.count - 1].claim : NULL;
		if (outer && outer->end < c->end)
			vec_push(mem, out, (struct overlap_row){ outer, c, c->start, outer->end });
		vec_push(mem, &open, claims[i]);
	}
}

static void cover_account(const struct ranked *claims, size_t count, int account, struct arena *mem,
			  struct cover *out)
{
	uint64_t covered = 0;

	for (size_t i = 0; i < count; i++) {
		const struct claim *c = claims[i].claim;
		uint64_t start = c->start > covered ? c->start : covered;

		if (claims[i].account != account || c->certainty > CERTAINTY_DERIVED ||
		    c->end <= covered)
			continue;
		vec_push(mem, out, (struct owned){ start, c->end, c, account });
		covered = c->end;
	}
}

static void intersect(const struct cover *a, const struct cover *b, struct arena *mem,
		      struct overlaps *out)
{
	for (size_t i = 0, j = 0; i < a->count && j < b->count;) {
		const struct owned *x = &a->at[i], *y = &b->at[j];
		uint64_t start = x->start > y->start ? x->start : y->start;
		uint64_t end = x->end < y->end ? x->end : y->end;

		if (start < end)
			vec_push(mem, out, (struct overlap_row){ x->claim, y->claim, start, end });
		if (x->end < y->end)
			i++;
		else
			j++;
	}
}

void overlaps_find(const struct ranked *claims, size_t count, struct arena *mem,
		   struct overlaps *out)
{
	struct cover covers[ACCOUNT_COUNT] = { 0 };

	*out = (struct overlaps){ 0 };
	for (int i = 0; i < ACCOUNT_COUNT; i++) {
		find_crossing(claims, count, i, mem, out);
		cover_account(claims, count, i, mem, &covers[i]);
	}
	for (int i = 0; i < ACCOUNT_COUNT; i++)
		for (int j = i + 1; j < ACCOUNT_COUNT; j++)
			if (!account_may_lie_in(i, j) && !account_may_lie_in(j, i))
				intersect(&covers[i], &covers[j], mem, out);
}
