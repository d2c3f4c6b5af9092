// SPDX-License-Identifier: Apache-2.0
#include "diagnose/class_suspect.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "diagnose/weigh.h"

// From `least` classes on, of which `added` came within the window, a family is no longer what a
// healthy program makes.  Only copies have no use at all: a hundred are enough.  Measured for the
// others: some 300 reflective accessors, 640 proxies and 400 method handle forms in healthy servers;
// counted names in one loader may as well be a large application's own that was itself generated,
// 800 pages in one that was measured.
static const struct {
	uint32_t least, added;
} LIMITS[] = {
	[SHAPE_COPIES] = { 100, 10 },    [SHAPE_REDEFINED] = { 500, 50 },
	[SHAPE_LOADERS] = { 500, 20 },   [SHAPE_HIDDEN] = { 1000, 50 },
	[SHAPE_NUMBERED] = { 2000, 50 },
};

enum {
	COPIES_WITHOUT_WINDOW = 500, // copies that accuse by their number alone ...
	COPIES_STANDING = 1000,      // ... and when none came within the window
	SURE_LOADERS =
		2000, // names that differ, each in its own loader: more than plugins or pages
	BEGUN_YOUNG_PERCENT =
		150,         // of `least` came within a window in which the JVM started too ...
	BEGUN_PERCENT = 500, // ... or at once, long after the start
	TIMES_PER_NAME = 20, // so often comes a name of copies, on average
	WHOLE_PROGRAM = 10,  // classes per loader from which on it is an application
	LEAST_CHURN = 100,   // classes that came and went within the window
	FAR_LIMIT = 4,       // times MetaspaceSize: the threshold makes the VM collect, no limit
};

static const double LEAST_MOVED =
	0.05; // of a family that comes and goes, from one moment to another

const struct family_row *class_suspect_family(const struct snapshot *s, const char *name)
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

double class_suspect_added(const struct evidence *e, uint32_t *before)
{
	uint64_t now = 0, first = 0;

	for (size_t i = 0; i < e->now->loaders.count; i++)
		now += e->now->loaders.at[i].class_count;
	for (size_t i = 0; i < e->first->loaders.count; i++)
		first += e->first->loaders.at[i].class_count;
	*before = (uint32_t)first;
	return first ? (double)now - (double)first : 0;
}

double class_suspect_per_loader(const struct snapshot *s, const struct family_row *f)
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

enum class_shape class_suspect_shape(const struct family_row *f)
{
	uint32_t names = f->distinct_names ? f->distinct_names : 1;

	if ((uint64_t)f->hidden_count * 2 >= f->class_count)
		return SHAPE_HIDDEN;
	if (f->class_count / names >= TIMES_PER_NAME)
		return f->loader_count >= f->class_count / WHOLE_PROGRAM ? SHAPE_COPIES
									 : SHAPE_REDEFINED;
	return (uint64_t)f->loader_count * 2 >= f->class_count ? SHAPE_LOADERS : SHAPE_NUMBERED;
}

bool class_suspect_in_own_loaders(enum class_shape shape)
{
	return shape == SHAPE_COPIES || shape == SHAPE_LOADERS;
}

uint32_t class_suspect_wanted(const struct class_suspect *s)
{
	uint32_t least = LIMITS[s->shape].least, added = LIMITS[s->shape].added;

	if (s->doubt == DOUBT_FEW && least > s->family->class_count + added)
		return least - s->family->class_count;
	return added;
}

const char *class_suspect_cause(const struct family_row *f)
{
	// Parts of names that are the generator's own and no program's.
	static const struct {
		const char *part, *cause;
	} GENERATORS[] = {
		{ "$$Lambda", "class-generation-lambda" },
		{ "java.lang.invoke.LambdaForm$", "class-generation-lambda" },
		{ "java.lang.invoke.BoundMethodHandle$", "class-generation-lambda" },
		{ ".GeneratedMethodAccessor", "reflection-inflation" },
		{ ".GeneratedConstructorAccessor", "reflection-inflation" },
		{ ".GeneratedSerializationConstructorAccessor", "reflection-inflation" },
		{ ".$Proxy", "class-generation-proxy" },
		{ "$$EnhancerByCGLIB$$", "class-generation-cglib" },
		{ "$$EnhancerBySpringCGLIB$$", "class-generation-cglib" },
		{ "$$SpringCGLIB$$", "class-generation-cglib" },
		{ "$$FastClassByCGLIB$$", "class-generation-cglib" },
		{ "$ByteBuddy$", "class-generation-bytebuddy" },
		{ "_$$_jvst", "class-generation-bytebuddy" },
		{ "org.mozilla.javascript.gen.", "class-generation-script" },
		{ "jdk.nashorn.internal.scripts.Script$", "class-generation-js" },
		{ "org.openjdk.nashorn.internal.scripts.Script$", "class-generation-js" },
	};

	for (size_t i = 0; i < sizeof(GENERATORS) / sizeof(GENERATORS[0]); i++)
		if (strstr(f->name, GENERATORS[i].part))
			return GENERATORS[i].cause;
	if (f->loader_type && strstr(f->loader_type, "groovy.lang.GroovyClassLoader"))
		return "class-generation-script";
	switch (class_suspect_shape(f)) {
	case SHAPE_HIDDEN:
		return "class-generation-hidden";
	case SHAPE_REDEFINED:
		return "class-duplicate-definition";
	default:
		return "class-generation";
	}
}

// Loaders that each hold a whole program: redeployment, which loader-leak judges.
static bool is_program(const struct snapshot *s, const struct family_row *f)
{
	return class_suspect_shape(f) != SHAPE_HIDDEN &&
	       (uint64_t)f->max_per_loader * 2 < f->class_count &&
	       class_suspect_per_loader(s, f) > WHOLE_PROGRAM;
}

// Classes that a collection can take one by one; many in one loader live as long as it does.
static bool may_come_and_go(const struct family_row *f)
{
	return (uint64_t)f->loader_count * 2 >= f->class_count;
}

// Of the family's loaders; of all loaders of single hidden classes when it is NULL.  `*used`: what
// they use, never 0; a chunk of a small loader is touched beyond that.
static uint64_t resident_of_loaders(const struct snapshot *s, const struct ledger *l,
				    const struct family_row *f, uint64_t *used)
{
	struct arena scratch = { 0 };
	bool *wanted = arena_array(&scratch, bool, s->loaders.count + 1);
	uint64_t resident;
	uint32_t known = 0;

	*used = 1;
	for (size_t i = 0; i < s->loaders.count; i++) {
		wanted[i] = f ? is_loader_of(&s->loaders.at[i], f) : s->loaders.at[i].hidden;
		*used += wanted[i] ? s->loaders.at[i].used : 0;
		known += wanted[i];
	}
	resident = weigh_rows(l, CLAIM_OF_LOADER, wanted, s->loaders.count);
	arena_drop(&scratch);
	// While a collection moves the loaders' objects, the class of some is not known.
	if (f && known && known < f->loader_count)
		resident = (uint64_t)((double)resident * f->loader_count / known);
	return resident;
}

uint64_t class_suspect_bytes(const struct snapshot *s, const struct ledger *l,
			     const struct family_row *f)
{
	uint64_t used =
		snapshot_get(s, F_METASPACE_USED, 0) + snapshot_get(s, F_CLASS_SPACE_USED, 0);
	uint64_t resident, loaders_used, bytes = 0;

	if (!l)
		return f->bytes;
	if (class_suspect_in_own_loaders(class_suspect_shape(f)))
		bytes = resident_of_loaders(s, l, f, &loaders_used);
	else if (class_suspect_shape(f) == SHAPE_HIDDEN && may_come_and_go(f) &&
		 (resident = resident_of_loaders(s, l, NULL, &loaders_used)) > loaders_used)
		bytes = (uint64_t)((double)f->bytes * (double)resident / (double)loaders_used);
	if (bytes)
		return bytes;
	resident = ledger_row(l, "metaspace")->resident + ledger_row(l, "class-space")->resident;
	if (used && resident < used)
		return (uint64_t)((double)f->bytes * (double)resident / (double)used);
	return f->bytes;
}

// ---- growth -------------------------------------------------------------------------------------

static void doubt(struct class_suspect *s, enum class_doubt why)
{
	s->verdict = VERDICT_CANNOT_TELL;
	s->doubt = why;
}

// So many accuse although hardly any were there at the window's start, so that no pace is known.
static uint32_t begun_limit(const struct evidence *e, const struct class_suspect *s)
{
	bool young = weigh_uptime(e) < e->window_s && s->shape != SHAPE_COPIES;

	return LIMITS[s->shape].least * (young ? BEGUN_YOUNG_PERCENT : BEGUN_PERCENT) / 100;
}

static bool is_sure(const struct class_suspect *s)
{
	if (s->shape == SHAPE_LOADERS)
		return s->family->class_count >= SURE_LOADERS;
	return s->shape != SHAPE_REDEFINED;
}

static void weigh_window(const struct evidence *e, struct class_suspect *s)
{
	bool copies = s->shape == SHAPE_COPIES;
	bool many_copies = copies && s->family->class_count >= COPIES_STANDING;
	bool enough = s->added >= LIMITS[s->shape].added;

	if (s->family->class_count < LIMITS[s->shape].least) {
		if (enough)
			doubt(s, DOUBT_FEW);
	} else if (!enough) {
		if (many_copies)
			s->verdict = VERDICT_LIKELY;
		else if (s->added > 0)
			doubt(s, DOUBT_SHORT);
	} else if (many_copies) {
		s->verdict = VERDICT_CONFIRMED;
	} else if (s->before < s->added / 10) {
		if (s->family->class_count >= begun_limit(e, s))
			s->verdict = VERDICT_LIKELY;
		else
			doubt(s, DOUBT_BEGAN);
	} else if (weigh_pace(e, s->before, s->added) == PACE_SLOWING) {
		doubt(s, DOUBT_SLOWING);
	} else if (weigh_pace(e, s->before, s->added) == PACE_UNKNOWN) {
		doubt(s, DOUBT_STARTED);
	} else {
		s->verdict = is_sure(s) ? VERDICT_CONFIRMED : VERDICT_LIKELY;
	}
}

static void weigh_moment(struct class_suspect *s)
{
	if (s->family->class_count < LIMITS[s->shape].least)
		return;
	if (s->shape == SHAPE_COPIES && s->family->class_count >= COPIES_WITHOUT_WINDOW)
		s->verdict = VERDICT_LIKELY;
	else
		doubt(s, DOUBT_NO_WINDOW);
}

static struct class_suspect weigh_family(const struct evidence *e, const struct family_row *f,
					 bool churning)
{
	struct class_suspect s = {
		.family = f,
		.shape = class_suspect_shape(f),
		.verdict = VERDICT_RULED_OUT,
	};
	const struct family_row *before;

	// What comes and goes may be short-lived; but not where a thousand copies stand all the same, as
	// when concurrent cycles take what is old and leave what is young.
	churning = churning && may_come_and_go(f) &&
		   !(s.shape == SHAPE_COPIES && f->class_count >= COPIES_STANDING);
	if (is_program(e->now, f) || churning)
		return s;
	before = e->first == e->now ? f : class_suspect_family(e->first, f->name);
	s.before = before ? before->class_count : 0;
	s.added = (double)f->class_count - s.before;
	if (weigh_has_window(e))
		weigh_window(e, &s);
	else
		weigh_moment(&s);
	if (s.verdict == VERDICT_RULED_OUT)
		return s;
	s.bytes = class_suspect_bytes(e->now, e->ledger, f);
	s.grown = (double)s.bytes;
	if (before)
		s.grown -= (double)class_suspect_bytes(e->first, e->first_ledger, before);
	return s;
}

static bool is_worse(const struct class_suspect *a, const struct class_suspect *b)
{
	static const int RANK[] = {
		[VERDICT_CONFIRMED] = 3,
		[VERDICT_LIKELY] = 2,
		[VERDICT_CANNOT_TELL] = 1,
		[VERDICT_RULED_OUT] = 0,
	};
	double left = a->grown + (double)a->bytes, right = b->grown + (double)b->bytes;

	if (!b->family)
		return true;
	if (RANK[a->verdict] != RANK[b->verdict])
		return RANK[a->verdict] > RANK[b->verdict];
	if (left != right)
		return left > right;
	return a->family->class_count > b->family->class_count;
}

struct class_suspect class_suspect_find(const struct evidence *e)
{
	struct class_suspect worst = { .verdict = VERDICT_RULED_OUT };
	bool churning = class_suspect_churn(e).family != NULL;

	for (size_t i = 0; i < e->now->families.count; i++) {
		const struct family_row *f = &e->now->families.at[i];
		struct class_suspect s;

		if (f->class_count < LIMITS[SHAPE_COPIES].added)
			continue;
		s = weigh_family(e, f, churning);
		if (s.verdict != VERDICT_RULED_OUT && is_worse(&s, &worst))
			worst = s;
	}
	return worst;
}

// ---- what is no suspect, and why ----------------------------------------------------------------

// What stands at both moments in the same number did not come and go: the lambda forms of a start, say.
static bool went_up_or_down(const struct evidence *e, const struct family_row *f)
{
	const struct family_row *before = class_suspect_family(e->first, f->name);
	const struct family_row *now = class_suspect_family(e->now, f->name);
	double was = before ? before->class_count : 0, is = now ? now->class_count : 0;

	return fabs(is - was) >= LEAST_MOVED * fmax(is, was);
}

struct class_churn class_suspect_churn(const struct evidence *e)
{
	const struct snapshot *moments[] = { e->now, e->first };
	struct class_churn c = { 0 };

	if (!weigh_has_window(e) || !weigh_fact(e, F_CLASSES_LOADED, &c.loaded) ||
	    !weigh_fact(e, F_CLASSES_UNLOADED, &c.unloaded))
		return c;
	if (c.loaded < LEAST_CHURN || c.unloaded < c.loaded / 2)
		return c;
	for (int m = 0; m < 2; m++)
		for (size_t i = 0; i < moments[m]->families.count; i++) {
			const struct family_row *f = &moments[m]->families.at[i];

			if (f->class_count >= TIMES_PER_NAME && may_come_and_go(f) &&
			    !is_program(moments[m], f) && went_up_or_down(e, f) &&
			    (!c.family || f->class_count > c.family->class_count))
				c.family = f;
		}
	return c;
}

uint64_t class_suspect_limit(const struct snapshot *s)
{
	const struct flag_row *flag = snapshot_find_flag(s, "MetaspaceSize");
	uint64_t max = snapshot_get(s, F_METASPACE_MAX, 0);

	return flag && max > FAR_LIMIT * flag->number ? 0 : max;
}

const struct family_row *class_suspect_program(const struct evidence *e)
{
	const struct family_row *most = NULL;

	for (size_t i = 0; weigh_has_window(e) && i < e->now->families.count; i++) {
		const struct family_row *f = &e->now->families.at[i];
		const struct family_row *before;

		if ((most && f->class_count <= most->class_count) || !is_program(e->now, f))
			continue;
		before = class_suspect_family(e->first, f->name);
		if (f->loader_count > (before ? before->loader_count : 0))
			most = f;
	}
	return most;
}

static int by_type(const void *left, const void *right)
{
	const struct family_row *a = left, *b = right;

	return strcmp(a->name, b->name);
}

void class_suspect_by_loaders(const struct snapshot *s, struct arena *mem, struct snapshot *out)
{
	struct family_row *rows = arena_array(mem, struct family_row, s->loaders.count + 1);
	size_t count = 0, kept = 0;

	for (size_t i = 0; i < s->loaders.count; i++) {
		const struct loader_row *l = &s->loaders.at[i];

		if (l->type && !l->hidden && l->class_count)
			rows[count++] = (struct family_row){ .name = l->type,
							     .loader_type = l->type,
							     .class_count = l->class_count,
							     .loader_count = 1,
							     .max_per_loader = l->class_count,
							     .bytes = l->used };
	}
	qsort(rows, count, sizeof(*rows), by_type);
	for (size_t i = 0; i < count; i++) {
		struct family_row *last = kept ? &rows[kept - 1] : NULL;

		if (!last || strcmp(last->name, rows[i].name) != 0) {
			rows[kept++] = rows[i];
			continue;
		}
		last->class_count += rows[i].class_count;
		last->loader_count++;
		last->bytes += rows[i].bytes;
		if (rows[i].max_per_loader > last->max_per_loader)
			last->max_per_loader = rows[i].max_per_loader;
	}
	*out = *s;
	out->families.at = rows;
	out->families.count = out->families.room = 0;
	for (size_t i = 0; i < kept; i++) {
		rows[i].distinct_names = rows[i].class_count;
		if (class_suspect_shape(&rows[i]) == SHAPE_LOADERS)
			rows[out->families.count++] = rows[i];
	}
	out->families.room = out->families.count;
}
