// SPDX-License-Identifier: Apache-2.0
// By the log: pauses that waited, and spent what CPU they had in the kernel.
#include <math.h>

#include "diagnose/logged.h"
#include "diagnose/weigh.h"

enum { LEAST = 3 };
static const double LEAST_S = 1;

enum verdict heap_swapped_logged(const struct evidence *e, struct arena *mem, struct finding *out)
{
	const struct gc_stats *s = e->log;
	const struct gc_sum *w = &s->burdens.swap_like;
	bool known = s->swap != UNKNOWN_BYTES;
	uint64_t used = known ? s->swap - s->swap_free : 0;

	if (known && !s->swap)
		return ruled_out(out, mem, "the machine has no swap, says the log's header");
	if (!s->cpu.measured)
		return cannot_tell(out, mem, "the CPU times of the pauses: the log has none",
				   "-Xlog:gc*, or -XX:+PrintGCDetails on JDK 8");
	if (w->count < LEAST || w->sum_s < LEAST_S)
		return ruled_out(
			out, mem,
			"%llu pauses waited and were in the kernel for most of their CPU time "
			"(%.2f s)",
			(unsigned long long)w->count, w->sum_s);
	add_evidence(
		out, mem, "gclog.swap_like", (double)w->count, logged_sum(e, mem, w),
		"%llu pauses waited %.2f s beyond their CPU time, most of which was the kernel's; "
		"%.2f s at most",
		(unsigned long long)w->count, w->sum_s, w->max_s);
	if (known)
		add_evidence(out, mem, "gclog.swap", (double)used, logged_whole(e, mem),
			     "%s of the machine's %s of swap were in use when the log began",
			     weigh_size(mem, used), weigh_size(mem, s->swap));
	weigh_remedy(out, mem, out->cause->remedy);
	if (!used)
		return cannot_tell(
			out, mem,
			arena_format(mem,
				     "whether the heap is swapped out: %llu pauses waited "
				     "%.2f s for the kernel, which huge pages and slow "
				     "disks do too",
				     (unsigned long long)w->count, w->sum_s),
			"jledger map PID");
	return likely(
		out, mem,
		"Pauses wait for the kernel as they do when the heap is swapped out: %llu of them, "
		"%.2f s in all.",
		(unsigned long long)w->count, w->sum_s);
}
