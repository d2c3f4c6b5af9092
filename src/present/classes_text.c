// SPDX-License-Identifier: Apache-2.0
#include "present/classes.h"

#include <inttypes.h>
#include <string.h>

#include "base/arena.h"
#include "base/units.h"
#include "facts/classgrowth.h"
#include "ledger/loaders.h"
#include "present/drill.h"
#include "present/report.h"
#include "present/table.h"
#include "present/target_text.h"
#include "present/words.h"

enum { WIDTH = 79, SHOWN = 15, TYPES_SHOWN = 10 };

struct printer {
	const struct classes_report *c;
	const struct report *r;
	const struct snapshot *s;
	struct arena mem;
	FILE *to;
};

static size_t limit_of(const struct printer *p, size_t count)
{
	size_t limit = p->r->all_rows ? count : p->r->top ? p->r->top : SHOWN;

	return limit < count ? limit : count;
}

static void say_more(const struct printer *p, size_t count, const char *what)
{
	size_t shown = limit_of(p, count);

	if (shown < count)
		fprintf(p->to, "%zu more %s: --top 0\n", count - shown, what);
}

// KB: most loaders have less than a tenth of a MB.
static struct cell kb(uint64_t bytes, bool known)
{
	return known ? cell_count((bytes + KIB(1) - 1) / KIB(1)) : (struct cell){ 0 };
}

enum { LO_AT, LO_CLASSES, LO_USED, LO_CLASS, LO_COMMITTED, LO_WASTED, LO_GAP, LO_STATE, LO_COUNT };

static const struct column LOADERS[LO_COUNT] = {
	[LO_AT] = { NULL, "loader", 14, COLUMN_ADDRESS, "" },
	[LO_CLASSES] = { NULL, "classes", 9, COLUMN_COUNT, "" },
	[LO_USED] = { NULL, "used KB", 9, COLUMN_COUNT, "" },
	[LO_CLASS] = { NULL, "class sp.", 11, COLUMN_COUNT, "" },
	[LO_COMMITTED] = { NULL, "committed", 11, COLUMN_COUNT, "" },
	[LO_WASTED] = { NULL, "wasted", 8, COLUMN_COUNT, "" },
	[LO_GAP] = { NULL, "", 2, COLUMN_TEXT, "" },
	[LO_STATE] = { NULL, "state", 15, COLUMN_TEXT, "" },
};

static const struct loader_row *loader_at(const struct snapshot *s, uint64_t at)
{
	for (size_t i = 0; at && i < s->loaders.count; i++)
		if (s->loaders.at[i].at == at)
			return &s->loaders.at[i];
	return NULL;
}

static const char *type_of(const struct loader_row *l)
{
	return l->type ? l->type : "(not known)";
}

// "  shop.Loader "orders" below jdk.internal.loader.ClassLoaders$AppClassLoader"
static void print_who(struct printer *p, const struct loader_row *l)
{
	const struct loader_row *parent = loader_at(p->s, l->parent_at);
	const char *text = type_of(l);

	if (l->name)
		text = arena_format(&p->mem, "%s \"%s\"", text, l->name);
	if (parent)
		text = arena_format(&p->mem, "%s, child of %s", text, type_of(parent));
	fputs("  ", p->to);
	words_wrap(words_clean(text, 0, &p->mem), 2, 4, WIDTH, p->to);
}

static bool is_known(const struct printer *p)
{
	return !ledger_row(p->r->ledger, "metaspace")->unknown;
}

// VM.classloader_stats, which tier C has, knows of no class space and no waste.
static bool has_parts(const struct printer *p)
{
	const struct fact *used = &p->s->fact[F_METASPACE_USED];

	return is_known(p) && used->known && !strcmp(used->from.collector, "metaspace");
}

enum { TY_LOADERS, TY_CLASSES, TY_USED, TY_COMMITTED, TY_GAP, TY_TYPE, TY_COUNT };

static const struct column TYPES[TY_COUNT] = {
	[TY_LOADERS] = { NULL, "loaders", 9, COLUMN_COUNT, "" },
	[TY_CLASSES] = { NULL, "classes", 9, COLUMN_COUNT, "" },
	[TY_USED] = { NULL, "used KB", 10, COLUMN_COUNT, "" },
	[TY_COMMITTED] = { NULL, "committed", 11, COLUMN_COUNT, "" },
	[TY_GAP] = { NULL, "", 2, COLUMN_TEXT, "" },
	[TY_TYPE] = { NULL, "type", 38, COLUMN_NAME, "" },
};

// Thousands of loaders of one class are one line.
static void print_types(struct printer *p)
{
	struct table t = { TYPES, TY_COUNT, p->to, p->r->colour, NULL, 0 };
	struct loader_groups groups;
	bool known = is_known(p);
	uint64_t *sizes;
	size_t *order;

	loaders_group(p->r->ledger, &p->mem, &groups);
	sizes = arena_array(&p->mem, uint64_t, groups.count + 1);
	order = arena_array(&p->mem, size_t, groups.count + 1);
	for (size_t i = 0; i < groups.count; i++)
		sizes[i] = known ? groups.at[i].used : groups.at[i].classes;
	drill_order(sizes, groups.count, &p->mem, order);
	table_print_head(&t);
	for (size_t i = 0; i < groups.count && i < TYPES_SHOWN; i++) {
		const struct loader_group *g = &groups.at[order[i]];
		const char *type = g->type ? g->type : "(not known)";
		const struct cell row[TY_COUNT] = {
			[TY_LOADERS] = cell_count(g->loaders),
			[TY_CLASSES] = cell_count(g->classes),
			[TY_USED] = kb(g->used, known),
			[TY_COMMITTED] = kb(g->committed, known),
			[TY_TYPE] = cell_text(
				g->hidden ? arena_format(&p->mem, "%s, hidden classes", type)
					  : type),
		};

		table_print_row(&t, row);
	}
	if (groups.count > TYPES_SHOWN)
		fprintf(p->to, "%zu more types\n", groups.count - TYPES_SHOWN);
	fputc('\n', p->to);
}

static void print_loaders(struct printer *p)
{
	size_t count = p->s->loaders.count;
	size_t *order = arena_array(&p->mem, size_t, count + 1);
	uint64_t *sizes = arena_array(&p->mem, uint64_t, count + 1);
	struct table t = { LOADERS, LO_COUNT, p->to, p->r->colour, NULL, 0 };
	bool known = is_known(p), parts = has_parts(p);

	for (size_t i = 0; i < count; i++)
		sizes[i] = known ? p->s->loaders.at[i].used : p->s->loaders.at[i].class_count;
	drill_order(sizes, count, &p->mem, order);
	if (limit_of(p, count) < count)
		print_types(p);
	table_print_head(&t);
	for (size_t i = 0; i < limit_of(p, count); i++) {
		const struct loader_row *l = &p->s->loaders.at[order[i]];
		const struct cell row[LO_COUNT] = {
			[LO_AT] = cell_address(l->at),
			[LO_CLASSES] = cell_count(l->class_count),
			[LO_USED] = kb(l->used, known),
			[LO_CLASS] = kb(l->class_used, parts),
			[LO_COMMITTED] = kb(l->committed, known),
			[LO_WASTED] = kb(l->wasted, parts),
			[LO_STATE] = cell_text(l->unloading ? "unloading"
					       : l->hidden  ? "alive, hidden"
							    : "alive"),
		};

		table_print_row(&t, row);
		print_who(p, l);
	}
	say_more(p, count, "loaders");
}

enum { FA_CLASSES, FA_LOADERS, FA_BYTES, FA_PER_S, FA_PER_MB, FA_GAP, FA_GENERATOR, FA_COUNT };

static const struct column FAMILIES[FA_COUNT] = {
	[FA_CLASSES] = { NULL, "classes", 9, COLUMN_COUNT, "" },
	[FA_LOADERS] = { NULL, "loaders", 9, COLUMN_COUNT, "" },
	[FA_BYTES] = { NULL, "KB", 10, COLUMN_COUNT, "" },
	[FA_PER_S] = { NULL, "   per s", 10, COLUMN_TEXT, "" },
	[FA_PER_MB] = { NULL, "  per MB", 10, COLUMN_TEXT, "" },
	[FA_GAP] = { NULL, "", 2, COLUMN_TEXT, "" },
	[FA_GENERATOR] = { NULL, "generator", 22, COLUMN_TEXT, "" },
};

// Only what was numbered was generated; of that a generator is known or not.
static const char *generator_of(const struct family_row *f)
{
	return f->generator ? f->generator : strchr(f->name, '#') ? "unknown" : NULL;
}

static struct cell rate(struct printer *p, const double *values, size_t i)
{
	return cell_text(values ? arena_format(&p->mem, "%+8.1f", values[i]) : NULL);
}

static void print_family(struct printer *p, const struct table *t, size_t i)
{
	const struct family_row *f = &p->s->families.at[i];
	const struct classgrowth *g = p->c->growth;
	const struct cell row[FA_COUNT] = {
		[FA_CLASSES] = cell_count(f->class_count),
		[FA_LOADERS] = cell_count(f->loader_count),
		[FA_BYTES] = kb(f->bytes, p->s->fact[F_METASPACE_USED].known),
		[FA_PER_S] = rate(p, g->per_s, i),
		[FA_PER_MB] = rate(p, g->per_mb, i),
		[FA_GENERATOR] = cell_text(generator_of(f)),
	};
	const char *text = f->name;

	table_print_row(t, row);
	if (f->loader_type && strcmp(f->loader_type, "<boot>") != 0)
		text = arena_format(&p->mem, "%s, in %s", text, f->loader_type);
	if (f->source)
		text = arena_format(&p->mem, "%s, from the %s", text, f->source);
	fputs("  ", p->to);
	words_wrap(words_clean(text, 0, &p->mem), 2, 4, WIDTH, p->to);
}

static void print_families(struct printer *p)
{
	const struct classgrowth *g = p->c->growth;
	size_t count = p->s->families.count;
	size_t *order = arena_array(&p->mem, size_t, count + 1);
	uint64_t *sizes = arena_array(&p->mem, uint64_t, count + 1);
	struct table t = { FAMILIES, FA_COUNT, p->to, p->r->colour, NULL, 0 };

	if (!p->s->families_known) {
		fputs("Families can't be told: they take the names of the classes.\n", p->to);
		return;
	}
	if (!g->per_s)
		t.hidden |= UINT64_C(1) << FA_PER_S;
	if (!g->per_mb)
		t.hidden |= UINT64_C(1) << FA_PER_MB;
	for (size_t i = 0; i < count; i++)
		sizes[i] = g->per_s ? (uint64_t)(g->per_s[i] > 0 ? g->per_s[i] * 1e6 : 0)
				    : p->s->families.at[i].class_count;
	drill_order(sizes, count, &p->mem, order);
	table_print_head(&t);
	for (size_t i = 0; i < limit_of(p, count); i++)
		print_family(p, &t, order[i]);
	say_more(p, count, "families");
	if (g->known && !g->per_mb) {
		fputs("Not known for each MB allocated: ", p->to);
		words_wrap(g->why, 33, 2, WIDTH, p->to);
	}
}

enum { DU_DEFINITIONS, DU_LOADERS, DU_MOST, DU_GAP, DU_NAME, DU_COUNT };

static const struct column DUPLICATES[DU_COUNT] = {
	[DU_DEFINITIONS] = { NULL, "classes", 9, COLUMN_COUNT, "" },
	[DU_LOADERS] = { NULL, "loaders", 9, COLUMN_COUNT, "" },
	[DU_MOST] = { NULL, "most in one", 13, COLUMN_COUNT, "" },
	[DU_GAP] = { NULL, "", 2, COLUMN_TEXT, "" },
	[DU_NAME] = { NULL, "name", 46, COLUMN_NAME, "" },
};

static void print_definitions(struct printer *p)
{
	const struct definitions *d = p->c->definitions;
	const char *text;

	if (!d->known) {
		fputs("The VM's count of definitions is not known (no jvmstat counters).\n", p->to);
		return;
	}
	text = arena_format(&p->mem,
			    "The VM counts %" PRIu64 " classes, %" PRIu64 " are there: %" PRIu64
			    " definitions left no class%s.",
			    d->counted, d->found, d->lost,
			    d->lost ? " (they failed, or were older versions; since JDK 9 a "
				      "collection frees such classes, and their names with them)"
				    : "");
	words_wrap(text, 0, 2, WIDTH, p->to);
}

static void print_duplicates(struct printer *p)
{
	size_t count = p->s->duplicates.count;
	struct table t = { DUPLICATES, DU_COUNT, p->to, p->r->colour, NULL, 0 };

	if (!p->s->duplicates_known) {
		fputs("Duplicates can't be told: they take the names of the classes.\n", p->to);
		return;
	}
	if (!count)
		fputs("No name stands more than once.\n", p->to);
	else
		table_print_head(&t);
	for (size_t i = 0; i < limit_of(p, count); i++) {
		const struct duplicate_row *d = &p->s->duplicates.at[i];
		const struct cell row[DU_COUNT] = {
			[DU_DEFINITIONS] = cell_count(d->definitions),
			[DU_LOADERS] = cell_count(d->loader_count),
			[DU_MOST] = cell_count(d->most_in_one),
			[DU_NAME] = cell_text(d->name),
		};

		table_print_row(&t, row);
	}
	say_more(p, count, "names");
	print_definitions(p);
}

static void print_condition(struct printer *p, enum holder_of of, const char *what,
			    const char *unknown)
{
	const struct lifeline *l = &p->s->lifeline;
	bool any = false;

	fprintf(p->to, "%d. %s\n", (int)of + 1, what);
	for (size_t i = 0; i < l->holders.count; i++) {
		const struct holder_row *h = &l->holders.at[i];
		const char *text = h->kind;

		if (h->of != of)
			continue;
		any = true;
		if (h->name)
			text = arena_format(&p->mem, "%s %s", text, h->name);
		if (h->count > 1)
			text = arena_format(&p->mem, "%s, %" PRIu64 " times", text, h->count);
		fputs("   held by ", p->to);
		words_wrap(words_clean(text, 0, &p->mem), 11, 5, WIDTH, p->to);
	}
	if (!any) {
		fputs("   nothing found without the heap; ", p->to);
		words_wrap(unknown, 35, 5, WIDTH, p->to);
	}
}

static void print_lifeline(struct printer *p)
{
	const struct lifeline *l = &p->s->lifeline;

	fprintf(p->to, "Loader %" PRIx64 ", ", l->loader);
	words_wrap(words_clean(l->type, 0, &p->mem), 22, 2, WIDTH, p->to);
	fputs("is unloaded when none of these is reachable any more:\n", p->to);
	print_condition(p, HOLDER_OF_INSTANCE, "Instances of its classes",
			"statics, stacks and other objects need the live heap");
	print_condition(p, HOLDER_OF_LOADER, "The loader object",
			"fields of other objects need the live heap");
	print_condition(p, HOLDER_OF_CLASS, "The Class objects of its classes",
			"fields of other objects need the live heap");
	if (l->threads_missing) {
		fputs("Not known of threads: ", p->to);
		words_wrap(l->threads_missing, 22, 2, WIDTH, p->to);
	}
	if (l->jni_missing) {
		fputs("Not known of JNI references: ", p->to);
		words_wrap(l->jni_missing, 29, 2, WIDTH, p->to);
	}
}

static void print_sums(struct printer *p)
{
	const struct snapshot *s = p->s;
	char used[16], committed[16];

	fprintf(p->to, "%" PRIu64 " classes in %" PRIu64 " loaders", snapshot_get(s, F_CLASSES, 0),
		snapshot_get(s, F_LOADERS, s->loaders.count));
	if (s->fact[F_METASPACE_USED].known && is_known(p))
		fprintf(p->to, ", Metaspace %s used of %s committed",
			units_print_size(s->fact[F_METASPACE_USED].value +
						 snapshot_get(s, F_CLASS_SPACE_USED, 0),
					 used),
			units_print_size(s->fact[F_METASPACE_COMMITTED].value +
						 snapshot_get(s, F_CLASS_SPACE_COMMITTED, 0),
					 committed));
	fputs("\n\n", p->to);
}

void classes_print_text(const struct classes_report *c, FILE *to)
{
	struct printer p = { .c = c, .r = c->of, .s = c->of->now, .to = to };

	target_text_head(c->of, to);
	print_sums(&p);
	if (c->views & CLASSES_VIEW_LOADERS)
		print_loaders(&p);
	if (c->views & CLASSES_VIEW_METASPACE)
		classes_metaspace_text(c, to);
	if (c->views & CLASSES_VIEW_STATS)
		classes_stats_text(c, to);
	if (c->growth)
		print_families(&p);
	if (c->definitions)
		print_duplicates(&p);
	if (c->views & CLASSES_VIEW_WHY_ALIVE)
		print_lifeline(&p);
	target_text_missing(c->of, to);
	arena_drop(&p.mem);
}
