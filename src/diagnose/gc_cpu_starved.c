// SPDX-License-Identifier: Apache-2.0
// By a GC log: pauses take longer than the CPU that they use.
#include <math.h>

#include "diagnose/logged.h"
#include "diagnose/weigh.h"

enum { LEAST = 5 };
static const double LONG_S = 5;                 // one such pause is enough
static const double LEAST_S = 0.5, PART = 0.10; // waited: seconds; of all pauses' time

static enum verdict judge_log(const struct evidence *e, struct arena *mem, struct finding *out)
{
	const struct gc_stats *s = e->log;
	const struct gc_sum *w = &s->burdens.starved, *swap = &s->burdens.swap_like;
	double part = s->pauses.all.sum_s > 0 ? w->sum_s / s->pauses.all.sum_s : 0;

	if (!s->cpu.measured)
		return cannot_tell(out, mem, "the CPU times of the pauses: the log has none",
				   "-Xlog:gc*, or -XX:+PrintGCDetails on JDK 8");
	if ((w->count < LEAST && w->max_s < LONG_S) || w->sum_s < LEAST_S || part < PART)
		return ruled_out(
			out, mem,
			"%llu pauses took clearly longer than their CPU time, by %.2f s of %.2f s",
			(unsigned long long)w->count, w->sum_s, s->pauses.all.sum_s);
	if (swap->sum_s * 2 >= w->sum_s)
		return cannot_tell(
			out, mem,
			arena_format(mem,
				     "what %llu pauses waited %.2f s for: they were in the "
				     "kernel for most of their CPU time, as with swapping",
				     (unsigned long long)w->count, w->sum_s),
			"jledger map PID");
	add_evidence(
		out, mem, "gclog.waited", w->sum_s, logged_sum(e, mem, w),
		"%llu of %llu pauses with CPU times took longer than these account for: %.2f s, "
		"%.2f s at most",
		(unsigned long long)w->count, (unsigned long long)s->pauses.all.count, w->sum_s,
		w->max_s);
	if (s->cpus)
		add_evidence(out, mem, "gclog.cpus", s->cpus, logged_whole(e, mem),
			     "the VM saw %u CPUs", s->cpus);
	if (s->swap != UNKNOWN_BYTES && s->swap == s->swap_free)
		weigh_confused(out, mem, "heap-swapped", "no swap was in use when the log began");
	weigh_remedy(out, mem, out->cause->remedy);
	return likely(
		out, mem,
		"The collector waits for a CPU: %llu pauses took %.2f s longer than they used CPU, "
		"%.0f %% of all pauses' time. The CPU was another's or the quota was used up, or "
		"the "
		"log's own disk was slow.",
		(unsigned long long)w->count, w->sum_s, 100 * part);
}

const struct rule rule_gc_cpu_starved = { .cause = "gc-cpu-starved", .judge_log = judge_log };
