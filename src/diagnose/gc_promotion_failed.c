// SPDX-License-Identifier: Apache-2.0
// By a GC log: promotion failed, concurrent mode failure, to-space exhausted; and whether the old generation
// was fragmented or the cycle late.
#include "diagnose/logged.h"
#include "diagnose/weigh.h"

static const double LEAST_S = 0.1; // a common pause
static const double COST_S = 1, COST = 0.01,
		    PART = 0.10; // seconds; of the log's time; of all pauses' time

static const char *why(const struct gc_burdens *b, struct arena *mem)
{
	if (b->failed_free == UNKNOWN_BYTES)
		return "";
	if (b->failed_free >= b->failed_young)
		return arena_format(
			mem,
			" The old generation was fragmented: it had %s free, which is more than "
			"all of the young generation held (%s).",
			weigh_size(mem, b->failed_free), weigh_size(mem, b->failed_young));
	return arena_format(
		mem,
		" The cycle was late: the old generation had %s free for a young generation "
		"of %s.",
		weigh_size(mem, b->failed_free), weigh_size(mem, b->failed_young));
}

static enum verdict judge_log(const struct evidence *e, struct arena *mem, struct finding *out)
{
	const struct gc_stats *s = e->log;
	const struct gc_sum *f = &s->burdens.failed;
	double part = s->pauses.all.sum_s > 0 ? f->sum_s / s->pauses.all.sum_s : 0;
	const struct {
		const struct gc_sum *sum;
		const char *fact, *what;
	} ROWS[] = {
		{ &s->promotion_failed, "gclog.promotion_failed", "promotion failed" },
		{ &s->concurrent_failed, "gclog.concurrent_failed",
		  "concurrent mode failure or interruption" },
		{ &s->to_space, "gclog.to_space", "to-space exhausted or evacuation failure" },
	};

	if (!f->count)
		return ruled_out(out, mem, "none of these words is in the log");
	if (f->sum_s < LEAST_S ||
	    (f->sum_s < COST_S && logged_share(e, f->sum_s) < COST && part < PART))
		return ruled_out(out, mem, "%llu such pauses took %.2f s in %s",
				 (unsigned long long)f->count, f->sum_s,
				 logged_seconds(mem, s->span_s));
	for (size_t i = 0; i < sizeof(ROWS) / sizeof(ROWS[0]); i++)
		if (ROWS[i].sum->count)
			add_evidence(out, mem, ROWS[i].fact, (double)ROWS[i].sum->count,
				     logged_sum(e, mem, ROWS[i].sum),
				     "%s %s: %.2f s, %.2f s at most",
				     logged_times(mem, ROWS[i].sum->count), ROWS[i].what,
				     ROWS[i].sum->sum_s, ROWS[i].sum->max_s);
	if (s->full.count)
		add_evidence(out, mem, "gclog.last_full", (double)s->full.heap.after,
			     logged_place(e, mem, s->full.place, s->full.place),
			     "the last Full GC freed %.0f %% of the heap (%s)",
			     100 * s->full.freed_share, logged_change(mem, &s->full.heap));
	weigh_remedy(out, mem, out->cause->remedy);
	return confirmed(out, mem,
			 "The collector ran out of room %s, which cost %.2f s, %.0f %% of all "
			 "pauses' time.%s",
			 logged_times(mem, f->count), f->sum_s, 100 * part, why(&s->burdens, mem));
}

const struct rule rule_gc_promotion_failed = { .cause = "gc-promotion-failed",
					       .judge_log = judge_log };
