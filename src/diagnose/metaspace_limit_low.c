// SPDX-License-Identifier: Apache-2.0
// MaxMetaspaceSize was guessed too low for an application that has all its classes.
//
// At the limit nothing grows any more, a leak neither: what stands in many copies is another cause.
#include "base/units.h"
#include "diagnose/collections.h"
#include "diagnose/rule.h"
#include "diagnose/weigh.h"

enum { COPIES = 8 }; // loaders with the same classes: a leak that ran into the limit
static const double NEAR = 0.90, FULL = 0.97, FLAT = 0.01;
static const double MANY = 0.10; // of all classes: what frameworks generate stays below

// The classes that stand in many loaders, or many times in one, and the family that most of them are of; not hidden classes and what JDK 8 has
// for them, each of which has a loader of its own by design.
static const struct family_row *most_copied(const struct snapshot *s, double *copied)
{
	const struct family_row *most = NULL;

	*copied = 0;
	for (size_t i = 0; i < s->families.count; i++) {
		const struct family_row *f = &s->families.at[i];

		if (f->hidden_count * 2 >= f->class_count ||
		    (f->loader_count < COPIES &&
		     (!f->distinct_names || f->class_count < (uint64_t)COPIES * f->distinct_names)))
			continue;
		*copied += f->class_count;
		if (!most || f->class_count > most->class_count)
			most = f;
	}
	return most;
}

static enum verdict judge(const struct evidence *e, struct arena *mem, struct finding *out)
{
	const struct snapshot *now = e->now;
	uint64_t max = snapshot_get(now, F_METASPACE_MAX, 0);
	uint64_t committed = snapshot_get(now, F_METASPACE_COMMITTED, 0) +
			     snapshot_get(now, F_CLASS_SPACE_COMMITTED, 0);
	uint64_t used =
		snapshot_get(now, F_METASPACE_USED, 0) + snapshot_get(now, F_CLASS_SPACE_USED, 0);
	double copies;
	const struct family_row *copied = most_copied(now, &copies);
	double grown = 0, more = 0;
	struct collections c;
	uint64_t threshold;

	if (!now->fact[F_METASPACE_COMMITTED].known)
		return cannot_tell(out, mem, "how much Metaspace is committed", out->cause->how);
	if (!max)
		return ruled_out(out, mem, "Metaspace has no limit");
	if ((double)committed < NEAR * (double)max)
		return ruled_out(out, mem, "%s of at most %s are committed",
				 weigh_size(mem, committed), weigh_size(mem, max));
	weigh_fact(e, F_METASPACE_USED, &grown);
	weigh_fact(e, F_CLASS_SPACE_USED, &more);
	grown += more;
	if (grown > FLAT * (double)used)
		return ruled_out(out, mem, "Metaspace still grows: %s in %s",
				 weigh_signed_size(mem, grown), weigh_window_text(mem, e));
	if (copied && copies >= MANY * (double)snapshot_get(now, F_CLASSES, 0))
		return ruled_out(out, mem, "%s stands in %s %u times: more room would not help",
				 copied->name, weigh_count(mem, copied->loader_count, "loader"),
				 copied->class_count);
	collections_sum(e, mem, &c);
	threshold = collections_for(&c, "Metadata GC Threshold");
	out->bytes = used;
	out->culprit.kind = "flag";
	out->culprit.name = "MaxMetaspaceSize";
	add_evidence(out, mem, "metaspace.committed", (double)committed,
		     weigh_source(now, F_METASPACE_COMMITTED),
		     "%s committed and %s used of at most %s", weigh_size(mem, committed),
		     weigh_size(mem, used), weigh_size(mem, max));
	if (c.known)
		add_evidence(out, mem, "gc.metadata", (double)threshold, "hsperf",
			     "%llu collections in the window for Metaspace alone",
			     (unsigned long long)threshold);
	weigh_confused(out, mem, "class-generation",
		       "no family of classes grows or stands in many loaders");
	weigh_remedy(out, mem, out->cause->remedy);
	if (weigh_has_window(e) && ((double)committed >= FULL * (double)max || threshold))
		return confirmed(
			out, mem,
			"Metaspace is at its limit and does not grow: %s of %s are committed for "
			"%llu classes, all of them in use.",
			weigh_size(mem, committed), weigh_size(mem, max),
			(unsigned long long)snapshot_get(now, F_CLASSES, 0));
	return likely(out, mem, "Metaspace is close to its limit: %s of %s are committed.",
		      weigh_size(mem, committed), weigh_size(mem, max));
}

const struct rule rule_metaspace_limit_low = { .cause = "metaspace-limit-low", .judge = judge };
