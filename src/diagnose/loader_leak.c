// SPDX-License-Identifier: Apache-2.0
// Loaders of earlier deployments stay alive: several loaders of one class, each with a whole program and the same
// names.
//
// Likely at most: what keeps them alive only the heap can show.  A host of different plugins has many loaders with
// different names; a few identical applications may be meant.
#include <string.h>

#include "diagnose/class_suspect.h"
#include "diagnose/rule.h"
#include "diagnose/weigh.h"

enum {
	COPIES = 3,        // of each name, at least
	MANY = 10,         // loaders that speak for themselves after a Full GC that left them
	SMALL_PROGRAM = 5, // classes of a loader from which on it is a program
	LEFT_PERCENT = 10, // of the classes that such a collection took, at most
};

static const double ALL_SAME = 0.85; // a deployment may have a generated class or two of its own

struct copies {
	const char *type; // class of the loaders; NULL: none
	uint32_t loaders;
	double per_loader, times; // classes of each, copies of each name
	const struct family_row *example;
};

static uint32_t loaders_of(const struct snapshot *s, const char *type)
{
	uint32_t count = 0;

	for (size_t i = 0; i < s->loaders.count; i++)
		count += !s->loaders.at[i].hidden && s->loaders.at[i].type &&
			 !strcmp(s->loaders.at[i].type, type);
	return count;
}

// The classes in loaders of class `type` whose names stand in several of them.
static double same_classes(const struct snapshot *s, const char *type)
{
	double same = 0;

	for (size_t i = 0; i < s->families.count; i++) {
		const struct family_row *f = &s->families.at[i];

		if (f->loader_type && !strcmp(f->loader_type, type) && f->distinct_names &&
		    f->class_count >= (uint64_t)COPIES * f->distinct_names)
			same += f->class_count;
	}
	return same;
}

static struct copies most_copies(const struct snapshot *s)
{
	struct copies most = { 0 };

	for (size_t i = 0; i < s->families.count; i++) {
		const struct family_row *f = &s->families.at[i];
		double per, same,
			times = f->distinct_names ? (double)f->class_count / f->distinct_names : 0;

		if (!f->loader_type || f->loader_count < COPIES || times < COPIES ||
		    f->hidden_count * 2 >= f->class_count || f->loader_count <= most.loaders)
			continue;
		// Plugins that bundle one library have classes of their own beside it; a program that is
		// deployed again has none.
		per = class_suspect_per_loader(s, f);
		same = same_classes(s, f->loader_type) / loaders_of(s, f->loader_type);
		if (same < SMALL_PROGRAM || same < ALL_SAME * per)
			continue;
		most = (struct copies){ f->loader_type, f->loader_count, per, times, f };
	}
	return most;
}

// Whether a Full GC within the window left nearly all classes.
static bool survived(const struct evidence *e)
{
	double full = 0, unloaded = 0;

	return weigh_fact(e, F_GC_FULL_COUNT, &full) && full >= 1 &&
	       weigh_fact(e, F_CLASSES_UNLOADED, &unloaded) &&
	       unloaded * 100 <= (double)snapshot_get(e->now, F_CLASSES, 0) * LEFT_PERCENT;
}

static enum verdict judge(const struct evidence *e, struct arena *mem, struct finding *out)
{
	struct copies c = most_copies(e->now);
	double added = 0;
	uint32_t now, before;
	bool lived;

	if (!e->now->families.count)
		return cannot_tell(out, mem,
				   "the names of the classes, which the VM's memory tells",
				   e->now->tier_gain ? e->now->tier_gain : out->cause->how);
	if (!c.type)
		return ruled_out(out, mem, "no program stands in several loaders of one class");
	now = loaders_of(e->now, c.type);
	before = weigh_has_window(e) ? loaders_of(e->first, c.type) : now;
	added = (double)now - before;
	lived = survived(e);
	if (!weigh_has_window(e))
		return cannot_tell(
			out, mem,
			arena_format(mem,
				     "whether loaders of class %s go on to come: %u of them hold "
				     "%.0f classes each, with the same names",
				     c.type, now, c.per_loader),
			"jledger doctor PID --for 60s");
	if (added < 1 && !(lived && now >= MANY))
		return ruled_out(out, mem,
				 "%u loaders of class %s hold the same classes, and none came", now,
				 c.type);
	if (added >= 1 && !lived && weigh_pace(e, before, added) != PACE_GOES_ON)
		return cannot_tell(
			out, mem,
			arena_format(mem,
				     "whether loaders of class %s go on to come: %u with the same "
				     "classes, %+.0f in %s, slower than before",
				     c.type, now, added, weigh_window_text(mem, e)),
			arena_format(mem, "jledger doctor PID --for %us",
				     weigh_window_for(e, added, COPIES)));
	out->culprit.kind = "loader";
	out->culprit.name = c.type;
	out->culprit.loader = c.type;
	out->bytes = class_suspect_bytes(e->now, e->ledger, c.example);
	out->collectable = lived ? COLLECTABLE_NO : COLLECTABLE_UNKNOWN;
	out->has_growth = true;
	out->growth_per_s = added * (double)out->bytes / now / e->window_s;
	add_evidence(out, mem, "loaders.copies", now, weigh_source(e->now, F_LOADERS),
		     "%u loaders of class %s with %.0f classes each; %s stands in %u of them", now,
		     c.type, c.per_loader,
		     c.example->example ? c.example->example : c.example->name,
		     c.example->loader_count);
	add_evidence(out, mem, "loaders.added", added, weigh_source(e->now, F_LOADERS),
		     "%+.0f in %s", added, weigh_window_text(mem, e));
	if (lived)
		add_evidence(out, mem, "gc.full_count", 1, weigh_source(e->now, F_GC_FULL_COUNT),
			     "a Full GC within the window left them");
	weigh_confused(out, mem, "class-generation", "a loader holds a whole program, not a class");
	weigh_remedy(out, mem, out->cause->remedy);
	weigh_remedy(out, mem,
		     arena_format(mem, "what keeps one alive: %s",
				  weigh_command(mem, "jledger classes PID --why-alive LOADER",
						e->now->pid)));
	out->experiment = lived ? NULL : weigh_command(mem, "jledger try PID gc", e->now->pid);
	return likely(out, mem,
		      "The same program is loaded again and again: %u loaders of class %s with "
		      "%.0f classes "
		      "each and the same names, %+.0f in %s%s.",
		      now, c.type, c.per_loader, added, weigh_window_text(mem, e),
		      lived ? "; a Full GC left them" : "");
}

const struct rule rule_loader_leak = { .cause = "loader-leak", .judge = judge };
