// SPDX-License-Identifier: Apache-2.0
// By the log: CMS cycles each of which begins at once behind the one before and frees nothing but what was promoted meanwhile.
#include <math.h>

#include "diagnose/logged.h"
#include "diagnose/weigh.h"

enum {
	LEAST = 2, // pairs in a row: three cycles; two may come together by chance
	MANY = 10, // so many that it does not matter how the others did
};

enum verdict cms_back_to_back_logged(const struct evidence *e, struct arena *mem,
				     struct finding *out)
{
	const struct gc_stats *s = e->log;
	const struct gc_cycles *c = &s->cycles;
	const char *where = logged_place(e, mem, c->row_first, c->row_last), *burnt = "";
	double level = c->capacity != UNKNOWN_BYTES && c->capacity && c->last_used != UNKNOWN_BYTES
			       ? 100 * (double)c->last_used / (double)c->capacity
			       : NAN;

	if (!logged_is(e, "CMS"))
		return *s->collector
			       ? ruled_out(out, mem, "the log is of the collector %s", s->collector)
			       : cannot_tell(out, mem, "the collector: the log does not name it",
					     "jledger gc FILE");
	if (!c->count)
		return ruled_out(out, mem, "no cycle of CMS began in the log");
	if (!c->pairs)
		return cannot_tell(out, mem,
				   "two cycles of CMS with what the old generation held: the log "
				   "is short or has no details",
				   "-XX:+PrintGCDetails, and jledger gc FILE");
	if (c->longest_row < LEAST || (c->longest_row < MANY && c->freed_nothing * 2 < c->pairs))
		return ruled_out(out, mem,
				 "of %llu pairs of cycles %llu followed at once and %llu freed "
				 "nothing, %llu both in a row",
				 (unsigned long long)c->pairs, (unsigned long long)c->back_to_back,
				 (unsigned long long)c->freed_nothing,
				 (unsigned long long)c->longest_row);
	out->bytes = c->last_used != UNKNOWN_BYTES ? c->last_used : 0;
	out->culprit.kind = "flag";
	out->culprit.name = "CMSInitiatingOccupancyFraction";
	add_evidence(
		out, mem, "gclog.cycles", (double)c->longest_row + 1, where,
		"%llu cycles in a row, each at once after the one before, freed less than 2 %% "
		"of the old generation beyond what was promoted meanwhile",
		(unsigned long long)c->longest_row + 1);
	if (!isnan(level))
		add_evidence(out, mem, "gclog.old_used", (double)c->last_used, where,
			     "the last began with %s of %s in use (%.1f %%)",
			     weigh_size(mem, c->last_used), weigh_size(mem, c->capacity), level);
	if (c->row_cores > 0) {
		add_evidence(out, mem, "gclog.cores", c->row_cores, where,
			     "they burnt %.2f cores for %s", c->row_cores,
			     logged_seconds(mem, c->row_s));
		burnt = arena_format(mem, ", and %.2f cores with it", c->row_cores);
	}
	if (s->due_to_time)
		add_evidence(out, mem, "gclog.preclean", (double)s->due_to_time,
			     logged_whole(e, mem),
			     "%llu abortable precleans ran out of time: little was allocated",
			     (unsigned long long)s->due_to_time);
	if (s->concurrent_failed.count)
		add_evidence(out, mem, "gclog.failures", (double)s->concurrent_failed.count,
			     logged_sum(e, mem, &s->concurrent_failed),
			     "the cycles came too late %s (concurrent mode failure): %.2f s",
			     logged_times(mem, s->concurrent_failed.count),
			     s->concurrent_failed.sum_s);
	logged_contradiction(e, mem, out);
	if (s->full.count && s->full.freed_share >= 0.5)
		weigh_remedy(
			out, mem,
			"find what only a Full GC frees: a heap dump between two cycles (not of "
			"live objects alone), or jmap -histo against -histo:live; on JDK 7 and "
			"before -XX:+CMSClassUnloadingEnabled");
	weigh_remedy(out, mem, out->cause->remedy);
	return confirmed(
		out, mem,
		"CMS runs one cycle after the other and frees nothing: %llu in a row took %s%s%s.",
		(unsigned long long)c->longest_row + 1, logged_seconds(mem, c->row_s), burnt,
		isnan(level) ? ""
			     : arena_format(mem,
					    "; what is in use stands at %.1f %%, above the "
					    "point where a cycle starts",
					    level));
}
