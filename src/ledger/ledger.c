// SPDX-License-Identifier: Apache-2.0
#include "ledger/ledger.h"

#include <inttypes.h>
#include <string.h>

#include "base/fail.h"
#include "ledger/accounts.h"
#include "ledger/overlaps.h"
#include "ledger/pieces.h"
#include "ledger/sweep.h"
#include "ledger/unknowns.h"

enum { SOURCES = 8, POOREST_PERCENT = 1 };

// What a row's certainty and source are decided by.
struct tally {
	uint64_t by_certainty[CERTAINTY_ESTIMATED + 1];
	const char *source[SOURCES]; // the first few that come; more have never been seen
	uint64_t by_source[SOURCES];
};

static void mark_unknown(struct ledger *l, int account, bool torn)
{
	l->rows[account].unknown = true;
	for (int i = 0; i < ACCOUNT_COUNT && !torn; i++)
		if (!l->rows[i].unknown && account_may_lie_in(account, i))
			mark_unknown(l, i, false);
}

// What is in doubt, and what that lies in: it would hold the inner one's bytes.
static void mark_doubts(const struct snapshot *s, struct ledger *l)
{
	for (size_t i = 0; i < s->doubts.count; i++) {
		int account = account_find(s->doubts.at[i].account);

		if (account != ACCOUNT_NONE)
			mark_unknown(l, account, s->doubts.at[i].torn);
	}
}

static bool rank_claims(const struct snapshot *s, const struct ledger *l, struct arena *mem,
			struct ranked **out, size_t *count, struct fail *why)
{
	struct ranked *ranked = arena_array(mem, struct ranked, s->claims.count + 1);
	const char *last = NULL;
	int account = ACCOUNT_NONE;
	size_t kept = 0;

	for (size_t i = 0; i < s->claims.count; i++) {
		const struct claim *c = &s->claims.at[i];

		// Claims of one account come together and name it by one literal.
		if (c->account != last)
			account = account_find(last = c->account);
		if (account == ACCOUNT_NONE)
			return fail(why, FAIL_CORRUPT,
				    "a claim at 0x%" PRIx64 " names no account: %s", c->start,
				    c->account ? c->account : "(none)");
		if (c->start >= c->end || c->certainty > CERTAINTY_ESTIMATED)
			return fail(why, FAIL_CORRUPT,
				    "a claim of %s at 0x%" PRIx64 " is malformed", c->account,
				    c->start);
		if (!l->rows[account].unknown)
			ranked[kept++] = (struct ranked){ c, account };
	}
	*out = ranked;
	*count = kept;
	return true;
}

static void count_source(struct tally *t, const char *source, uint64_t bytes)
{
	for (int i = 0; source && i < SOURCES; i++) {
		if (!t->source[i])
			t->source[i] = source;
		if (!strcmp(t->source[i], source)) {
			t->by_source[i] += bytes;
			return;
		}
	}
}

static void settle(struct account_row *row, const struct tally *t)
{
	uint64_t most = 0;

	for (int c = CERTAINTY_EXACT; c <= CERTAINTY_ESTIMATED; c++)
		if (t->by_certainty[c] &&
		    t->by_certainty[c] >= row->resident / 100 * POOREST_PERCENT)
			row->certainty = (enum certainty)c;
	row->certain = t->by_certainty[CERTAINTY_EXACT] + t->by_certainty[CERTAINTY_DERIVED];
	for (int i = 0; i < SOURCES; i++)
		if (t->source[i] && t->by_source[i] >= most) {
			row->source = t->source[i];
			most = t->by_source[i] + 1;
		}
}

static void add_pieces(struct ledger *l)
{
	struct tally tallies[ACCOUNT_COUNT] = { 0 };

	for (size_t i = 0; i < l->pieces.count; i++) {
		const struct piece *p = &l->pieces.at[i];
		enum certainty sure;

		if (p->account == ACCOUNT_NONE) {
			l->unaccounted += p->resident;
			continue;
		}
		// Shared out by length, a piece's size is derived however exact its range is.
		sure = p->claim->certainty;
		if (!l->by_page && sure == CERTAINTY_EXACT)
			sure = CERTAINTY_DERIVED;
		l->rows[p->account].resident += p->resident;
		l->rows[p->account].swap += p->swap;
		l->rows[p->account].pss += p->pss;
		tallies[p->account].by_certainty[sure] += p->resident;
		count_source(&tallies[p->account], p->claim->source, p->resident);
	}
	for (int i = 0; i < ACCOUNT_COUNT; i++) {
		settle(&l->rows[i], &tallies[i]);
		l->certain += l->rows[i].certain;
	}
}

// The VM's threads alone: what NMT calls Thread.  A thread whose part is unknown makes the sum so.
static void add_stacks(const struct snapshot *s, struct account_row *row)
{
	uint64_t reserved = 0, committed = 0;
	bool complete = true;

	for (size_t i = 0; i < s->threads.count; i++) {
		const struct thread_row *t = &s->threads.at[i];

		if (t->kind == THREAD_NATIVE || !t->has_stack)
			continue;
		reserved += t->stack_end - t->stack_start;
		committed += t->stack_committed;
		complete = complete && t->stack_committed;
	}
	if (reserved)
		row->reserved = reserved;
	if (reserved && complete)
		row->committed = committed;
}

static void add_sizes(const struct snapshot *s, struct ledger *l)
{
	static const struct {
		const char *account;
		enum fact_id committed, reserved, used;
	} SIZES[] = {
		{ "java-heap", F_HEAP_COMMITTED, F_HEAP_RESERVED, F_HEAP_USED },
		{ "metaspace", F_METASPACE_COMMITTED, F_METASPACE_RESERVED, F_METASPACE_USED },
		{ "class-space", F_CLASS_SPACE_COMMITTED, F_CLASS_SPACE_RESERVED,
		  F_CLASS_SPACE_USED },
		{ "code-cache", F_CODE_COMMITTED, F_CODE_RESERVED, F_CODE_USED },
	};
	struct account_row *gc;

	for (size_t i = 0; i < sizeof(SIZES) / sizeof(SIZES[0]); i++) {
		struct account_row *row = &l->rows[account_find(SIZES[i].account)];

		row->committed = snapshot_get(s, SIZES[i].committed, UNKNOWN_BYTES);
		row->reserved = snapshot_get(s, SIZES[i].reserved, UNKNOWN_BYTES);
		row->used = snapshot_get(s, SIZES[i].used, UNKNOWN_BYTES);
	}
	gc = &l->rows[account_find("gc")];
	gc->committed = snapshot_get(s, F_GC_COMMITTED, UNKNOWN_BYTES);
	gc->reserved = snapshot_get(s, F_GC_RESERVED, UNKNOWN_BYTES);
	add_stacks(s, &l->rows[account_find("thread-stacks")]);
	for (int i = 0; i < ACCOUNT_COUNT; i++)
		if (l->rows[i].unknown)
			l->rows[i].committed = l->rows[i].reserved = l->rows[i].used =
				UNKNOWN_BYTES;
}

static void start_rows(const struct snapshot *s, struct ledger *l)
{
	bool sized = s->mappings.count > 0;

	for (size_t i = 0; i < s->mappings.count; i++)
		sized = sized && s->mappings.at[i].sized;
	for (int i = 0; i < ACCOUNT_COUNT; i++)
		l->rows[i] = (struct account_row){
			.account = i,
			.committed = UNKNOWN_BYTES,
			.reserved = UNKNOWN_BYTES,
			.used = UNKNOWN_BYTES,
		};
	l->has_pss = sized;
}

static uint64_t distance(uint64_t a, uint64_t b)
{
	return a > b ? a - b : b - a;
}

static uint64_t drift_of(const struct snapshot *s, uint64_t scanned)
{
	uint64_t before = distance(scanned, snapshot_get(s, F_RSS, scanned));
	uint64_t after = distance(scanned, snapshot_get(s, F_RSS_AFTER, scanned));

	return before > after ? before : after;
}

static bool check_sum(const struct ledger *l, struct fail *why)
{
	uint64_t resident = l->unaccounted, swap = 0;

	for (int i = 0; i < ACCOUNT_COUNT; i++)
		resident += l->rows[i].resident;
	for (size_t i = 0; i < l->pieces.count; i++)
		swap += l->pieces.at[i].swap;
	if (resident != l->scanned || swap != l->swap)
		return fail(why, FAIL_CORRUPT,
			    "the accounts sum to %" PRIu64 " bytes, the scan to %" PRIu64, resident,
			    l->scanned);
	return true;
}

bool ledger_build(const struct snapshot *s, struct arena *mem, struct ledger *out, struct fail *why)
{
	struct ledger l = { .mem = mem, .of = s };
	struct ranked *claims = NULL;
	struct owners owners;
	struct overlaps overlaps;
	size_t count = 0;

	start_rows(s, &l);
	mark_doubts(s, &l);
	if (!rank_claims(s, &l, mem, &claims, &count, why))
		return false;
	sweep_sort(claims, count);
	sweep_owners(claims, count, mem, &owners);
	overlaps_find(claims, count, mem, &overlaps);
	l.overlaps.at = overlaps.at;
	l.overlaps.count = overlaps.count;
	l.overlaps.room = overlaps.room;
	if (!pieces_cut(s, &owners, mem, &l, why))
		return false;
	add_pieces(&l);
	add_sizes(s, &l);
	for (int i = 0; i < ACCOUNT_COUNT; i++)
		if (!l.has_pss)
			l.rows[i].pss = UNKNOWN_BYTES;
	if (!check_sum(&l, why))
		return false;
	l.drift = drift_of(s, l.scanned);
	unknowns_list(&l);
	*out = l;
	return true;
}

void ledger_grow(struct ledger *now, const struct ledger *first)
{
	for (int i = 0; i < ACCOUNT_COUNT; i++) {
		now->rows[i].growth =
			(int64_t)now->rows[i].resident - (int64_t)first->rows[i].resident;
		now->rows[i].has_growth = true;
	}
	now->growth = (int64_t)now->scanned - (int64_t)first->scanned;
	now->has_growth = true;
}

void ledger_by_table(const struct ledger *l, enum claim_table table, uint64_t *out, size_t count)
{
	memset(out, 0, count * sizeof(*out));
	for (size_t i = 0; i < l->pieces.count; i++) {
		const struct piece *p = &l->pieces.at[i];

		if (p->claim && p->claim->table == table && p->claim->row < count)
			out[p->claim->row] += p->resident;
	}
}

uint64_t ledger_resident_between(const struct ledger *l, uint64_t start, uint64_t end)
{
	uint64_t sum = 0;

	if (!l->by_page)
		return UNKNOWN_BYTES;
	for (size_t i = 0; i < l->of->runs.count; i++) {
		const struct run_row *r = &l->of->runs.at[i];
		uint64_t from = r->start > start ? r->start : start;
		uint64_t to = r->end < end ? r->end : end;

		if (!r->swapped && from < to)
			sum += to - from;
	}
	return sum;
}

const struct account_row *ledger_row(const struct ledger *l, const char *account)
{
	static const struct account_row NO_ROW = {
		.account = ACCOUNT_NONE,
		.committed = UNKNOWN_BYTES,
		.reserved = UNKNOWN_BYTES,
		.used = UNKNOWN_BYTES,
		.pss = UNKNOWN_BYTES,
	};
	int i = account_find(account);

	return i == ACCOUNT_NONE ? &NO_ROW : &l->rows[i];
}
