// SPDX-License-Identifier: Apache-2.0
// Properties over random snapshots, against a byte-by-byte model.  The generator's start is fixed.
#include <criterion/criterion.h>
#include <string.h>
#include <time.h>

#include "base/units.h"
#include "given.h"
#include "ledger/accounts.h"
#include "ledger/ledger.h"

enum { PAGES = 64, SPACE = PAGES * PAGE_SIZE_BYTES, CLAIMS = 40, ROUNDS = 300 };

static uint64_t next(uint64_t *state)
{
	*state ^= *state << 13;
	*state ^= *state >> 7;
	*state ^= *state << 17;
	return *state;
}

static void make(struct snapshot *s, uint64_t *state)
{
	uint64_t at = 0;

	while (at < SPACE) {
		uint64_t pages = 1 + next(state) % 8;
		uint64_t end = at + pages * PAGE_SIZE_BYTES;

		end = end < SPACE ? end : SPACE;
		if (next(state) % 5)
			given_mapping(s, at, end, "");
		at = end;
	}
	for (at = 0; at < SPACE; at += PAGE_SIZE_BYTES) {
		uint64_t what = next(state) % 4;

		if (what < 2)
			given_run(s, at, at + PAGE_SIZE_BYTES);
		else if (what == 2)
			given_swapped(s, at, at + PAGE_SIZE_BYTES);
	}
	for (int i = 0; i < CLAIMS; i++) {
		uint64_t start = next(state) % SPACE;
		uint64_t len = 1 + next(state) % (8 * PAGE_SIZE_BYTES);

		given_claim(s, ACCOUNTS[next(state) % ACCOUNT_COUNT].id, start, start + len);
		s->claims.at[i].certainty = next(state) % 3;
	}
}

// Whether `a` owns a byte that both claim, told anew from the words of accounts.def.
static bool beats(const struct claim *a, const struct claim *b)
{
	int a_rank = ACCOUNTS[account_find(a->account)].rank;
	int b_rank = ACCOUNTS[account_find(b->account)].rank;

	if (a_rank != b_rank)
		return a_rank > b_rank;
	if (a->end - a->start != b->end - b->start)
		return a->end - a->start < b->end - b->start;
	return a->certainty != b->certainty ? a->certainty < b->certainty : a < b;
}

static const struct claim *owner_of(const struct snapshot *s, uint64_t at)
{
	const struct claim *best = NULL;

	for (size_t i = 0; i < s->claims.count; i++) {
		const struct claim *c = &s->claims.at[i];

		if (at >= c->start && at < c->end && (!best || beats(c, best)))
			best = c;
	}
	return best;
}

static void model(const struct snapshot *s, uint64_t *resident, uint64_t *swap)
{
	for (size_t i = 0; i < s->runs.count; i++)
		for (uint64_t at = s->runs.at[i].start; at < s->runs.at[i].end; at++) {
			const struct claim *c = owner_of(s, at);
			int account = c ? account_find(c->account) : ACCOUNT_NONE;

			(s->runs.at[i].swapped ? swap : resident)[account]++;
		}
}

Test(ledger_properties, every_byte_stands_where_a_model_byte_by_byte_puts_it)
{
	uint64_t state = 0x9e3779b97f4a7c15u;

	for (int round = 0; round < 6; round++) {
		uint64_t resident[ACCOUNT_COUNT + 1] = { 0 }, swap[ACCOUNT_COUNT + 1] = { 0 };
		struct arena mem = { 0 };
		struct snapshot s;
		struct ledger l;
		struct fail why;

		snapshot_init(&s, &mem);
		make(&s, &state);
		model(&s, resident, swap);
		cr_assert(ledger_build(&s, &mem, &l, &why), "%s", why.text);
		for (int i = 0; i < ACCOUNT_COUNT; i++) {
			cr_assert_eq(l.rows[i].resident, resident[i], "%s", ACCOUNTS[i].id);
			cr_assert_eq(l.rows[i].swap, swap[i], "%s", ACCOUNTS[i].id);
		}
		cr_assert_eq(l.unaccounted, resident[ACCOUNT_NONE]);
		arena_drop(&mem);
	}
}

Test(ledger_properties, accounts_and_unaccounted_sum_to_the_scan_and_pieces_never_overlap)
{
	uint64_t state = 0x2545f4914f6cdd1du;

	for (int round = 0; round < ROUNDS; round++) {
		uint64_t sum, scan = 0, last = 0, unknown = 0;
		struct arena mem = { 0 };
		struct snapshot s;
		struct ledger l;
		struct fail why;

		snapshot_init(&s, &mem);
		make(&s, &state);
		cr_assert(ledger_build(&s, &mem, &l, &why), "%s", why.text);
		sum = l.unaccounted;
		for (int i = 0; i < ACCOUNT_COUNT; i++)
			sum += l.rows[i].resident;
		for (size_t i = 0; i < s.runs.count; i++)
			if (!s.runs.at[i].swapped)
				scan += s.runs.at[i].end - s.runs.at[i].start;
		cr_assert_eq(sum, scan);
		for (size_t i = 0; i < l.pieces.count; i++) {
			cr_assert(l.pieces.at[i].start >= last);
			last = l.pieces.at[i].end;
		}
		for (size_t i = 0; i < l.unknowns.count; i++)
			unknown += l.unknowns.at[i].resident;
		cr_assert_eq(unknown, l.unaccounted);
		arena_drop(&mem);
	}
}

static bool both_certain(const struct claim *a, const struct claim *b)
{
	return a->certainty <= CERTAINTY_DERIVED && b->certainty <= CERTAINTY_DERIVED;
}

static bool exclude(const struct claim *a, const struct claim *b)
{
	int x = account_find(a->account), y = account_find(b->account);

	if (a->end <= b->start || b->end <= a->start || !both_certain(a, b))
		return false;
	if (x != y)
		return !account_may_lie_in(x, y) && !account_may_lie_in(y, x);
	return !(a->start <= b->start && a->end >= b->end) &&
	       !(b->start <= a->start && b->end >= a->end);
}

Test(ledger_properties, an_overlap_is_reported_if_and_only_if_two_claims_exclude_each_other)
{
	uint64_t state = 0x853c49e6748fea9bu;
	int with = 0, without = 0;

	for (int round = 0; round < ROUNDS; round++) {
		struct arena mem = { 0 };
		bool expected = false;
		struct snapshot s;
		struct ledger l;
		struct fail why;

		snapshot_init(&s, &mem);
		make(&s, &state);
		s.claims.count = 2 + next(&state) % 6;
		for (size_t i = 0; i < s.claims.count; i++)
			for (size_t j = 0; j < i; j++)
				expected = expected || exclude(&s.claims.at[i], &s.claims.at[j]);
		cr_assert(ledger_build(&s, &mem, &l, &why), "%s", why.text);
		cr_assert_eq(l.overlaps.count > 0, expected, "round %d", round);
		*(expected ? &with : &without) += 1;
		arena_drop(&mem);
	}
	cr_assert(with > 20 && without > 20, "%d with, %d without", with, without);
}

Test(ledger_properties, a_hundred_thousand_claims_and_runs_take_less_than_a_second)
{
	enum { MANY = 100000 };
	struct arena mem = { 0 };
	struct snapshot s;
	struct ledger l;
	struct fail why;
	clock_t start;

	snapshot_init(&s, &mem);
	given_mapping(&s, 0, (uint64_t)MANY * 2 * PAGE_SIZE_BYTES, "");
	for (uint64_t i = 0; i < MANY; i++)
		given_run(&s, i * 2 * PAGE_SIZE_BYTES, (i * 2 + 1) * PAGE_SIZE_BYTES);
	// Half of them nested in each other, half side by side: the worst for a list of open ones.
	for (uint64_t i = 0; i < MANY / 2; i++)
		given_claim(&s, "malloc", i * 64, (uint64_t)MANY * 2 * PAGE_SIZE_BYTES - i * 64);
	for (uint64_t i = 0; i < MANY / 2; i++)
		given_claim(&s, "direct-buffers", i * PAGE_SIZE_BYTES, i * PAGE_SIZE_BYTES + 100);
	start = clock();
	cr_assert(ledger_build(&s, &mem, &l, &why), "%s", why.text);
	cr_assert(clock() - start < CLOCKS_PER_SEC);
	cr_assert_eq(ledger_row(&l, "direct-buffers")->resident, MANY / 4 * 100);
	cr_assert_eq(l.overlaps.count, 0);
	arena_drop(&mem);
}
