// SPDX-License-Identifier: Apache-2.0
// One loader defines the same class again and again.
//
// Each definition after the first fails, and its class stays: on JDK 8 until the loader dies, later until an
// unloading collection frees it.  So the same name stands many times in one loader, and the VM's counter of loaded
// classes runs while the number of classes does not.
#include <math.h>

#include "diagnose/class_suspect.h"
#include "diagnose/rule.h"
#include "diagnose/weigh.h"

enum {
	LEAST = 50,        // of one name in one loader: a class is defined once, two may race
	REPEATED = 5,      // times in one loader: a program in many loaders repeats no name in any
	LEAST_LOADED = 20, // within the window, more than classes that came
};

// How often a name stands in one loader, on average.
static double times_in_one(const struct family_row *f)
{
	double names = f->distinct_names ? f->distinct_names : 1;

	return f->class_count / names / (f->loader_count ? f->loader_count : 1);
}

static const struct family_row *most_repeated(const struct snapshot *s)
{
	const struct family_row *most = NULL;

	for (size_t i = 0; i < s->families.count; i++) {
		const struct family_row *f = &s->families.at[i];

		if (class_suspect_shape(f) == SHAPE_REDEFINED && f->class_count >= LEAST &&
		    times_in_one(f) >= REPEATED && (!most || f->class_count > most->class_count))
			most = f;
	}
	return most;
}

// Definitions within the window that left no class behind.
static double failed_within(const struct evidence *e)
{
	double loaded, unloaded, added = 0;
	uint32_t before;

	if (!weigh_fact(e, F_CLASSES_LOADED, &loaded) ||
	    !weigh_fact(e, F_CLASSES_UNLOADED, &unloaded))
		return 0;
	added = class_suspect_added(e, &before);
	return before ? loaded - unloaded - added : 0;
}

static enum verdict judge(const struct evidence *e, struct arena *mem, struct finding *out)
{
	const struct family_row *f = most_repeated(e->now);
	const struct family_row *was;
	double failed, added, loaded = 0;
	const char *name;

	if (!e->now->families.count)
		return cannot_tell(out, mem,
				   "the names of the classes, which the VM's memory tells",
				   e->now->tier_gain ? e->now->tier_gain : out->cause->how);
	if (!f)
		return ruled_out(out, mem, "no name stands many times in one loader");
	name = f->distinct_names == 1 && f->example ? f->example : f->name;
	was = class_suspect_family(e->first, f->name);
	added = weigh_has_window(e) ? (double)f->class_count - (was ? was->class_count : 0) : 0;
	failed = weigh_has_window(e) ? failed_within(e) : 0;
	weigh_fact(e, F_CLASSES_LOADED, &loaded);
	loaded = fmax(loaded, added);
	out->culprit.kind = "class";
	out->culprit.name = name;
	out->culprit.loader = f->loader_type;
	out->bytes = class_suspect_bytes(e->now, e->ledger, f);
	out->collectable = COLLECTABLE_UNKNOWN;
	add_evidence(out, mem, "classes.repeated", f->class_count, weigh_source(e->now, F_CLASSES),
		     "%u classes called %s in %s of class %s", f->class_count, name,
		     weigh_count(mem, f->loader_count, "loader"),
		     f->loader_type ? f->loader_type : "unknown");
	if (weigh_has_window(e))
		add_evidence(out, mem, "classes.loaded", loaded,
			     weigh_source(e->now, F_CLASSES_LOADED),
			     "%.0f definitions in %s, of which %.0f left no class", loaded,
			     weigh_window_text(mem, e), failed > 0 ? failed : 0);
	weigh_confused(out, mem, "class-generation",
		       "the names do not grow, and one loader has them all");
	weigh_remedy(out, mem, out->cause->remedy);
	weigh_remedy(out, mem,
		     arena_format(mem, "who does it: %s",
				  weigh_command(mem, "jledger trace PID classes --for 10s",
						e->now->pid)));
	if (weigh_has_window(e) &&
	    (added >= LEAST_LOADED || failed >= LEAST_LOADED || loaded >= LEAST_LOADED))
		return confirmed(out, mem,
				 "One loader defines the same class again and again: %s stands %u "
				 "times in a "
				 "loader of class %s, and %.0f more definitions came in %s.",
				 name, f->class_count, f->loader_type ? f->loader_type : "unknown",
				 loaded, weigh_window_text(mem, e));
	return likely(out, mem,
		      "One loader has defined the same class again and again: %s stands %u times.",
		      name, f->class_count);
}

const struct rule rule_class_duplicate_definition = { .cause = "class-duplicate-definition",
						      .judge = judge };
