// SPDX-License-Identifier: Apache-2.0
// By a GC log: collections for Metaspace (or the permanent generation) that free nothing of it.
#include <inttypes.h>

#include "diagnose/logged.h"
#include "diagnose/weigh.h"

enum { LEAST = 2 };
static const double START_S = 300;

static enum verdict judge_log(const struct evidence *e, struct arena *mem, struct finding *out)
{
	const struct gc_meta *m = &e->log->meta;
	const char *what = m->perm ? "the permanent generation" : "Metaspace";
	const struct gc_sum *late = &e->log->burdens.meta_futile_late;
	uint64_t max = e->log->max_meta;

	if (!m->by_cause)
		return e->log->burdens.no_cause * 2 >= e->log->pauses.all.count &&
				       e->log->burdens.no_cause
			       ? cannot_tell(out, mem,
					     "the causes of the collections: the log has none",
					     "-XX:+PrintGCCause")
			       : ruled_out(out, mem, "no collection was for %s", what);
	if (m->last_ditch && m->by_cause_freed_nothing)
		; // whenever that is
	else if (m->by_cause_freed_nothing < LEAST || !(e->log->span_s < START_S)) {
		if (late->count < LEAST)
			return ruled_out(out, mem,
					 "%" PRIu64 " collections were for %s, and %" PRIu64
					 " of them freed nothing of it, %" PRIu64
					 " later than five minutes after the start",
					 m->by_cause, what, m->by_cause_freed_nothing, late->count);
	} else {
		return cannot_tell(
			out, mem,
			"whether collections for Metaspace go on to free nothing: the log is "
			"of a start, when nothing can be unloaded yet",
			"a longer log");
	}
	out->bytes = logged_knows(&m->last) ? m->last.after : 0;
	out->collectable = COLLECTABLE_NO;
	add_evidence(out, mem, "gclog.metadata", (double)m->by_cause_freed_nothing,
		     logged_place(e, mem, m->futile_first, m->futile_last),
		     "%" PRIu64 " of %" PRIu64
		     " collections for %s freed less than 2 %% of it (%s at the "
		     "last)",
		     m->by_cause_freed_nothing, m->by_cause, what, logged_change(mem, &m->last));
	if (m->last_ditch)
		add_evidence(out, mem, "gclog.last_ditch", (double)m->last_ditch,
			     logged_whole(e, mem),
			     "%" PRIu64
			     " of them were the last resort: soft references were dropped too",
			     m->last_ditch);
	if (max != UNKNOWN_BYTES && max)
		add_evidence(out, mem, "gclog.metaspace_max", (double)max, logged_whole(e, mem),
			     "%.1f %% of the limit of %s",
			     100 * (double)m->last.after / (double)max, weigh_size(mem, max));
	weigh_confused(out, mem, "gc-thrash", "the heap is not what these collections are for");
	weigh_remedy(out, mem, out->cause->remedy);
	if (m->last_ditch)
		return confirmed(
			out, mem,
			"Collections for %s free nothing of it, the last resort neither: its "
			"class loaders are alive, and an OutOfMemoryError comes next. Which "
			"loaders, a log does not say.",
			what);
	return likely(out, mem,
		      "Collections for %s free nothing of it (%" PRIu64 " of %" PRIu64
		      "): its class loaders are alive.",
		      what, m->by_cause_freed_nothing, m->by_cause);
}

const struct rule rule_gc_metadata = { .cause = "gc-metadata", .judge_log = judge_log };
