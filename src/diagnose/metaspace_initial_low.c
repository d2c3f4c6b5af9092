// SPDX-License-Identifier: Apache-2.0
// MetaspaceSize makes the VM collect: its high-water mark is crossed again and again, and each collection frees
// what was dead.
#include "base/units.h"
#include "diagnose/class_suspect.h"
#include "diagnose/collections.h"
#include "diagnose/logged.h"
#include "diagnose/rule.h"
#include "diagnose/weigh.h"

enum { LEAST = 3 }; // collections for Metaspace in the window
// Of the mark: below, the mark follows what is in use and not the flag.  Of what is used: growth.
static const double NEAR_LIMIT = 0.90, FLAT = 0.10;
static const char CAUSE[] = "Metadata GC Threshold";

static enum verdict judge(const struct evidence *e, struct arena *mem, struct finding *out)
{
	const struct snapshot *now = e->now;
	const struct flag_row *flag = snapshot_find_flag(now, "MetaspaceSize");
	uint64_t max = snapshot_get(now, F_METASPACE_MAX, 0), count;
	uint64_t committed = snapshot_get(now, F_METASPACE_COMMITTED, 0) +
			     snapshot_get(now, F_CLASS_SPACE_COMMITTED, 0);
	double grown = 0, used = (double)snapshot_get(now, F_METASPACE_USED, 0), unloaded = 0;
	struct collections c;

	collections_sum(e, mem, &c);
	if (!c.known)
		return cannot_tell(out, mem, "the causes of the collections, in a window",
				   "jledger doctor PID --for 30s");
	count = collections_for(&c, CAUSE);
	if (!count)
		return ruled_out(out, mem,
				 "of %llu collections in the window none was for Metaspace",
				 (unsigned long long)c.count);
	if (max && (double)committed >= NEAR_LIMIT * (double)max)
		return ruled_out(out, mem, "Metaspace is at its limit: %s of %s",
				 weigh_size(mem, committed), weigh_size(mem, max));
	if (class_suspect_limit(now) && class_suspect_churn(e).family)
		return ruled_out(out, mem,
				 "below a limit of %s the collections take away what is generated "
				 "again and again (class-generation): %s",
				 weigh_size(mem, class_suspect_limit(now)),
				 class_suspect_churn(e).family->name);
	weigh_fact(e, F_METASPACE_USED, &grown);
	weigh_fact(e, F_CLASSES_UNLOADED, &unloaded);
	// What comes and goes makes a sawtooth, of which the window cuts out any piece.
	if (grown > FLAT * used && !class_suspect_churn(e).family)
		return ruled_out(out, mem, "Metaspace grows: %s in %s",
				 weigh_signed_size(mem, grown), weigh_window_text(mem, e));
	if (count < LEAST)
		return cannot_tell(
			out, mem,
			arena_format(
				mem,
				"whether the threshold for Metaspace is crossed again and again: "
				"%llu of %s in %.0f s were for Metaspace",
				(unsigned long long)count, weigh_count(mem, c.count, "collection"),
				c.seconds),
			"jledger doctor PID --for 120s");
	out->bytes = 0;
	out->culprit.kind = "flag";
	out->culprit.name =
		flag ? arena_format(mem, "MetaspaceSize=%s", weigh_size(mem, flag->number))
		     : "MetaspaceSize";
	add_evidence(out, mem, "gc.metadata", (double)count, "hsperf",
		     "%llu of %llu collections in %.0f s had the cause %s",
		     (unsigned long long)count, (unsigned long long)c.count, c.seconds, CAUSE);
	add_evidence(out, mem, "metaspace.committed", (double)committed,
		     weigh_source(now, F_METASPACE_COMMITTED), "%s of Metaspace are committed",
		     weigh_size(mem, committed));
	add_evidence(out, mem, "classes.unloaded", unloaded, weigh_source(now, F_CLASSES_UNLOADED),
		     "%.0f classes were unloaded in the window", unloaded);
	weigh_confused(out, mem, "class-generation",
		       "each collection takes the dead classes away, and Metaspace is flat");
	weigh_remedy(out, mem, out->cause->remedy);
	return confirmed(
		out, mem,
		"The threshold for Metaspace is too low: %llu collections in %.0f s for it alone, "
		"while %s are committed%s.",
		(unsigned long long)count, c.seconds, weigh_size(mem, committed),
		flag ? arena_format(mem, " (MetaspaceSize is %s)", weigh_size(mem, flag->number))
		     : "");
}

const struct rule rule_metaspace_initial_low = { .cause = "metaspace-initial-low",
						 .judge = judge,
						 .judge_log = metaspace_initial_low_logged };
