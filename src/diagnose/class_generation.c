// SPDX-License-Identifier: Apache-2.0
// The same class is generated again and again.
//
// A library that makes classes at run time (serializers, proxies, scripts, expressions) and forgets
// what it made does it once for each call.  The names give it away: one name in ever more loaders,
// or a name with a number that counts up.  So families of names are judged, not single classes.
//
// What must not be accused: an application with many classes; the few hundred proxies, accessors
// and lambdas that frameworks make while they start; a start-up that is seen at its steepest; a
// redeployed application, whose loaders hold a whole program of different families each.

#include <math.h>
#include <string.h>

#include "base/units.h"
#include "diagnose/rule.h"
#include "diagnose/weigh.h"

enum shape {
	SHAPE_COPIES,    // few names, each again and again, each time in another small loader
	SHAPE_REDEFINED, // few names, each again and again in the same loader
	SHAPE_LOADERS, // counted names, each in a loader of its own: scripts, reflection's accessors
	SHAPE_HIDDEN,  // hidden classes
	SHAPE_NUMBERED, // counted names in a loader that has many of them
};

// From `least` classes on, of which `added` came within the window, a family is no longer what a
// healthy program makes: only copies have no use at all.
static const struct {
	uint32_t least, added;
	const char *what;
} SHAPES[] = {
	[SHAPE_COPIES] = { 100, 10,
			   "The same class is generated again and again, each copy in its own "
			   "loader" },
	[SHAPE_REDEFINED] = { 500, 50,
			      "The same class is defined again and again in the same loader" },
	[SHAPE_LOADERS] = { 500, 20,
			    "Classes of one family are generated again and again, each in its own "
			    "loader" },
	[SHAPE_HIDDEN] = { 1000, 50, "Hidden classes of one family are defined again and again" },
	[SHAPE_NUMBERED] = { 1000, 50,
			     "Classes with counted names are generated again and again in one "
			     "loader" },
};

enum {
	COPIES_WITHOUT_WINDOW = 500, // copies that accuse by their number alone ...
	COPIES_STANDING = 1000,      // ... and when none came within the window
	TIMES_PER_NAME = 20,         // so often comes a name of copies, on average
	WHOLE_PROGRAM = 10,          // classes per loader from which on it is an application
	LEAST_CHURN = 100,           // classes that came and went within the window
	MALLOC_PER_LOADER =
		6000, // measured: 3,900 (17) to 5,500 (8) bytes of malloc for each loader
};

enum doubt { DOUBT_NONE, DOUBT_NO_WINDOW, DOUBT_SHORT, DOUBT_SLOWING, DOUBT_BEGAN };

struct suspect {
	const struct family_row *family; // NULL: nobody
	enum shape shape;
	uint32_t before;
	double added;
	uint64_t bytes;       // resident
	double grown;         // of which within the window
	enum verdict verdict; // RULED_OUT: not suspect at all
	enum doubt doubt;
};

static const struct family_row *find_family(const struct snapshot *s, const char *name)
{
	for (size_t i = 0; i < s->families.count; i++)
		if (!strcmp(s->families.at[i].name, name))
			return &s->families.at[i];
	return NULL;
}

static bool is_loader_of(const struct loader_row *l, const struct family_row *f)
{
	return !l->hidden && l->type && f->loader_type && !strcmp(l->type, f->loader_type);
}

// Classes in an average loader of the family's loader class; 0 when no loader is known.
static double classes_per_loader(const struct snapshot *s, const struct family_row *f)
{
	uint64_t classes = 0;
	uint32_t loaders = 0;

	for (size_t i = 0; i < s->loaders.count; i++)
		if (is_loader_of(&s->loaders.at[i], f)) {
			classes += s->loaders.at[i].class_count;
			loaders++;
		}
	return loaders ? (double)classes / loaders : 0;
}

static enum shape shape_of(const struct family_row *f)
{
	uint32_t names = f->distinct_names ? f->distinct_names : 1;

	if ((uint64_t)f->hidden_count * 2 >= f->class_count)
		return SHAPE_HIDDEN;
	if (f->class_count / names >= TIMES_PER_NAME)
		return f->loader_count >= f->class_count / WHOLE_PROGRAM ? SHAPE_COPIES
									 : SHAPE_REDEFINED;
	return (uint64_t)f->loader_count * 2 >= f->class_count ? SHAPE_LOADERS : SHAPE_NUMBERED;
}

static bool in_own_loaders(enum shape shape)
{
	return shape == SHAPE_COPIES || shape == SHAPE_LOADERS;
}

// Loaders that each hold a whole program: redeployment, which loader-leak judges.
static bool is_program(const struct snapshot *s, const struct family_row *f, enum shape shape)
{
	return shape != SHAPE_HIDDEN && (uint64_t)f->max_per_loader * 2 < f->class_count &&
	       classes_per_loader(s, f) > WHOLE_PROGRAM;
}

// Resident Metaspace of a family: of its loaders where it is alone in them, else the used bytes of
// its classes, less what of Metaspace is not resident.
static uint64_t family_bytes(const struct snapshot *s, const struct ledger *l,
			     const struct family_row *f, enum shape shape)
{
	uint64_t used =
		snapshot_get(s, F_METASPACE_USED, 0) + snapshot_get(s, F_CLASS_SPACE_USED, 0);
	uint64_t resident, bytes = 0;

	if (!l)
		return f->bytes;
	resident = ledger_row(l, "metaspace")->resident + ledger_row(l, "class-space")->resident;
	if (in_own_loaders(shape) && s->loaders.count > 0) {
		struct arena scratch = { 0 };
		bool *wanted = arena_array(&scratch, bool, s->loaders.count);

		for (size_t i = 0; i < s->loaders.count; i++)
			wanted[i] = is_loader_of(&s->loaders.at[i], f);
		bytes = weigh_rows(l, CLAIM_OF_LOADER, wanted, s->loaders.count);
		arena_drop(&scratch);
	}
	if (bytes)
		return bytes;
	if (used && resident < used)
		return (uint64_t)((double)f->bytes * (double)resident / (double)used);
	return f->bytes;
}

static void weigh_growth(const struct evidence *e, struct suspect *s)
{
	uint32_t least = SHAPES[s->shape].least, added = SHAPES[s->shape].added;

	if (s->family->class_count < least)
		return;
	if (!weigh_has_window(e)) {
		bool alone =
			s->shape == SHAPE_COPIES && s->family->class_count >= COPIES_WITHOUT_WINDOW;

		s->verdict = alone ? VERDICT_LIKELY : VERDICT_CANNOT_TELL;
		s->doubt = DOUBT_NO_WINDOW;
		return;
	}
	if (s->added >= added && s->shape == SHAPE_COPIES) {
		s->verdict = VERDICT_CONFIRMED;
	} else if (s->added >= added && s->before < s->added / 10) {
		s->verdict = VERDICT_CANNOT_TELL;
		s->doubt = DOUBT_BEGAN;
	} else if (s->added >= added && weigh_pace(e, s->before, s->added) == PACE_SLOWING) {
		s->verdict = VERDICT_CANNOT_TELL;
		s->doubt = DOUBT_SLOWING;
	} else if (s->added >= added) {
		s->verdict = s->shape == SHAPE_REDEFINED ? VERDICT_LIKELY : VERDICT_CONFIRMED;
	} else if (s->shape == SHAPE_COPIES && s->family->class_count >= COPIES_STANDING) {
		s->verdict = VERDICT_LIKELY;
	} else if (s->added > 0) {
		s->verdict = VERDICT_CANNOT_TELL;
		s->doubt = DOUBT_SHORT;
	}
}

static struct suspect weigh_family(const struct evidence *e, const struct family_row *f)
{
	struct suspect s = { .family = f, .shape = shape_of(f), .verdict = VERDICT_RULED_OUT };
	const struct family_row *before;

	if (is_program(e->now, f, s.shape))
		return s;
	before = e->first == e->now ? f : find_family(e->first, f->name);
	s.before = before ? before->class_count : 0;
	s.added = (double)f->class_count - s.before;
	weigh_growth(e, &s);
	if (s.verdict == VERDICT_RULED_OUT)
		return s;
	s.bytes = family_bytes(e->now, e->ledger, f, s.shape);
	s.grown = (double)s.bytes;
	if (before)
		s.grown -= (double)family_bytes(e->first, e->first_ledger, before, s.shape);
	return s;
}

static bool is_worse(const struct suspect *a, const struct suspect *b)
{
	static const int RANK[] = {
		[VERDICT_CONFIRMED] = 3,
		[VERDICT_LIKELY] = 2,
		[VERDICT_CANNOT_TELL] = 1,
		[VERDICT_RULED_OUT] = 0,
	};
	double left = a->grown + (double)a->bytes, right = b->grown + (double)b->bytes;

	if (!a->family || !b->family)
		return a->family != NULL;
	if (RANK[a->verdict] != RANK[b->verdict])
		return RANK[a->verdict] > RANK[b->verdict];
	if (left != right)
		return left > right;
	return a->family->class_count > b->family->class_count;
}

static struct suspect find_suspect(const struct evidence *e)
{
	struct suspect worst = { 0 };

	for (size_t i = 0; i < e->now->families.count; i++) {
		const struct family_row *f = &e->now->families.at[i];
		struct suspect s;

		if (f->class_count < SHAPES[SHAPE_COPIES].least && worst.family &&
		    f->class_count <= worst.family->class_count)
			continue;
		s = weigh_family(e, f);
		if (is_worse(&s, &worst))
			worst = s;
	}
	return worst;
}

// ---- classes that come and go -------------------------------------------------------------------

// Copies at either moment of a window in which about as many classes were unloaded as loaded.
static const struct family_row *find_churn(const struct evidence *e, double *loaded,
					   double *unloaded)
{
	const struct snapshot *moments[] = { e->now, e->first };
	const struct family_row *most = NULL;

	if (!weigh_has_window(e) || !weigh_fact(e, F_CLASSES_LOADED, loaded) ||
	    !weigh_fact(e, F_CLASSES_UNLOADED, unloaded))
		return NULL;
	if (*loaded < LEAST_CHURN || *unloaded < *loaded / 2)
		return NULL;
	for (int m = 0; m < 2; m++)
		for (size_t i = 0; i < moments[m]->families.count; i++) {
			const struct family_row *f = &moments[m]->families.at[i];
			enum shape shape = shape_of(f);

			if (in_own_loaders(shape) && f->class_count >= TIMES_PER_NAME &&
			    !is_program(moments[m], f, shape) &&
			    (!most || f->class_count > most->class_count))
				most = f;
		}
	return most;
}

static const char *name_of(const struct family_row *f)
{
	return f->distinct_names == 1 && f->example ? f->example : f->name;
}

static void set_culprit(struct finding *out, const struct family_row *f)
{
	out->culprit.kind = "class-family";
	out->culprit.name = name_of(f);
	out->culprit.loader = f->loader_type;
}

static enum verdict judge_churn(const struct evidence *e, struct arena *mem, struct finding *out,
				const struct family_row *f, double loaded, double unloaded)
{
	uint64_t limit = snapshot_get(e->now, F_METASPACE_MAX, 0);
	double full = 0;

	weigh_fact(e, F_GC_FULL_COUNT, &full);
	if (!limit || full < 1)
		return ruled_out(
			out, mem,
			"%s comes and goes: %.0f classes were loaded and %.0f unloaded in %s, "
			"and no Metaspace limit forces it",
			name_of(f), loaded, unloaded, weigh_window_text(mem, e));
	set_culprit(out, f);
	out->collectable = COLLECTABLE_CONFIRMED;
	out->bytes = family_bytes(e->now, e->ledger, f, shape_of(f));
	add_evidence(out, mem, "classes.loaded", loaded, weigh_source(e->now, F_CLASSES_LOADED),
		     "%.0f classes loaded within the window", loaded);
	add_evidence(out, mem, "classes.unloaded", unloaded,
		     weigh_source(e->now, F_CLASSES_UNLOADED), "%.0f unloaded", unloaded);
	add_evidence(out, mem, "gc.full_count", full, weigh_source(e->now, F_GC_FULL_COUNT),
		     "%.0f Full GCs within the window", full);
	weigh_confused(out, mem, "metaspace-initial-low",
		       "the collections unload what was made for one call each");
	weigh_remedy(out, mem, out->cause->remedy);
	out->experiment = NULL;
	return confirmed(
		out, mem,
		"The same class is generated again and again and unloaded again: %s, %.0f "
		"classes loaded and %.0f unloaded in %s by %.0f Full GCs, which the Metaspace "
		"limit of %s forces.",
		name_of(f), loaded, unloaded, weigh_window_text(mem, e), full,
		weigh_size(mem, limit));
}

// ---- what is said of a suspect ------------------------------------------------------------------

// Would a Full GC free them?  Hidden classes and counted names in loaders of their own may be held
// or not; a loader that still defines classes keeps all it has.
static enum collectable collectable_of(const struct evidence *e, const struct suspect *s)
{
	uint64_t unloaded = snapshot_get(e->now, F_CLASSES_UNLOADED, 0);
	double full = 0;

	if (s->shape == SHAPE_NUMBERED)
		return COLLECTABLE_NO;
	if (s->shape == SHAPE_REDEFINED)
		return COLLECTABLE_UNKNOWN;
	weigh_fact(e, F_GC_FULL_COUNT, &full);
	if (full >= 1 && s->added >= 0 && s->before >= SHAPES[s->shape].least)
		return COLLECTABLE_NO; // a Full GC came by and left those of the first moment
	if (unloaded >= LEAST_CHURN)
		return COLLECTABLE_CONFIRMED;
	if (s->shape == SHAPE_COPIES && snapshot_get(e->now, F_GC_FULL_COUNT, 0) == 0)
		return COLLECTABLE_LIKELY;
	return COLLECTABLE_UNKNOWN;
}

static void add_family_evidence(const struct evidence *e, struct arena *mem,
				const struct suspect *s, struct finding *out)
{
	const struct family_row *f = s->family;
	double used = 0, class_used = 0;

	add_evidence(out, mem, "classes.family.count", f->class_count, "vmstructs",
		     "%u classes of the family %s, %u different names", f->class_count, f->name,
		     f->distinct_names);
	add_evidence(out, mem, "classes.family.loaders", f->loader_count, "vmstructs",
		     "in %u loaders, of class %s for the most, at most %u in one", f->loader_count,
		     f->loader_type ? f->loader_type : "unknown", f->max_per_loader);
	if (weigh_has_window(e))
		add_evidence(out, mem, "classes.family.added", s->added, "vmstructs",
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
			     weigh_source(e->now, F_CLASSES_UNLOADED), "%.0f unloaded", unloaded);
	}
	if (weigh_has_window(e) && weigh_fact(e, F_GC_COUNT, &collections)) {
		weigh_fact(e, F_GC_FULL_COUNT, &full);
		add_evidence(out, mem, "gc.count", collections, weigh_source(e->now, F_GC_COUNT),
			     "%.0f collections within the window, %.0f of them full", collections,
			     full);
	}
}

static void add_confusions(const struct evidence *e, struct arena *mem, const struct suspect *s,
			   struct finding *out)
{
	double per_loader = classes_per_loader(e->now, s->family);
	const struct account_row *heap = e->ledger ? ledger_row(e->ledger, "java-heap") : NULL;
	double direct;

	if (s->shape == SHAPE_HIDDEN)
		weigh_confused(out, mem, "loader-leak",
			       "the classes are hidden ones, no application's");
	else
		weigh_confused(
			out, mem, "loader-leak",
			s->family->loader_count > 1
				? arena_format(mem,
					       "a loader holds %.1f classes, not an application",
					       per_loader)
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

static void add_remedies(const struct evidence *e, struct arena *mem, const struct suspect *s,
			 struct finding *out)
{
	weigh_remedy(out, mem, out->cause->remedy);
	if (!e->now->fact[F_METASPACE_MAX].known && in_own_loaders(s->shape) &&
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
static const char *explained(const struct evidence *e, struct arena *mem, const struct suspect *s)
{
	const struct account_row *row = e->ledger ? ledger_row(e->ledger, "malloc") : NULL;
	double loaders = in_own_loaders(s->shape) ? s->added : 0;
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

static enum verdict accuse(const struct evidence *e, struct arena *mem, const struct suspect *s,
			   struct finding *out)
{
	const struct family_row *f = s->family;
	const char *loaders = f->loader_type ? f->loader_type : "unknown";
	const char *rate = "";
	const char *where;

	set_culprit(out, f);
	out->bytes = s->bytes;
	out->collectable = collectable_of(e, s);
	if (weigh_has_window(e)) {
		out->has_growth = true;
		out->growth_per_s = s->grown / e->window_s;
		rate = s->added > 0
			       ? arena_format(mem, ", %.*f per second", s->added / e->window_s < 10,
					      s->added / e->window_s)
			       : ", none within the window";
	}
	add_family_evidence(e, mem, s, out);
	add_counter_evidence(e, mem, out);
	add_confusions(e, mem, s, out);
	add_remedies(e, mem, s, out);
	if (out->collectable != COLLECTABLE_NO)
		out->experiment = weigh_command(mem, "jledger try PID gc", e->now->pid);

	if (f->loader_count > 1)
		where = arena_format(mem, "in %u loaders of class %s", f->loader_count, loaders);
	else
		where = arena_format(mem, "in one loader of class %s", loaders);
	if (s->verdict == VERDICT_CONFIRMED)
		return confirmed(out, mem, "%s: %s, %u x%s, %s. %s", SHAPES[s->shape].what,
				 name_of(f), f->class_count, rate, where, explained(e, mem, s));
	return likely(out, mem, "%s: %s, %u x%s, %s. %s", SHAPES[s->shape].what, name_of(f),
		      f->class_count, rate, where, explained(e, mem, s));
}

static enum verdict doubt(const struct evidence *e, struct arena *mem, const struct suspect *s,
			  struct finding *out)
{
	const struct family_row *f = s->family;
	unsigned seconds = 30;
	const char *missing;

	if (weigh_has_window(e))
		seconds = weigh_window_for(e, s->added, SHAPES[s->shape].added);
	switch (s->doubt) {
	case DOUBT_SHORT:
		missing = arena_format(mem,
				       "whether %s goes on: %u classes, %+.0f in %s; the window is "
				       "too short to tell, %u s would do",
				       f->name, f->class_count, s->added, weigh_window_text(mem, e),
				       seconds);
		break;
	case DOUBT_SLOWING:
		missing = arena_format(
			mem,
			"whether %s ends: %u classes, %+.0f in %s, slower than before "
			"as in a warm-up; look again for %u s",
			f->name, f->class_count, s->added, weigh_window_text(mem, e), seconds);
		break;
	case DOUBT_BEGAN:
		missing =
			arena_format(mem,
				     "whether %s goes on: nearly all of its %u classes came within "
				     "the window; look again for %u s",
				     f->name, f->class_count, seconds);
		break;
	default:
		missing =
			arena_format(mem,
				     "whether %s grows: %u classes in %u loaders at one moment; a "
				     "window of %u s would do",
				     f->name, f->class_count, f->loader_count, seconds);
	}
	return cannot_tell(out, mem, missing,
			   arena_format(mem, "jledger doctor %d --for %us", e->now->pid, seconds));
}

static enum verdict judge(const struct evidence *e, struct arena *mem, struct finding *out)
{
	const struct family_row *largest = NULL, *churn;
	double loaded = 0, unloaded = 0;
	struct suspect s;

	if (!e->now->families.count)
		return cannot_tell(out, mem,
				   "the classes of each loader, which the VM's memory tells",
				   e->now->tier_gain ? e->now->tier_gain : out->cause->how);
	churn = find_churn(e, &loaded, &unloaded);
	if (churn)
		return judge_churn(e, mem, out, churn, loaded, unloaded);
	s = find_suspect(e);
	if (s.family && (s.verdict == VERDICT_CONFIRMED || s.verdict == VERDICT_LIKELY))
		return accuse(e, mem, &s, out);
	if (s.family && s.verdict == VERDICT_CANNOT_TELL)
		return doubt(e, mem, &s, out);
	for (size_t i = 0; i < e->now->families.count; i++)
		if (!largest || e->now->families.at[i].class_count > largest->class_count)
			largest = &e->now->families.at[i];
	return ruled_out(out, mem,
			 "the largest family of names, %s, has %u classes in %u loaders%s",
			 largest->name, largest->class_count, largest->loader_count,
			 weigh_has_window(e) ? " and does not grow as a fault would" : "");
}

const struct rule rule_class_generation = { .cause = "class-generation", .judge = judge };
