// SPDX-License-Identifier: Apache-2.0
#include "ledger/pieces.h"

#include <inttypes.h>

#include "base/arena.h"
#include "base/fail.h"
#include "ledger/ledger.h"
#include "ledger/sweep.h"

__extension__ typedef unsigned __int128 wide;

struct cutter {
	const struct snapshot *s;
	const struct owners *owners;
	struct arena *mem;
	struct ledger *out;
	size_t owner, run; // the first that ends above what was cut so far
};

// Shares `whole` out by lengths, so that the shares of all lengths sum to it exactly.
struct sharer {
	uint64_t whole, length, done, given;
};

static uint64_t share_next(struct sharer *s, uint64_t length)
{
	uint64_t upto, got;

	s->done += length;
	upto = s->length ? (uint64_t)((wide)s->whole * s->done / s->length) : 0;
	got = upto - s->given;
	s->given = upto;
	return got;
}

// The part of [at, limit) that starts at `at` and has one owner, NULL when nobody claims it.
static uint64_t next_owner(struct cutter *c, uint64_t at, uint64_t limit, const struct owned **who)
{
	const struct owned *o;

	while (c->owner < c->owners->count && c->owners->at[c->owner].end <= at)
		c->owner++;
	*who = NULL;
	if (c->owner == c->owners->count)
		return limit;
	o = &c->owners->at[c->owner];
	if (o->start > at)
		return o->start < limit ? o->start : limit;
	*who = o;
	return o->end < limit ? o->end : limit;
}

// What nobody claims is narrowed to its pages: there is no owner whose range would say more.
static void narrow(struct piece *p, uint64_t first, uint64_t last)
{
	if (p->account != ACCOUNT_NONE || first >= last)
		return;
	p->start = first;
	p->end = last;
}

static void count_pages(struct cutter *c, struct piece *p)
{
	const struct snapshot *s = c->s;
	uint64_t first = p->end, last = p->start;

	while (c->run < s->runs.count && s->runs.at[c->run].end <= p->start)
		c->run++;
	for (size_t i = c->run; i < s->runs.count && s->runs.at[i].start < p->end; i++) {
		const struct run_row *r = &s->runs.at[i];
		uint64_t start = r->start > p->start ? r->start : p->start;
		uint64_t end = r->end < p->end ? r->end : p->end;

		*(r->swapped ? &p->swap : &p->resident) += end - start;
		first = start < first ? start : first;
		last = end;
	}
	narrow(p, first, last);
}

// One mapping, or what lies between two.  Pieces without a byte in memory or swap are left out.
static void cut_cell(struct cutter *c, uint64_t start, uint64_t end, uint32_t mapping)
{
	static const struct mapping_row NO_SIZES;
	const struct mapping_row *m =
		mapping == PIECE_UNMAPPED ? &NO_SIZES : &c->s->mappings.at[mapping];
	struct sharer resident = { .whole = m->resident, .length = end - start };
	struct sharer swap = { .whole = m->swap, .length = end - start };
	size_t first = c->out->pieces.count;
	struct sharer pss;

	for (uint64_t at = start, until; at < end; at = until) {
		const struct owned *who;
		struct piece p = { .start = at, .mapping = mapping, .account = ACCOUNT_NONE };

		until = p.end = next_owner(c, at, end, &who);
		if (who) {
			p.account = who->account;
			p.claim = who->claim;
		}
		if (c->out->by_page) {
			count_pages(c, &p);
		} else if (m->sized) {
			p.resident = share_next(&resident, p.end - p.start);
			p.swap = share_next(&swap, p.end - p.start);
		}
		if (p.resident || p.swap)
			vec_push(c->mem, &c->out->pieces, p);
	}
	pss = (struct sharer){ .whole = m->sized ? m->pss : 0 };
	for (size_t i = first; i < c->out->pieces.count; i++)
		pss.length += c->out->pieces.at[i].resident;
	for (size_t i = first; i < c->out->pieces.count; i++)
		c->out->pieces.at[i].pss = share_next(&pss, c->out->pieces.at[i].resident);
}

static bool check_order(const struct snapshot *s, struct fail *why)
{
	uint64_t end = 0;

	for (size_t i = 0; i < s->mappings.count; end = s->mappings.at[i++].end)
		if (s->mappings.at[i].start < end ||
		    s->mappings.at[i].end < s->mappings.at[i].start)
			return fail(why, FAIL_CORRUPT, "the mappings overlap at 0x%" PRIx64,
				    s->mappings.at[i].start);
	end = 0;
	for (size_t i = 0; i < s->runs.count; end = s->runs.at[i++].end)
		if (s->runs.at[i].start < end || s->runs.at[i].end < s->runs.at[i].start)
			return fail(why, FAIL_CORRUPT, "the page runs overlap at 0x%" PRIx64,
				    s->runs.at[i].start);
	if (s->mappings.count >= PIECE_UNMAPPED)
		return fail(why, FAIL_CORRUPT, "more mappings than any process has");
	return true;
}

// What the pieces must sum to, counted without looking at claims.
static void count_scan(const struct snapshot *s, struct ledger *out)
{
	out->by_page = s->runs.count > 0;
	for (size_t i = 0; i < s->runs.count; i++) {
		const struct run_row *r = &s->runs.at[i];

		*(r->swapped ? &out->swap : &out->scanned) += r->end - r->start;
	}
	for (size_t i = 0; !out->by_page && i < s->mappings.count; i++)
		if (s->mappings.at[i].sized) {
			out->scanned += s->mappings.at[i].resident;
			out->swap += s->mappings.at[i].swap;
		}
}

bool pieces_cut(const struct snapshot *s, const struct owners *owners, struct arena *mem,
		struct ledger *out, struct fail *why)
{
	struct cutter c = { .s = s, .owners = owners, .mem = mem, .out = out };
	uint64_t at = 0;

	if (!check_order(s, why))
		return false;
	count_scan(s, out);
	for (size_t i = 0; i < s->mappings.count; i++) {
		const struct mapping_row *m = &s->mappings.at[i];

		cut_cell(&c, at, m->start, PIECE_UNMAPPED);
		cut_cell(&c, m->start, m->end, (uint32_t)i);
		at = m->end;
	}
	cut_cell(&c, at, UINT64_MAX, PIECE_UNMAPPED);
	return true;
}
