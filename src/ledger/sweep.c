// SPDX-License-Identifier: Apache-2.0
#include "ledger/sweep.h"

#include <stdbool.h>
#include <stdlib.h>

#include "base/arena.h"
#include "facts/claim.h"
#include "ledger/ledger.h"

static uint64_t size_of(const struct ranked *r)
{
	return r->claim->end - r->claim->start;
}

// Claims are one array, so that their addresses tell the order in which they were given.
static int by_place(const void *left, const void *right)
{
	const struct ranked *a = left, *b = right;

	if (a->claim->start != b->claim->start)
		return a->claim->start < b->claim->start ? -1 : 1;
	if (a->claim->end != b->claim->end)
		return a->claim->end > b->claim->end ? -1 : 1;
	return (a->claim > b->claim) - (a->claim < b->claim);
}

void sweep_sort(struct ranked *claims, size_t count)
{
	if (count)
		qsort(claims, count, sizeof(*claims), by_place);
}

static bool wins(const struct ranked *a, const struct ranked *b)
{
	int a_rank = ACCOUNTS[a->account].rank, b_rank = ACCOUNTS[b->account].rank;

	if (a_rank != b_rank)
		return a_rank > b_rank;
	if (size_of(a) != size_of(b))
		return size_of(a) < size_of(b);
	if (a->claim->certainty != b->claim->certainty)
		return a->claim->certainty < b->claim->certainty;
	return a->claim < b->claim;
}

// The open claims, the winner on top.  Ended ones leave when they come to the top.
struct heap {
	const struct ranked **at;
	size_t count;
};

static void heap_push(struct heap *h, const struct ranked *r)
{
	size_t i = h->count++;

	for (; i && wins(r, h->at[(i - 1) / 2]); i = (i - 1) / 2)
		h->at[i] = h->at[(i - 1) / 2];
	h->at[i] = r;
}

static void heap_pop(struct heap *h)
{
	const struct ranked *last = h->at[--h->count];
	size_t i = 0;

	for (size_t child; (child = 2 * i + 1) < h->count; i = child) {
		if (child + 1 < h->count && wins(h->at[child + 1], h->at[child]))
			child++;
		if (!wins(h->at[child], last))
			break;
		h->at[i] = h->at[child];
	}
	h->at[i] = last;
}

static void own(struct owners *out, struct arena *mem, uint64_t start, uint64_t end,
		const struct ranked *r)
{
	struct owned *last = out->count ? &out->at[out->count - 1] : NULL;

	if (last && last->end == start && last->claim == r->claim)
		last->end = end;
	else
		vec_push(mem, out, (struct owned){ start, end, r->claim, r->account });
}

void sweep_owners(const struct ranked *claims, size_t count, struct arena *mem, struct owners *out)
{
	struct heap open = { .at = arena_array(mem, const struct ranked *, count + 1) };
	uint64_t at = 0;
	size_t next = 0;

	*out = (struct owners){ 0 };
	while (next < count || open.count) {
		uint64_t until;

		while (open.count && open.at[0]->claim->end <= at)
			heap_pop(&open);
		if (!open.count) {
			if (next == count)
				break;
			at = claims[next].claim->start;
		}
		while (next < count && claims[next].claim->start <= at)
			heap_push(&open, &claims[next++]);
		// The winner holds until it ends or somebody else opens.
		until = open.at[0]->claim->end;
		if (next < count && claims[next].claim->start < until)
			until = claims[next].claim->start;
		if (until > at)
			own(out, mem, at, until, open.at[0]);
		at = until;
	}
}
