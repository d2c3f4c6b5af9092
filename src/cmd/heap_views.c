// SPDX-License-Identifier: Apache-2.0
// histo, dominators, suspects, path.
#include "cmd/heap_views.h"

#include <stdlib.h>
#include <string.h>

#include "base/fail.h"
#include "base/span.h"
#include "cmd/options.h"
#include "heap/paths.h"
#include "heap/suspects.h"
#include "heap/tree.h"

enum { ROWS = 30 };

struct census_row {
	const struct klass *k;
	uint64_t retained;
};

static int by_bytes(const void *a, const void *b)
{
	const struct census_row *x = a, *y = b;

	if (x->retained != y->retained)
		return x->retained < y->retained ? 1 : -1;
	if (x->k->bytes != y->k->bytes)
		return x->k->bytes < y->k->bytes ? 1 : -1;
	return strcmp(x->k->name, y->k->name);
}

enum histo_column {
	HC_INSTANCES,
	HC_BYTES,
	HC_LIVE,
	HC_LIVE_BYTES,
	HC_RETAINED,
	HC_GAP,
	HC_CLASS,
	HC_LOADER,
	HC_ERROR,
	HC_COUNT
};
static const struct column HISTO[HC_COUNT] = {
	[HC_INSTANCES] = { "instances", "instances", 12, COLUMN_COUNT, "objects of the class" },
	[HC_BYTES] = { "bytes", "bytes", 14, COLUMN_COUNT, "their own size" },
	[HC_LIVE] = { "live_instances", NULL, 0, COLUMN_COUNT, "of them held by a root" },
	[HC_LIVE_BYTES] = { "live_bytes", NULL, 0, COLUMN_BYTES, "of them held by a root" },
	[HC_RETAINED] = { "retained", "retained", 14, COLUMN_COUNT, "what they keep alive" },
	[HC_GAP] = { NULL, "", 2, COLUMN_TEXT, NULL },
	[HC_CLASS] = { "class", "class", 38, COLUMN_NAME, NULL },
	[HC_LOADER] = { "loader", NULL, 0, COLUMN_ADDRESS, NULL },
	[HC_ERROR] = { "error_percent", NULL, 0, COLUMN_COUNT, NULL },
};

bool heap_histo(struct heap_job *j, struct fail *why)
{
	struct dump *d = j->d;
	struct heap_table *t = heap_report_table(j->r, NULL, "classes", NULL, HISTO, HC_COUNT);
	uint64_t *retained = NULL;
	VEC(struct census_row) rows = { 0 };
	size_t shown;

	if (j->g) {
		retained = arena_array(j->mem, uint64_t, d->classes.count + 1);
		if (!tree_class_retained(j->g, retained, why))
			return false;
	}
	for (size_t i = 0; i < d->classes.count; i++)
		if (d->classes.at[i]->instances || (retained && retained[i]))
			vec_push(j->mem, &rows,
				 (struct census_row){ d->classes.at[i],
						      retained ? retained[i] : 0 });
	if (rows.count)
		qsort(rows.at, rows.count, sizeof(*rows.at), by_bytes);
	shown = j->o->json && !j->o->has_top ? rows.count : heap_shown(j, rows.count, ROWS, t);
	for (size_t i = 0; i < shown; i++) {
		const struct klass *k = rows.at[i].k;
		struct cell *c;

		heap_report_row(j->r, t, &c);
		c[HC_INSTANCES] = cell_count(k->instances);
		c[HC_BYTES] = cell_count(k->bytes);
		if (j->g) {
			c[HC_LIVE] = cell_count(j->g->live_instances[k->index]);
			c[HC_LIVE_BYTES] = cell_bytes(j->g->live_size[k->index]);
			c[HC_RETAINED] = cell_count(rows.at[i].retained);
		}
		c[HC_CLASS] = cell_text(k->name);
		c[HC_LOADER] = cell_address(k->body.loader);
		if (d->layout.is_inferred)
			c[HC_ERROR] = cell_count(0);
	}
	return true;
}

enum dominator_column {
	DC_RETAINED,
	DC_SHARE,
	DC_OWN,
	DC_COUNT_OF,
	DC_GAP,
	DC_WHAT,
	DC_OBJECT,
	DC_COUNT
};
static const struct column DOMINATORS[DC_COUNT] = {
	[DC_RETAINED] = { "retained", "retained", 14, COLUMN_COUNT,
			  "bytes that would be free without it" },
	[DC_SHARE] = { "percent", "%", 4, COLUMN_COUNT, "of the live heap" },
	[DC_OWN] = { "bytes", "own", 12, COLUMN_COUNT, "its own bytes" },
	[DC_COUNT_OF] = { "count", "count", 9, COLUMN_COUNT, NULL },
	[DC_GAP] = { NULL, "", 2, COLUMN_TEXT, NULL },
	[DC_WHAT] = { "name", "what", 38, COLUMN_NAME, NULL },
	[DC_OBJECT] = { "object", NULL, 0, COLUMN_ADDRESS, NULL },
};

static uint64_t percent(const struct graph *g, uint64_t bytes)
{
	return g->live_bytes ? (bytes * 100 + g->live_bytes / 2) / g->live_bytes : 0;
}

static void dominator_row(struct heap_job *j, struct heap_table *t, const char *name, uint32_t n,
			  const struct tree_group *of)
{
	struct cell *c;

	heap_report_row(j->r, t, &c);
	c[DC_RETAINED] = cell_count(of->retained);
	c[DC_SHARE] = cell_count(percent(j->g, of->retained));
	c[DC_OWN] = cell_count(of->own);
	c[DC_COUNT_OF] = cell_count(of->count);
	c[DC_WHAT] = cell_text(name);
	if (n)
		c[DC_OBJECT] = cell_address(heap_id(j->g, n));
}

bool heap_dominators(struct heap_job *j, struct fail *why)
{
	static const char *const WORDS[] = { "classes", "packages", "loaders" };
	const char *word = heap_argument(j, 0);
	struct heap_table *t;
	struct tree_groups groups;
	struct tree_top top;
	size_t shown, by = 0;

	if (!word || !strcmp(word, "objects")) {
		t = heap_report_table(j->r, NULL, "dominators", NULL, DOMINATORS, DC_COUNT);
		shown = j->o->has_top ? j->o->top : ROWS;
		tree_largest(j->g, GRAPH_TOP, shown ? shown : j->g->reached, j->mem, &top);
		t->left_out = (size_t)top.all - top.count;
		for (size_t i = 0; i < top.count; i++) {
			struct tree_group one = { .count = 1,
						  .own = graph_size(j->g, top.at[i]),
						  .retained = graph_retained(j->g, top.at[i]) };
			const char *name = path_thread_name(j->g, top.at[i], j->mem);

			dominator_row(j, t,
				      name ? arena_format(j->mem, "%s '%s'",
							  path_object(j->g, top.at[i], j->mem),
							  name)
					   : path_object(j->g, top.at[i], j->mem),
				      top.at[i], &one);
		}
		return true;
	}
	while (by < 3 && strcmp(WORDS[by], word))
		by++;
	if (by == 3)
		return fail(why, FAIL_CORRUPT,
			    "dominators takes objects, classes, packages or loaders, not '%s'",
			    word);
	t = heap_report_table(j->r, NULL, word, NULL, DOMINATORS, DC_COUNT);
	tree_group(j->g, GRAPH_TOP, (enum tree_by)by, j->mem, &groups);
	shown = heap_shown(j, groups.count, ROWS, t);
	for (size_t i = 0; i < shown; i++)
		dominator_row(j, t, *groups.at[i].name ? groups.at[i].name : "<no package>", 0,
			      &groups.at[i]);
	return true;
}

enum step_column {
	PC_INDENT,
	PC_FIELD,
	PC_CLASS,
	PC_GAP,
	PC_RETAINED,
	PC_INSTANCES,
	PC_OBJECT,
	PC_COUNT
};
static const struct column STEPS[PC_COUNT] = {
	[PC_INDENT] = { NULL, "", 2, COLUMN_TEXT, NULL },
	[PC_FIELD] = { "field", "held by", 26, COLUMN_TEXT, "how the step before holds it" },
	[PC_CLASS] = { "class", "object", 38, COLUMN_NAME, NULL },
	[PC_GAP] = { NULL, NULL, 0, COLUMN_TEXT, NULL },
	[PC_RETAINED] = { "retained", "retained", 13, COLUMN_COUNT, NULL },
	[PC_INSTANCES] = { "count", NULL, 0, COLUMN_COUNT, NULL },
	[PC_OBJECT] = { "object", NULL, 0, COLUMN_ADDRESS, NULL },
};

static void add_steps(struct heap_job *j, struct heap_row *under, const char *key,
		      const struct path *p)
{
	struct heap_table *t = heap_report_table(j->r, under, key, NULL, STEPS, PC_COUNT);

	for (size_t i = 0; i < p->count; i++) {
		struct cell *c;

		heap_report_row(j->r, t, &c);
		c[PC_FIELD] = cell_text(i ? path_via(&p->steps[i].via, j->mem) : p->root);
		c[PC_CLASS] = cell_text(p->steps[i].object);
		c[PC_RETAINED] = cell_count(p->steps[i].retained);
		c[PC_OBJECT] = cell_address(heap_id(j->g, p->steps[i].n));
	}
}

enum suspect_column {
	XC_RETAINED,
	XC_SHARE,
	XC_GAP,
	XC_WHAT,
	XC_CLASS,
	XC_SHARE_JSON,
	XC_OBJECT,
	XC_POINT,
	XC_POINT_BYTES,
	XC_POINT_OBJECT,
	XC_WEAK,
	XC_ROOT,
	XC_COUNT
};
static const struct column SUSPECTS[XC_COUNT] = {
	[XC_RETAINED] = { "retained", "retained", 14, COLUMN_COUNT, NULL },
	[XC_SHARE] = { "percent", "%", 4, COLUMN_COUNT, NULL },
	[XC_GAP] = { NULL, "", 2, COLUMN_TEXT, NULL },
	[XC_WHAT] = { "name", "suspect", 59, COLUMN_NAME, NULL },
	[XC_CLASS] = { "class", NULL, 0, COLUMN_TEXT, NULL },
	[XC_OBJECT] = { "object", NULL, 0, COLUMN_ADDRESS, NULL },
	[XC_POINT] = { "accumulates_in_class", NULL, 0, COLUMN_TEXT, NULL },
	[XC_POINT_BYTES] = { "accumulates_in_retained", NULL, 0, COLUMN_BYTES, NULL },
	[XC_POINT_OBJECT] = { "accumulates_in_object", NULL, 0, COLUMN_ADDRESS, NULL },
	[XC_WEAK] = { "only_weakly_held", NULL, 0, COLUMN_FLAG, NULL },
	[XC_ROOT] = { "root", NULL, 0, COLUMN_TEXT, NULL },
};

enum held_column { LC_INDENT, LC_WHAT, LC_BYTES, LC_NUMBER, LC_GAP2, LC_NAME, LC_ALL };
static const struct column HELD[LC_ALL] = {
	[LC_INDENT] = { NULL, "", 2, COLUMN_TEXT, NULL },
	[LC_WHAT] = { NULL, "there lie", 11, COLUMN_TEXT, NULL },
	[LC_BYTES] = { "retained", "retained", 14, COLUMN_COUNT, NULL },
	[LC_NUMBER] = { "count", "count", 10, COLUMN_COUNT, NULL },
	[LC_GAP2] = { NULL, "", 2, COLUMN_TEXT, NULL },
	[LC_NAME] = { "class", "class", 40, COLUMN_NAME, NULL },
};

bool heap_suspects(struct heap_job *j, struct fail *why)
{
	struct suspects s;
	struct heap_table *t = heap_report_table(j->r, NULL, "suspects", NULL, SUSPECTS, XC_COUNT);

	if (!suspects_find(j->g, j->mem, &s, why))
		return false;
	if (!s.count)
		heap_report_note(j->r, "No object and no class keeps a tenth of the live heap.");
	for (size_t i = 0; i < s.count; i++) {
		const struct suspect *x = &s.at[i];
		struct heap_table *held;
		struct heap_row *row;
		struct cell *c;

		row = heap_report_row(j->r, t, &c);
		c[XC_RETAINED] = cell_count(x->retained);
		c[XC_SHARE] = cell_count(percent(j->g, x->retained));
		c[XC_WHAT] = cell_text(x->object);
		c[XC_CLASS] =
			cell_text(x->n && graph_class(j->g, x->n) ? graph_class(j->g, x->n)->name
								  : x->object);
		c[XC_OBJECT] = cell_address(x->n ? heap_id(j->g, x->n) : 0);
		c[XC_POINT] = cell_text(x->point_object);
		c[XC_POINT_BYTES] = cell_bytes(x->point_retained);
		c[XC_POINT_OBJECT] = cell_address(heap_id(j->g, x->point));
		c[XC_WEAK] = cell_flag(x->weak);
		c[XC_ROOT] = cell_text(x->path.root);
		add_steps(j, row, "path", &x->path);
		held = heap_report_table(j->r, row, "held", NULL, HELD, LC_ALL);
		for (size_t h = 0; h < x->held_count; h++) {
			heap_report_row(j->r, held, &c);
			c[LC_BYTES] = cell_count(x->held[h].retained);
			c[LC_NUMBER] = cell_count(x->held[h].count);
			c[LC_NAME] = cell_text(x->held[h].name);
		}
	}
	return true;
}

static bool parse_exclude(const char *text, unsigned *skip, struct fail *why)
{
	static const struct {
		const char *word;
		unsigned bits;
	} WORDS[] = { { "weak", 1u << REFERENCE_WEAK },
		      { "soft", 1u << REFERENCE_SOFT },
		      { "phantom", 1u << REFERENCE_PHANTOM },
		      { "final", 1u << REFERENCE_FINAL },
		      { "all", GRAPH_SKIP_ALL },
		      { "none", 0 } };
	struct span rest = span_of(text ? text : "all"), word;

	*skip = 0;
	while (rest.len) {
		size_t i = 0;

		if (!span_take_until(&rest, ',', &word)) {
			word = rest;
			rest.len = 0;
		}
		while (i < 6 && !span_is(word, WORDS[i].word))
			i++;
		if (i == 6)
			return fail(why, FAIL_CORRUPT,
				    "--exclude takes weak, soft, phantom and final with commas "
				    "between, all, or none");
		*skip |= WORDS[i].bits;
	}
	return true;
}

static bool path_to_object(struct heap_job *j, uint64_t id, unsigned skip, struct fail *why)
{
	uint32_t n = graph_find(j->g, id);
	struct path p;

	if (!n)
		return fail(why, FAIL_ABSENT, "no object has the address %llx",
			    (unsigned long long)id);
	if (!paths_find(j->g, skip, &n, 1, j->mem, &p, why))
		return false;
	if (!p.count)
		heap_report_note(j->r, "No root holds it%s.",
				 skip ? " but by references that --exclude names" : "");
	add_steps(j, NULL, "path", &p);
	return true;
}

static bool path_to_class(struct heap_job *j, const struct klass *k, unsigned skip,
			  struct fail *why)
{
	struct heap_table *t;
	struct path_tree tree;
	size_t limit = j->o->has_top && j->o->top ? j->o->top : 40;

	if (!paths_merge(j->g, skip, k, limit, j->mem, &tree, why))
		return false;
	heap_report_note(j->r,
			 "%llu instances of %s are held by a root%s, %llu are not. Ways of "
			 "less than 1 %% of them are left out.",
			 (unsigned long long)tree.reached, k->name,
			 skip ? " without the references that --exclude names" : "",
			 (unsigned long long)tree.missed);
	t = heap_report_table(j->r, NULL, "path", NULL, STEPS, PC_COUNT);
	for (size_t i = 0; i < tree.count; i++) {
		const struct path_step *s = &tree.steps[i];
		const char *via = tree.roots[i] ? tree.roots[i] : path_via(&s->via, j->mem);
		struct cell *c;

		heap_report_row(j->r, t, &c);
		c[PC_FIELD] =
			cell_text(arena_format(j->mem, "%llu %*s%s", (unsigned long long)s->count,
					       s->depth < 10 ? (int)s->depth : 10, "", via));
		c[PC_CLASS] = cell_text(s->object);
		c[PC_RETAINED] = cell_count(s->retained);
		c[PC_INSTANCES] = cell_count(s->count);
		c[PC_OBJECT] = cell_address(heap_id(j->g, s->n));
	}
	return true;
}

bool heap_path(struct heap_job *j, struct fail *why)
{
	const char *what = heap_argument(j, 0);
	const struct klass *k;
	unsigned skip;

	if (!parse_exclude(j->o->exclude, &skip, why))
		return false;
	if (!strncmp(what, "0x", 2))
		return path_to_object(j, strtoull(what, NULL, 16), skip, why);
	k = dump_class_named(j->d, what);
	if (!k)
		return fail(why, FAIL_ABSENT,
			    "the dump has no class '%s'; an object is given by "
			    "its address (0x...)",
			    what);
	return path_to_class(j, k, skip, why);
}
