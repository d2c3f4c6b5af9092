// SPDX-License-Identifier: Apache-2.0
// Direct buffers are held and their number grows.
//
// A big pool that stays as it is, is what servers are built with.  A pool that grows is either held
// or waits for a collection: buffers that were there at the window's start and still are after a
// collection of the whole heap are held; those of the old generation a young one leaves though they are
// dead.  java.nio.Bits counts all of them, the list of cleaners names each.

#include <math.h>
#include <stdlib.h>

#include "base/units.h"
#include "diagnose/rule.h"
#include "diagnose/weigh.h"

enum {
	SMALL_POOL_MB = 16,      // below: not worth a word
	LEAST_GROWN_MB = 4,      // within the window ...
	LEAST_GROWN_PERCENT = 2, // ... and of the pool
	LEAST_BUFFERS = 3,       // that came within the window: one big buffer is a cache
	HELD_PERCENT = 90,       // of the first moment's buffers that a collection left
};

static const double LEAST_PACE =
	0.75; // of that since the start, where no collection showed anything

struct pool {
	double bytes, before, grown; // reserved
	double buffers, buffers_added;
	double limit; // 0: not known
	double held;  // percent of the first moment's buffers that are still there; -1: not known
	double collections, whole;         // of them, of the whole heap
	double temporary, temporary_grown; // of it, what NIO keeps for threads
	uint64_t resident;                 // of the account
};

static int by_address(const void *left, const void *right)
{
	const struct buffer_row *a = left, *b = right;

	return a->at < b->at ? -1 : a->at > b->at;
}

static double percent_held(const struct snapshot *first, const struct snapshot *now)
{
	struct arena scratch = { 0 };
	struct buffer_row *sorted;
	size_t kept = 0;

	if (!first->buffers_known || !now->buffers_known || !first->buffers.count ||
	    !now->buffers.count)
		return -1;
	sorted = arena_array(&scratch, struct buffer_row, now->buffers.count);
	for (size_t i = 0; i < now->buffers.count; i++)
		sorted[i] = now->buffers.at[i];
	qsort(sorted, now->buffers.count, sizeof(*sorted), by_address);
	for (size_t i = 0; i < first->buffers.count; i++)
		kept += bsearch(&first->buffers.at[i], sorted, now->buffers.count, sizeof(*sorted),
				by_address) != NULL;
	arena_drop(&scratch);
	return 100.0 * (double)kept / (double)first->buffers.count;
}

static struct pool measure(const struct evidence *e)
{
	struct pool p = {
		.bytes = (double)snapshot_get(e->now, F_DIRECT_RESERVED, 0),
		.buffers = (double)snapshot_get(e->now, F_DIRECT_COUNT, e->now->buffers.count),
		.limit = (double)snapshot_get(e->now, F_DIRECT_LIMIT, 0),
		.held = -1,
		.temporary = (double)snapshot_get(e->now, F_DIRECT_TEMPORARY_COUNTED, 0),
	};

	weigh_fact(e, F_DIRECT_RESERVED, &p.grown);
	weigh_fact(e, F_DIRECT_COUNT, &p.buffers_added);
	weigh_fact(e, F_GC_COUNT, &p.collections);
	p.whole = weigh_whole_collections(e);
	weigh_fact(e, F_DIRECT_TEMPORARY_COUNTED, &p.temporary_grown);
	p.before = p.bytes - p.grown;
	if (weigh_has_window(e))
		p.held = percent_held(e->first, e->now);
	if (e->ledger)
		p.resident = ledger_row(e->ledger, "direct-buffers")->resident;
	return p;
}

static const char *limit_text(struct arena *mem, const struct pool *p)
{
	if (p->limit <= 0)
		return "";
	return arena_format(mem, ", %.0f %% of the limit of %s", 100 * p->bytes / p->limit,
			    weigh_size(mem, (uint64_t)p->limit));
}

static void describe(const struct evidence *e, struct arena *mem, const struct pool *p,
		     struct finding *out)
{
	const char *source = weigh_source(e->now, F_DIRECT_RESERVED);
	const struct account_row *row = e->ledger ? ledger_row(e->ledger, "direct-buffers") : NULL;

	out->culprit.kind = "class";
	out->culprit.name = "java.nio.DirectByteBuffer";
	out->bytes = p->resident ? p->resident : (uint64_t)p->bytes;
	out->has_growth = true;
	out->growth_per_s =
		(row && row->has_growth && p->resident ? (double)row->growth : p->grown) /
		e->window_s;
	out->collectable = COLLECTABLE_NONE;
	add_evidence(out, mem, "direct.reserved", p->bytes, source,
		     "java.nio.Bits has reserved %s%s", weigh_size(mem, (uint64_t)p->bytes),
		     limit_text(mem, p));
	add_evidence(out, mem, "direct.growth", p->grown, source, "%s in %s: %s per second",
		     weigh_signed_size(mem, p->grown), weigh_window_text(mem, e),
		     weigh_size(mem, (uint64_t)(p->grown / e->window_s)));
	add_evidence(out, mem, "direct.count", p->buffers, source,
		     "%.0f buffers, %+.0f in the window", p->buffers, p->buffers_added);
	if (p->held >= 0)
		add_evidence(out, mem, "direct.held", p->held, "vmstructs",
			     "%.0f %% of the first moment's buffers are still there; %s came by",
			     p->held, weigh_count(mem, (uint64_t)p->collections, "collection"));
	weigh_confused(out, mem, "unsafe-memory", "the direct pool itself grows");
	if (p->collections < 1)
		weigh_confused(out, mem, "direct-awaiting-gc",
			       "not ruled out: no collection came by, and one would show it");
	else if (p->whole < 1)
		weigh_confused(
			out, mem, "direct-awaiting-gc",
			"not ruled out: only young collections came by, which leave dead buffers "
			"of the old generation");
	else if (p->held >= 0)
		weigh_confused(
			out, mem, "direct-awaiting-gc",
			arena_format(mem, "%s came by and left %.0f %% of them",
				     weigh_count(mem, (uint64_t)p->whole, "whole-heap collection"),
				     p->held));
	weigh_remedy(out, mem, out->cause->remedy);
	weigh_remedy(out, mem,
		     arena_format(mem, "who holds them: %s",
				  weigh_command(
					  mem, "jledger heap PID holders java.nio.DirectByteBuffer",
					  e->now->pid)));
	out->experiment = weigh_command(mem, "jledger try PID gc", e->now->pid);
}

// When the limit is reached at this pace: "; at this pace OutOfMemoryError comes in 75 s".
static const char *until_limit(const struct evidence *e, struct arena *mem, const struct pool *p)
{
	double left = p->limit - p->bytes, seconds;

	if (p->limit <= 0 || left <= 0 || p->grown <= 0)
		return "";
	seconds = left / p->grown * e->window_s;
	if (seconds >= 2 * 3600)
		return arena_format(mem, "; at this pace OutOfMemoryError comes in %.0f h",
				    seconds / 3600);
	if (seconds >= 120)
		return arena_format(mem, "; at this pace OutOfMemoryError comes in %.0f min",
				    seconds / 60);
	return arena_format(mem, "; at this pace OutOfMemoryError comes in %.0f s", seconds);
}

static const char *ask_whether_it_ends(const struct evidence *e, struct arena *mem,
				       const struct pool *p, const char *because, unsigned seconds)
{
	return arena_format(mem,
			    "whether the direct pool's growth ends: %s in %s, %s; look again for "
			    "%u s",
			    weigh_signed_size(mem, p->grown), weigh_window_text(mem, e), because,
			    seconds);
}

// A pool whose dead buffers wait in the old generation grows as well, but not at the pace at which
// it was filled.
static bool slows(const struct evidence *e, const struct pool *p)
{
	double uptime = weigh_uptime(e);

	return weigh_pace(e, p->before, p->grown) == PACE_SLOWING ||
	       (p->whole < 1 && uptime > 0 &&
		p->grown / e->window_s < LEAST_PACE * p->before / uptime);
}

static enum verdict judge_growth(const struct evidence *e, struct arena *mem, const struct pool *p,
				 struct finding *out)
{
	bool held = p->whole >= 1 && p->held >= HELD_PERCENT;
	unsigned seconds = weigh_window_for(e, p->grown, (double)MIB(LEAST_GROWN_MB));
	const char *again = arena_format(mem, "jledger doctor PID --for %us", seconds);

	if (p->buffers_added < LEAST_BUFFERS || p->before <= 0)
		return cannot_tell(
			out, mem,
			arena_format(mem,
				     "whether the direct pool goes on to grow: %s came within "
				     "the window in %+.0f buffers; look again for %u s",
				     weigh_size(mem, (uint64_t)p->grown), p->buffers_added,
				     seconds),
			again);
	if (weigh_pace(e, p->before, p->grown) == PACE_UNKNOWN)
		return cannot_tell(
			out, mem,
			ask_whether_it_ends(e, mem, p, "and the JVM had just started", seconds),
			again);
	if (p->bytes < (double)MIB(SMALL_POOL_MB))
		return cannot_tell(
			out, mem,
			arena_format(mem,
				     "whether the direct pool goes on to grow: %s, %s in "
				     "%s; look again for %u s",
				     weigh_size(mem, (uint64_t)p->bytes),
				     weigh_signed_size(mem, p->grown), weigh_window_text(mem, e),
				     seconds),
			again);
	if (slows(e, p))
		return cannot_tell(out, mem,
				   ask_whether_it_ends(e, mem, p, "slower than before", seconds),
				   again);
	describe(e, mem, p, out);
	if (held)
		return confirmed(
			out, mem,
			"Direct buffers are held and grow: %.0f buffers with %s%s, %s in %s, "
			"and %s left them%s.",
			p->buffers, weigh_size(mem, (uint64_t)p->bytes), limit_text(mem, p),
			weigh_signed_size(mem, p->grown), weigh_window_text(mem, e),
			weigh_count(mem, (uint64_t)p->whole, "whole-heap collection"),
			until_limit(e, mem, p));
	return likely(out, mem,
		      "Direct buffers grow: %.0f buffers with %s%s, %s in %s (%s per second)%s. "
		      "They are held, or dead and wait for a collection%s.",
		      p->buffers, weigh_size(mem, (uint64_t)p->bytes), limit_text(mem, p),
		      weigh_signed_size(mem, p->grown), weigh_window_text(mem, e),
		      weigh_size(mem, (uint64_t)(p->grown / e->window_s)), until_limit(e, mem, p),
		      p->collections < 1 ? ": none came within the window"
		      : p->whole < 1     ? ": only young ones came within the window"
					 : "");
}

static enum verdict judge(const struct evidence *e, struct arena *mem, struct finding *out)
{
	struct pool p;

	if (!e->now->fact[F_DIRECT_RESERVED].known)
		return cannot_tell(out, mem, "the direct pool, which java.nio.Bits counts",
				   e->now->tier_gain ? e->now->tier_gain : "jledger map PID");
	p = measure(e);
	if (p.bytes < (double)MIB(SMALL_POOL_MB) && p.grown < (double)MIB(LEAST_GROWN_MB))
		return ruled_out(out, mem, "direct buffers hold %s",
				 weigh_size(mem, (uint64_t)p.bytes));
	if (weigh_has_window(e) && !e->first->fact[F_DIRECT_RESERVED].known)
		return cannot_tell(
			out, mem,
			arena_format(mem,
				     "whether the direct pool grows: %s in %.0f buffers%s, "
				     "but at the window's start it could not be read",
				     weigh_size(mem, (uint64_t)p.bytes), p.buffers,
				     limit_text(mem, &p)),
			out->cause->how);
	if (!weigh_has_window(e))
		return cannot_tell(
			out, mem,
			arena_format(mem,
				     "whether the direct pool grows: %s in %.0f buffers at one "
				     "moment%s; a window of 30 s would do",
				     weigh_size(mem, (uint64_t)p.bytes), p.buffers,
				     limit_text(mem, &p)),
			out->cause->how);
	if (p.temporary * 2 >= p.bytes && p.temporary_grown * 2 >= p.grown)
		return ruled_out(out, mem,
				 "%s of the pool's %s are what NIO keeps for threads: "
				 "direct-temporary",
				 weigh_size(mem, (uint64_t)p.temporary),
				 weigh_size(mem, (uint64_t)p.bytes));
	if (p.grown >= (double)MIB(LEAST_GROWN_MB) &&
	    p.grown * 100 >= p.bytes * LEAST_GROWN_PERCENT)
		return judge_growth(e, mem, &p, out);
	if (p.grown >= (double)MIB(1) && p.buffers_added >= LEAST_BUFFERS) {
		unsigned seconds = weigh_window_for(
			e, p.grown,
			fmax((double)MIB(LEAST_GROWN_MB), p.bytes * LEAST_GROWN_PERCENT / 100));

		return cannot_tell(
			out, mem,
			arena_format(mem,
				     "whether the direct pool grows: %s in %s; the window is "
				     "too short to tell, %u s would do",
				     weigh_signed_size(mem, p.grown), weigh_window_text(mem, e),
				     seconds),
			arena_format(mem, "jledger doctor PID --for %us", seconds));
	}
	return ruled_out(out, mem, "the direct pool is flat: %s in %.0f buffers, %s in %s",
			 weigh_size(mem, (uint64_t)p.bytes), p.buffers,
			 weigh_signed_size(mem, p.grown), weigh_window_text(mem, e));
}

const struct rule rule_direct_buffers = { .cause = "direct-buffers", .judge = judge };
