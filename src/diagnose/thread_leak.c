// SPDX-License-Identifier: Apache-2.0
// Threads are started and never end.
//
// A pool of two hundred threads is no leak, however much stack it reserves; a pool that fills under
// load is none either.  What tells a leak is that it goes on: an executor for each request leaves
// ever more pools of a few threads ("pool-#-thread-#" with a first number that counts the
// requests), a thread for each request leaves ever more of one stem at an even pace.

#include <math.h>
#include <string.h>

#include "diagnose/rule.h"
#include "diagnose/stems.h"
#include "diagnose/weigh.h"

enum {
	FEW_THREADS = 100,    // of one stem: no matter for this rule without a window
	MANY_THREADS = 300,   // of one stem: more than pools usually have
	EXTRAORDINARY = 2000, // of one stem: accuse by their number alone
	MANY_POOLS = 100,     // of one stem with a few threads each: likewise
	SMALL_POOL = 4,       // threads of such a pool
	UNNAMED = 30,     // threads of one stem that nobody counts, or that only the JDK does ...
	COUNTED = 150,    // ... and of one that a pool may count: below, pools fill up just so
	FEW_BEFORE = 4,   // times more came within the window than were there: no pace is known
	LEAST_ADDED = 10, // within the window
	LEAST_POOLS = 3,  // likewise
	FLUCTUATION = 4,  // more or less of a stem within a window: nothing
	BURST = 5,        // so many times faster than before: a pool that fills under load
};

struct stem_suspect {
	const struct stem_row *now, *before; // `before` is NULL when it is new
	double added, pools_added;
	double grown; // resident bytes of stacks within the window
};

static struct stem_suspect suspect_of(const struct stem_row *now, const struct stems *first)
{
	struct stem_suspect s = { .now = now, .before = stems_find(first, now->stem) };

	s.added = now->threads;
	s.pools_added = now->pools;
	s.grown = (double)now->resident;
	if (s.before) {
		s.added -= s.before->threads;
		s.pools_added -= s.before->pools;
		s.grown -= (double)s.before->resident;
	}
	return s;
}

static bool are_small_pools(const struct stem_row *r)
{
	return r->pools > 1 && r->threads <= r->pools * SMALL_POOL;
}

// "Thread-#" is the JDK's name for a thread without one; a name without a number is no pool's.
static uint32_t least_threads(const struct stem_row *r)
{
	return !strcmp(r->stem, "Thread-#") || !strchr(r->stem, '#') ? UNNAMED : COUNTED;
}

static void describe(const struct evidence *e, struct arena *mem, const struct stem_suspect *s,
		     struct finding *out)
{
	const struct stem_row *r = s->now;
	const char *source = e->now->fact[F_JAVA_THREADS].known
				     ? weigh_source(e->now, F_JAVA_THREADS)
				     : "vmstructs";
	double started;

	out->culprit.kind = "thread";
	out->culprit.name = r->stem;
	out->bytes = r->resident;
	add_evidence(out, mem, "threads.stem.count", r->threads, source,
		     "%u threads %s, such as %s", r->threads, r->stem, r->example);
	if (r->pools > 1)
		add_evidence(out, mem, "threads.stem.pools", r->pools, source,
			     "in %u pools of %.1f threads", r->pools,
			     (double)r->threads / r->pools);
	if (weigh_has_window(e)) {
		out->has_growth = true;
		out->growth_per_s = s->grown / e->window_s;
		add_evidence(out, mem, "threads.stem.added", s->added, source,
			     "%+.0f in %s: %.1f per second", s->added, weigh_window_text(mem, e),
			     s->added / e->window_s);
		if (weigh_fact(e, F_JAVA_THREADS_STARTED, &started))
			add_evidence(out, mem, "threads.started", started,
				     weigh_source(e->now, F_JAVA_THREADS_STARTED),
				     "%.0f Java threads were started within the window", started);
	}
	if (r->resident)
		add_evidence(
			out, mem, "threads.stem.resident", (double)r->resident,
			e->ledger->by_page ? "pagemap" : "smaps",
			"%s of stack resident, %s each; %s reserved", weigh_size(mem, r->resident),
			weigh_size(mem, r->resident / r->threads), weigh_size(mem, r->reserved));
	weigh_confused(out, mem, "thread-stacks-deep",
		       arena_format(mem, "a stack holds %s, which is usual",
				    weigh_size(mem, r->resident / r->threads)));
	weigh_remedy(out, mem, out->cause->remedy);
	weigh_remedy(out, mem,
		     arena_format(mem, "what they wait for: %s",
				  weigh_command(mem, "jledger threads PID --stacks", e->now->pid)));
}

static const char *number_text(const struct evidence *e, struct arena *mem,
			       const struct stem_suspect *s)
{
	const struct stem_row *r = s->now;
	const char *pools = "", *rate = "", *stacks = "";

	if (r->pools > 1)
		pools = arena_format(mem, " in %u pools", r->pools);
	if (weigh_has_window(e))
		rate = arena_format(mem, ", %+.0f in %s (%.1f per second)", s->added,
				    weigh_window_text(mem, e), s->added / e->window_s);
	if (r->resident)
		stacks = arena_format(mem, ". Their stacks hold %s, %s each",
				      weigh_size(mem, r->resident),
				      weigh_size(mem, r->resident / r->threads));
	return arena_format(mem, "%u threads %s%s%s%s", r->threads, r->stem, pools, rate, stacks);
}

static enum verdict look_longer(const struct evidence *e, struct arena *mem,
				const struct stem_suspect *s, struct finding *out, const char *why)
{
	unsigned seconds = 30;

	if (weigh_has_window(e))
		seconds = weigh_window_for(
			e, s->added,
			fmax(LEAST_ADDED, (double)least_threads(s->now) - s->now->threads));
	return cannot_tell(out, mem,
			   arena_format(mem,
					"whether the number of threads %s goes on: %u now, %s; "
					"%u s would do",
					s->now->stem, s->now->threads, why, seconds),
			   arena_format(mem, "jledger doctor PID --for %us", seconds));
}

static enum verdict judge_window(const struct evidence *e, struct arena *mem,
				 const struct stem_suspect *s, struct finding *out)
{
	const struct stem_row *r = s->now;
	double before = s->before ? s->before->threads : 0;
	double uptime = weigh_uptime(e);
	enum pace pace = weigh_pace(e, before, s->added);
	bool burst = uptime >= 1 && s->added / e->window_s > BURST * before / uptime;

	if (s->added < LEAST_ADDED)
		return look_longer(
			e, mem, s, out,
			arena_format(mem, "%+.0f in %s", s->added, weigh_window_text(mem, e)));
	if (s->pools_added >= LEAST_POOLS && are_small_pools(r)) {
		describe(e, mem, s, out);
		return confirmed(out, mem, "Pools of threads are made and never shut down: %s.",
				 number_text(e, mem, s));
	}
	if (pace == PACE_SLOWING)
		return look_longer(e, mem, s, out, "slower than before, as a pool that fills");
	if (pace == PACE_UNKNOWN)
		return look_longer(e, mem, s, out, "and the JVM had just started");
	if (r->threads < least_threads(r))
		return look_longer(e, mem, s, out, "still as few as a pool has that fills");
	if (least_threads(r) == COUNTED && r->threads < MANY_THREADS &&
	    before < s->added / FEW_BEFORE)
		return look_longer(e, mem, s, out,
				   "nearly all came within the window, as a pool that fills");
	if (burst && r->threads < EXTRAORDINARY)
		return look_longer(e, mem, s, out, "which came at once, as a pool that fills");
	describe(e, mem, s, out);
	if (r->threads >= MANY_THREADS)
		return confirmed(out, mem, "Threads are started and do not end: %s.",
				 number_text(e, mem, s));
	return likely(out, mem, "Threads are started at an even pace and do not end: %s.",
		      number_text(e, mem, s));
}

static enum verdict judge_moment(const struct evidence *e, struct arena *mem,
				 const struct stem_suspect *s, struct finding *out)
{
	const struct stem_row *r = s->now;

	if (r->threads >= EXTRAORDINARY || (are_small_pools(r) && r->pools >= MANY_POOLS)) {
		describe(e, mem, s, out);
		return likely(out, mem, "Far more threads than work needs: %s.",
			      number_text(e, mem, s));
	}
	if (r->threads >= FEW_THREADS)
		return look_longer(e, mem, s, out, "at one moment");
	return ruled_out(out, mem, "at most %u threads of a kind: %s", r->threads, r->stem);
}

// The list of threads is missing: their number alone can still rule it out.
static enum verdict judge_count(const struct evidence *e, struct arena *mem, struct finding *out)
{
	double added;

	if (weigh_has_window(e) && weigh_fact(e, F_THREADS, &added) && added <= FLUCTUATION)
		return ruled_out(out, mem, "the process has %.0f threads, %+.0f in %s",
				 (double)e->now->fact[F_THREADS].value, added,
				 weigh_window_text(mem, e));
	return cannot_tell(out, mem, "the threads by name",
			   e->now->tier_gain ? e->now->tier_gain : out->cause->how);
}

static enum verdict judge(const struct evidence *e, struct arena *mem, struct finding *out)
{
	struct stem_suspect worst = { 0 };
	struct stems now, first;

	stems_of(e->now, e->ledger, mem, &now);
	if (!now.rows.count)
		return judge_count(e, mem, out);
	stems_of(e->first, e->first_ledger, mem, &first);
	if (!first.rows.count)
		return cannot_tell(out, mem,
				   "the threads at the window's start, which could not be read",
				   out->cause->how);
	for (size_t i = 0; i < now.rows.count; i++) {
		struct stem_suspect s = suspect_of(&now.rows.at[i], &first);

		if (!worst.now || s.added > worst.added)
			worst = s;
	}
	if (!weigh_has_window(e)) {
		worst = suspect_of(&now.rows.at[0], &first);
		return judge_moment(e, mem, &worst, out);
	}
	if (worst.added <= FLUCTUATION)
		return ruled_out(out, mem, "%u threads, %+.0f in %s, at most %+.0f of a kind",
				 now.threads, (double)now.threads - first.threads,
				 weigh_window_text(mem, e), fmax(worst.added, 0));
	return judge_window(e, mem, &worst, out);
}

const struct rule rule_thread_leak = { .cause = "thread-leak", .judge = judge };
