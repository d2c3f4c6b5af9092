// SPDX-License-Identifier: Apache-2.0
// The same class is generated again and again, or classes of one family are.
//
// One judge for class-generation and the causes that say more of it (hidden classes, lambdas,
// proxies, CGLIB, scripts ...): the suspect family belongs to one of them, the others say to which.
//
// A library that makes classes at run time (serializers, proxies, scripts, expressions) and forgets
// what it made does it once for each call.  The names give it away: one name in ever more loaders,
// or a name with a number that counts up.  So families of names are judged, not single classes;
// class_suspect.c weighs them, and what is said of the worst stands here.

#include <math.h>
#include <string.h>

#include "base/units.h"
#include "diagnose/class_suspect.h"
#include "diagnose/rule.h"
#include "diagnose/weigh.h"

enum {
	UNLOADED_BEFORE = 100, // classes since the start that say: a collection frees such
	MANY_LOADERS = 2500,   // of one class with a few classes each, whatever these are called
	UNLIKE_ADDED = 200,    // classes within the window whose names have nothing in common ...
	UNLIKE_LEAST = 2000,   // ... and as many in all as are worth a word
	MALLOC_PER_LOADER =
		6000, // measured: 3,900 (17) to 5,500 (8) bytes of malloc for each loader
};

static const char *const WHAT[] = {
	[SHAPE_COPIES] = "The same class is generated again and again, each copy in its own loader",
	[SHAPE_REDEFINED] = "The same class is defined again and again in the same loader",
	[SHAPE_LOADERS] =
		"Classes of one family are generated again and again, each in its own loader",
	[SHAPE_HIDDEN] = "Hidden classes of one family are defined again and again",
	[SHAPE_NUMBERED] = "Classes with counted names are generated again and again in one loader",
};

static const char *name_of(const struct family_row *f)
{
	return f->distinct_names == 1 && f->example ? f->example : f->name;
}

// Who told the tables of classes.
static const char *tables_source(const struct snapshot *s)
{
	return s->fact[F_CLASSES].known ? weigh_source(s, F_CLASSES) : "vmstructs";
}

static void set_culprit(struct finding *out, const struct family_row *f)
{
	out->culprit.kind = "class-family";
	out->culprit.name = name_of(f);
	out->culprit.loader = f->loader_type;
}

// MetaspaceSize below its default of 21 MB makes the VM collect for few classes: that is
// metaspace-initial-low, whatever the classes are.
static bool is_threshold_low(const struct snapshot *s)
{
	const struct flag_row *flag = snapshot_find_flag(s, "MetaspaceSize");

	return flag && flag->number < MIB(20);
}

static void describe_churn(const struct evidence *e, struct arena *mem, const struct class_churn *c,
			   double full, struct finding *out)
{
	const struct family_row *f = c->family;
	const struct family_row *before = class_suspect_family(e->first, f->name);
	const struct family_row *now = class_suspect_family(e->now, f->name);
	const char *source = weigh_source(e->now, F_CLASSES_LOADED);
	double grown;

	set_culprit(out, f);
	out->collectable = COLLECTABLE_CONFIRMED;
	out->bytes = now ? class_suspect_bytes(e->now, e->ledger, now) : 0;
	grown = (double)out->bytes;
	if (before)
		grown -= (double)class_suspect_bytes(e->first, e->first_ledger, before);
	out->has_growth = true;
	out->growth_per_s = grown / e->window_s;
	add_evidence(out, mem, "classes.family.count", now ? now->class_count : 0,
		     tables_source(e->now), "%u classes of the family %s, %u at the window's start",
		     now ? now->class_count : 0, f->name, before ? before->class_count : 0);
	add_evidence(out, mem, "classes.loaded", c->loaded, source,
		     "%.0f classes loaded within the window", c->loaded);
	add_evidence(out, mem, "classes.unloaded", c->unloaded, source, "%.0f unloaded",
		     c->unloaded);
	add_evidence(out, mem, "gc.full_count", full, weigh_source(e->now, F_GC_FULL_COUNT),
		     "%s within the window", weigh_count(mem, (uint64_t)full, "Full GC"));
	weigh_confused(out, mem, "metaspace-initial-low",
		       "the collections unload what was made for one call each");
	weigh_remedy(out, mem, out->cause->remedy);
	weigh_remedy(out, mem,
		     arena_format(mem, "who does it: %s",
				  weigh_command(mem, "jledger trace PID classes --for 10s",
						e->now->pid)));
}

// Of a family's classes, that were there at a Full GC and still are.
static const double SURVIVED = 0.3;

// Of the pace before: a generator keeps it, a start or a shift of work doesn't.
static const double CHURN_PACE = 0.75;

// Many were made once and many dropped once, as when a host lets its plugins go.
static bool churn_slows(const struct evidence *e, const struct class_churn *c)
{
	const struct family_row *before = class_suspect_family(e->first, c->family->name);
	double made = before ? before->class_count : 0;

	made += (double)snapshot_get(e->first, F_CLASSES_UNLOADED, 0);
	return weigh_uptime(e) > 0 && c->loaded / e->window_s < CHURN_PACE * made / weigh_uptime(e);
}

static enum verdict judge_churn(const struct evidence *e, struct arena *mem, struct finding *out,
				const struct class_churn *c)
{
	uint64_t limit = class_suspect_limit(e->now);
	const char *who = "", *numbers;
	double full = 0;

	weigh_fact(e, F_GC_FULL_COUNT, &full);
	numbers = arena_format(mem, "%.0f classes were loaded and %.0f unloaded in %s", c->loaded,
			       c->unloaded, weigh_window_text(mem, e));
	if (full < 1)
		return ruled_out(out, mem, "%s comes and goes: %s without any Full GC",
				 name_of(c->family), numbers);
	if (!limit && is_threshold_low(e->now))
		return ruled_out(out, mem,
				 "%s comes and goes: %s, and %s came of a low MetaspaceSize "
				 "(metaspace-initial-low)",
				 name_of(c->family), numbers,
				 weigh_count(mem, (uint64_t)full, "Full GC"));
	if (!limit && churn_slows(e, c))
		return cannot_tell(
			out, mem,
			arena_format(mem,
				     "whether %s goes on: %s, slower than before; a window of 30 s "
				     "would do",
				     name_of(c->family), numbers),
			"jledger doctor PID --for 30s");
	describe_churn(e, mem, c, full, out);
	if (limit)
		who = arena_format(mem, ", forced by the Metaspace limit of %s",
				   weigh_size(mem, limit));
	numbers =
		arena_format(mem,
			     "The same class is generated again and again and unloaded again: %s, "
			     "%.0f per second, in loaders of class %s; %s, by %s%s.",
			     name_of(c->family), c->loaded / e->window_s,
			     c->family->loader_type ? c->family->loader_type : "unknown", numbers,
			     weigh_count(mem, (uint64_t)full, "Full GC"), who);
	return limit ? confirmed(out, mem, "%s", numbers) : likely(out, mem, "%s", numbers);
}

// ---- what is said of a suspect ------------------------------------------------------------------

// How many of the family were there when the last Full GC came, by the pace at which they are made.
static double met_full_gc(const struct evidence *e, const struct class_suspect *s)
{
	double last = (double)snapshot_get(e->now, F_GC_FULL_LAST, 0) / 1e9;
	double uptime = (double)snapshot_get(e->now, F_UPTIME, 0) / 1e3, pace;

	if (!snapshot_get(e->now, F_GC_FULL_COUNT, 0) || last <= 0 || uptime <= last)
		return 0;
	pace = weigh_has_window(e) ? fmax(s->added, 0) / e->window_s
				   : s->family->class_count / uptime;
	return s->family->class_count - pace * (uptime - last);
}

// Would a Full GC free them?  Hidden classes and counted names in loaders of their own may be held
// or not; a loader that still defines classes keeps all it has.
static enum collectable collectable_of(const struct evidence *e, const struct class_suspect *s)
{
	uint64_t unloaded = snapshot_get(e->now, F_CLASSES_UNLOADED, 0);
	double full = 0, gone;

	// Many hidden classes in one loader are strong ones: they live as long as it does.
	if (s->shape == SHAPE_NUMBERED ||
	    (s->shape == SHAPE_HIDDEN && s->family->loader_count * 10 < s->family->class_count))
		return COLLECTABLE_NO;
	if (s->shape == SHAPE_REDEFINED)
		return COLLECTABLE_UNKNOWN;
	weigh_fact(e, F_GC_FULL_COUNT, &full);
	if (full >= 1 && s->before > 0 && weigh_fact(e, F_CLASSES_UNLOADED, &gone) &&
	    gone < s->before / 10.0)
		return COLLECTABLE_NO; // a Full GC came by and left those of the first moment
	if (unloaded >= UNLOADED_BEFORE)
		return COLLECTABLE_CONFIRMED;
	if (met_full_gc(e, s) >= SURVIVED * s->family->class_count)
		return COLLECTABLE_NO; // they outlived one
	if (s->shape == SHAPE_COPIES && snapshot_get(e->now, F_GC_FULL_COUNT, 0) == 0)
		return COLLECTABLE_LIKELY;
	return COLLECTABLE_UNKNOWN;
}

static void add_family_evidence(const struct evidence *e, struct arena *mem,
				const struct class_suspect *s, struct finding *out)
{
	const struct family_row *f = s->family;
	const char *source = tables_source(e->now);
	double used = 0, class_used = 0;

	add_evidence(
		out, mem, "classes.family.count", f->class_count, source,
		"%u classes of the family %s%s", f->class_count, f->name,
		f->example ? arena_format(mem, ", %s", weigh_count(mem, f->distinct_names, "name"))
			   : ", their names are not known");
	add_evidence(out, mem, "classes.family.loaders", f->loader_count, source,
		     "in %s of class %s%s", weigh_count(mem, f->loader_count, "loader"),
		     f->loader_type ? f->loader_type : "unknown",
		     f->loader_count == 1
			     ? ""
			     : arena_format(mem, ", at most %u in one", f->max_per_loader));
	if (weigh_has_window(e))
		add_evidence(out, mem, "classes.family.added", s->added, source,
			     "%+.0f in %s: %.1f per second", s->added, weigh_window_text(mem, e),
			     s->added / e->window_s);
	if (weigh_fact(e, F_METASPACE_USED, &used) &&
	    weigh_fact(e, F_CLASS_SPACE_USED, &class_used) && weigh_has_window(e))
		add_evidence(out, mem, "metaspace.used", used + class_used,
			     weigh_source(e->now, F_METASPACE_USED),
			     "Metaspace and class space used %s",
			     weigh_signed_size(mem, used + class_used));
}

static void add_counter_evidence(const struct evidence *e, struct arena *mem, struct finding *out)
{
	double collections, full = 0;

	if (e->now->fact[F_CLASSES_LOADED].known && e->now->fact[F_CLASSES_UNLOADED].known) {
		double loaded = (double)e->now->fact[F_CLASSES_LOADED].value;
		double unloaded = (double)e->now->fact[F_CLASSES_UNLOADED].value;

		add_evidence(out, mem, "classes.loaded", loaded,
			     weigh_source(e->now, F_CLASSES_LOADED),
			     "%.0f classes loaded since the start", loaded);
		add_evidence(out, mem, "classes.unloaded", unloaded,
			     weigh_source(e->now, F_CLASSES_UNLOADED), "%.0f of them unloaded",
			     unloaded);
	}
	if (weigh_has_window(e) && weigh_fact(e, F_GC_COUNT, &collections)) {
		weigh_fact(e, F_GC_FULL_COUNT, &full);
		add_evidence(out, mem, "gc.count", collections, weigh_source(e->now, F_GC_COUNT),
			     "%s within the window%s",
			     weigh_count(mem, (uint64_t)collections, "collection"),
			     collections < 1 ? "" : arena_format(mem, ", %.0f of them full", full));
	}
}

// "one class", "2.5 classes": of an average loader.
static const char *classes_text(struct arena *mem, double count)
{
	if (fabs(count - 1) < 0.05)
		return "one class";
	return arena_format(
		mem, fabs(count - round(count)) < 0.05 ? "%.0f classes" : "%.1f classes", count);
}

static void add_confusions(const struct evidence *e, struct arena *mem,
			   const struct class_suspect *s, struct finding *out)
{
	double per_loader = class_suspect_per_loader(e->now, s->family);
	const struct account_row *heap = e->ledger ? ledger_row(e->ledger, "java-heap") : NULL;
	double direct;

	if (s->shape == SHAPE_HIDDEN)
		weigh_confused(out, mem, "loader-leak",
			       "the classes are hidden ones, no application's");
	else
		weigh_confused(out, mem, "loader-leak",
			       s->family->loader_count > 1
				       ? arena_format(mem, "a loader holds %s, not an application",
						      classes_text(mem, per_loader))
				       : "one loader defines them all");
	if (s->shape == SHAPE_REDEFINED)
		weigh_confused(out, mem, "class-duplicate-definition",
			       "says more where the same name fails to be defined: see jledger "
			       "classes --duplicates");
	if (weigh_fact(e, F_DIRECT_RESERVED, &direct))
		weigh_confused(out, mem, "direct-buffers",
			       arena_format(mem, "the pool holds %s (%s)",
					    weigh_size(mem, e->now->fact[F_DIRECT_RESERVED].value),
					    weigh_signed_size(mem, direct)));
	if (heap && heap->has_growth && heap->growth > 0)
		weigh_confused(out, mem, "heap-first-touch",
			       arena_format(mem, "the heap's %s are counted apart",
					    weigh_signed_size(mem, (double)heap->growth)));
}

static void add_remedies(const struct evidence *e, struct arena *mem, const struct class_suspect *s,
			 struct finding *out)
{
	weigh_remedy(out, mem, out->cause->remedy);
	if (!e->now->fact[F_METASPACE_MAX].known && class_suspect_in_own_loaders(s->shape) &&
	    out->collectable != COLLECTABLE_NO) {
		uint64_t used = snapshot_get(e->now, F_METASPACE_USED, 0) +
				snapshot_get(e->now, F_CLASS_SPACE_USED, 0);
		uint64_t rest = used > s->family->bytes ? used - s->family->bytes : 0;
		unsigned mb = 128;

		while (MIB(mb) < 2 * rest && mb < 65536)
			mb *= 2;
		weigh_remedy(out, mem,
			     arena_format(mem,
					  "until then -XX:MaxMetaspaceSize=%um, so that a Full GC "
					  "comes before the container's end",
					  mb));
	}
	weigh_remedy(out, mem,
		     arena_format(mem, "who does it: %s",
				  weigh_command(mem, "jledger trace PID classes --for 10s",
						e->now->pid)));
}

// "Explains +88.0 MB of Metaspace and about +26.0 MB of malloc."
static const char *explained(const struct evidence *e, struct arena *mem,
			     const struct class_suspect *s)
{
	const struct account_row *row = e->ledger ? ledger_row(e->ledger, "malloc") : NULL;
	double loaders = class_suspect_in_own_loaders(s->shape) ? s->added : 0;
	double native = row && row->has_growth ? (double)row->growth : 0;

	if (!weigh_has_window(e))
		return arena_format(mem, "They hold %s of Metaspace.", weigh_size(mem, s->bytes));
	native = fmin(native, loaders * MALLOC_PER_LOADER);
	if (native < (double)MIB(1))
		return arena_format(mem, "They hold %s of Metaspace (%s).",
				    weigh_size(mem, s->bytes), weigh_signed_size(mem, s->grown));
	return arena_format(mem, "They hold %s of Metaspace (%s) and likely about %s of malloc.",
			    weigh_size(mem, s->bytes), weigh_signed_size(mem, s->grown),
			    weigh_signed_size(mem, native));
}

// Classes of the family that were made within the window: more than it grew by where a collection
// took some meanwhile.
static double made_within(const struct evidence *e, const struct class_suspect *s)
{
	double loaded, unloaded;

	if (!class_suspect_in_own_loaders(s->shape) || !weigh_fact(e, F_CLASSES_LOADED, &loaded) ||
	    !weigh_fact(e, F_CLASSES_UNLOADED, &unloaded))
		return s->added;
	unloaded /= fmax(class_suspect_per_loader(e->now, s->family), 1);
	return fmax(s->added, fmin(s->added + unloaded, loaded));
}

static enum verdict accuse(const struct evidence *e, struct arena *mem,
			   const struct class_suspect *s, struct finding *out)
{
	const struct family_row *f = s->family;
	const char *loaders = f->loader_type ? f->loader_type : "unknown";
	const char *rate = "";
	const char *where;
	double made;

	set_culprit(out, f);
	out->bytes = s->bytes;
	out->collectable = collectable_of(e, s);
	if (weigh_has_window(e)) {
		out->has_growth = true;
		out->growth_per_s = s->grown / e->window_s;
		made = made_within(e, s);
		rate = made > 0 ? arena_format(mem, ", %.*f per second", made / e->window_s < 10,
					       made / e->window_s)
				: ", none within the window";
	}
	add_family_evidence(e, mem, s, out);
	add_counter_evidence(e, mem, out);
	add_confusions(e, mem, s, out);
	add_remedies(e, mem, s, out);
	if (out->collectable != COLLECTABLE_NO)
		out->experiment = weigh_command(mem, "jledger try PID gc", e->now->pid);

	where = arena_format(mem, "in %s of class %s", weigh_count(mem, f->loader_count, "loader"),
			     loaders);
	if (s->verdict == VERDICT_CONFIRMED)
		return confirmed(out, mem, "%s: %s, %u x%s, %s. %s", WHAT[s->shape], name_of(f),
				 f->class_count, rate, where, explained(e, mem, s));
	return likely(out, mem, "%s: %s, %u x%s, %s. %s", WHAT[s->shape], name_of(f),
		      f->class_count, rate, where, explained(e, mem, s));
}

static enum verdict doubt(const struct evidence *e, struct arena *mem,
			  const struct class_suspect *s, struct finding *out)
{
	static const char *const WHY[] = {
		[DOUBT_NONE] = "",
		[DOUBT_NO_WINDOW] = "at one moment",
		[DOUBT_FEW] = "still as few as a healthy program has",
		[DOUBT_SHORT] = "too little to tell",
		[DOUBT_SLOWING] = "slower than before, as in a warm-up that ends",
		[DOUBT_BEGAN] = "nearly all of them came within the window",
		[DOUBT_STARTED] = "and the JVM had just started",
	};
	const struct family_row *f = s->family;
	const char *added = "";
	unsigned seconds = 30;

	if (weigh_has_window(e)) {
		seconds = weigh_window_for(e, s->added, class_suspect_wanted(s));
		added = arena_format(mem, ", %+.0f in %s", s->added, weigh_window_text(mem, e));
	}
	return cannot_tell(
		out, mem,
		arena_format(
			mem,
			"whether %s goes on: %u classes in %s%s, %s; a window of %u s would do",
			f->name, f->class_count, weigh_count(mem, f->loader_count, "loader"), added,
			WHY[s->doubt], seconds),
		arena_format(mem, "jledger doctor PID --for %us", seconds));
}

// Nobody is suspect: the largest family shows how far from it they are.
static enum verdict acquit(const struct evidence *e, struct arena *mem, struct finding *out)
{
	const struct family_row *program = class_suspect_program(e);
	const struct family_row *largest = &e->now->families.at[0];

	if (program)
		return ruled_out(
			out, mem,
			"%s of class %s hold %.0f classes each: a program that is loaded again "
			"and again (loader-leak), not one class",
			weigh_count(mem, program->loader_count, "loader"),
			program->loader_type ? program->loader_type : "unknown",
			class_suspect_per_loader(e->now, program));
	for (size_t i = 0; i < e->now->families.count; i++)
		if (e->now->families.at[i].class_count > largest->class_count)
			largest = &e->now->families.at[i];
	return ruled_out(out, mem, "the largest family of names, %s, has %u classes in %s%s",
			 largest->name, largest->class_count,
			 weigh_count(mem, largest->loader_count, "loader"),
			 weigh_has_window(e) ? ", and none grows by more than a few" : "");
}

// `e` holds families of loaders.
static enum verdict accuse_loaders(const struct evidence *e, struct arena *mem,
				   struct class_suspect *s, struct finding *out)
{
	const char *rate = "";

	s->verdict = VERDICT_LIKELY;
	accuse(e, mem, s, out);
	out->culprit.kind = "loader";
	if (weigh_has_window(e))
		rate = arena_format(mem, ", %.0f per second", s->added / e->window_s);
	return likely(out, mem,
		      "Loaders of one class are made again and again, with %s each: %s, %u x%s. %s",
		      classes_text(mem, class_suspect_per_loader(e->now, s->family)),
		      s->family->name, s->family->loader_count, rate, explained(e, mem, s));
}

// Names of classes are missing (no memory, only what the JVM answers): loaders alone can make it
// likely, and nothing can rule it out.
static enum verdict judge_loaders(const struct evidence *e, struct arena *mem, struct finding *out)
{
	const char *missing = "the names of the classes, which the VM's memory tells";
	const char *how = e->now->tier_gain ? e->now->tier_gain : out->cause->how;
	struct snapshot now, first;
	struct evidence by_loaders = *e;
	struct class_suspect s;

	class_suspect_by_loaders(e->now, mem, &now);
	class_suspect_by_loaders(e->first, mem, &first);
	by_loaders.now = &now;
	by_loaders.first = e->first == e->now ? &now : &first;
	s = class_suspect_find(&by_loaders);
	if (s.verdict == VERDICT_CANNOT_TELL)
		return doubt(&by_loaders, mem, &s, out);
	if (s.verdict != VERDICT_CONFIRMED && s.verdict != VERDICT_LIKELY)
		return cannot_tell(out, mem, missing, how);
	return accuse_loaders(&by_loaders, mem, &s, out);
}

// No family of names grows.  Names may be random words; then their loaders tell, or nobody does.
static enum verdict judge_unlike(const struct evidence *e, struct arena *mem, struct finding *out)
{
	struct snapshot now, first;
	struct evidence by_loaders = *e;
	struct class_suspect s;
	uint32_t before;
	double added;

	class_suspect_by_loaders(e->now, mem, &now);
	class_suspect_by_loaders(e->first, mem, &first);
	by_loaders.now = &now;
	by_loaders.first = e->first == e->now ? &now : &first;
	s = class_suspect_find(&by_loaders);
	if ((s.verdict == VERDICT_CONFIRMED || s.verdict == VERDICT_LIKELY) &&
	    s.family->loader_count >= MANY_LOADERS)
		return accuse_loaders(&by_loaders, mem, &s, out);
	added = class_suspect_added(e, &before);
	if (!weigh_has_window(e) || class_suspect_program(e) || added < UNLIKE_ADDED ||
	    before + added < UNLIKE_LEAST || weigh_pace(e, before, added) == PACE_SLOWING)
		return acquit(e, mem, out);
	return cannot_tell(
		out, mem,
		arena_format(mem,
			     "whether classes go on to come: %+.0f in %s, %.0f in all, and their "
			     "names have nothing in common; look again",
			     added, weigh_window_text(mem, e), before + added),
		arena_format(mem, "jledger doctor PID --for %us",
			     weigh_window_for(e, added, UNLIKE_ADDED)));
}

// Whether `f` is this finding's matter; if not, says whose.
static bool is_mine(const struct family_row *f, struct arena *mem, struct finding *out)
{
	const char *cause = class_suspect_cause(f);

	if (!strcmp(cause, out->cause->id))
		return true;
	ruled_out(out, mem, "what is suspect is %s (%s)", f->name, cause);
	return false;
}

// The causes that stand beside class-generation have nothing to say where no family is suspect.
static enum verdict judge_none(const struct evidence *e, struct arena *mem, struct finding *out)
{
	if (!strcmp(out->cause->id, "class-generation"))
		return judge_unlike(e, mem, out);
	return ruled_out(out, mem, "no family of such classes is generated again and again");
}

static enum verdict judge(const struct evidence *e, struct arena *mem, struct finding *out)
{
	bool general = !strcmp(out->cause->id, "class-generation");
	struct evidence one_moment = *e;
	struct class_suspect s;
	struct class_churn churn;
	double full;

	if (!e->now->families.count)
		return general ? judge_loaders(e, mem, out)
			       : cannot_tell(
					 out, mem,
					 "the names of the classes, which the VM's memory tells",
					 e->now->tier_gain ? e->now->tier_gain : out->cause->how);
	if (!e->first->families.count) { // the first look failed here: as if there was none
		one_moment.first = e->now;
		one_moment.first_ledger = e->ledger;
		one_moment.window_s = 0;
		e = &one_moment;
	}
	s = class_suspect_find(e);
	churn = class_suspect_churn(e);
	// Copies that stand, in a Metaspace whose limit makes room for more by Full GCs: that says
	// more.
	if (s.verdict == VERDICT_LIKELY && churn.family == s.family &&
	    class_suspect_limit(e->now) && weigh_fact(e, F_GC_FULL_COUNT, &full) && full >= 1)
		return is_mine(churn.family, mem, out) ? judge_churn(e, mem, out, &churn)
						       : out->verdict;
	if (s.verdict == VERDICT_CONFIRMED || s.verdict == VERDICT_LIKELY)
		return is_mine(s.family, mem, out) ? accuse(e, mem, &s, out) : out->verdict;
	if (churn.family)
		return is_mine(churn.family, mem, out) ? judge_churn(e, mem, out, &churn)
						       : out->verdict;
	if (s.verdict == VERDICT_CANNOT_TELL)
		return is_mine(s.family, mem, out) ? doubt(e, mem, &s, out) : out->verdict;
	return judge_none(e, mem, out);
}

const struct rule rule_class_generation = { .cause = "class-generation", .judge = judge };
const struct rule rule_class_generation_hidden = { .cause = "class-generation-hidden",
						   .judge = judge };
const struct rule rule_class_generation_lambda = { .cause = "class-generation-lambda",
						   .judge = judge };
const struct rule rule_class_generation_proxy = { .cause = "class-generation-proxy",
						  .judge = judge };
const struct rule rule_class_generation_cglib = { .cause = "class-generation-cglib",
						  .judge = judge };
const struct rule rule_class_generation_bytebuddy = { .cause = "class-generation-bytebuddy",
						      .judge = judge };
const struct rule rule_class_generation_script = { .cause = "class-generation-script",
						   .judge = judge };
const struct rule rule_class_generation_js = { .cause = "class-generation-js", .judge = judge };
const struct rule rule_reflection_inflation = { .cause = "reflection-inflation", .judge = judge };
