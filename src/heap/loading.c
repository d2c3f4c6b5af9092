// SPDX-License-Identifier: Apache-2.0
#include "heap/loading.h"

#include <stdlib.h>
#include <string.h>

static int by_retained(const void *a, const void *b)
{
	const struct loading_row *x = a, *y = b;

	if (x->retained != y->retained)
		return x->retained < y->retained ? 1 : -1;
	return x->loader < y->loader ? -1 : x->loader > y->loader;
}

static int by_name(const void *a, const void *b)
{
	const struct klass *const *x = a, *const *y = b;
	int order = strcmp((*x)->name, (*y)->name);

	if (order)
		return order;
	return (*x)->body.loader < (*y)->body.loader ? -1 : (*x)->body.loader > (*y)->body.loader;
}

static int by_definitions(const void *a, const void *b)
{
	const struct loading_duplicate *x = a, *y = b;

	if (x->definitions != y->definitions)
		return x->definitions < y->definitions ? 1 : -1;
	return strcmp(x->name, y->name);
}

static void find_duplicates(const struct graph *g, struct arena *mem, struct loadings *out)
{
	size_t count = 0;
	const struct klass **named = arena_get_array(mem, g->d->classes.count + 1, sizeof(*named));
	VEC(struct loading_duplicate) found = { 0 };

	for (size_t i = 0; i < g->d->classes.count; i++)
		if (g->d->classes.at[i]->is_known && !g->d->classes.at[i]->is_array)
			named[count++] = g->d->classes.at[i];
	if (count)
		qsort(named, count, sizeof(*named), by_name);
	for (size_t i = 0; i < count;) {
		struct loading_duplicate d = { .name = named[i]->name };

		for (; i < count && !strcmp(named[i]->name, d.name); i++) {
			d.loaders += !d.definitions ||
				     named[i]->body.loader != named[i - 1]->body.loader;
			d.definitions++;
		}
		if (d.definitions > 1)
			vec_push(mem, &found, d);
	}
	if (found.count)
		qsort(found.at, found.count, sizeof(*found.at), by_definitions);
	out->duplicates = found.at;
	out->duplicate_count = found.count;
}

bool loadings_find(const struct graph *g, struct arena *mem, struct loadings *out, struct fail *why)
{
	struct addresses at;
	VEC(struct loading_row) rows = { 0 };
	VEC(uint32_t) targets = { 0 };
	struct path *paths;
	size_t next = 0;

	addresses_init(&at, mem);
	for (size_t i = 0; i < g->d->classes.count; i++) {
		const struct klass *k = g->d->classes.at[i];
		struct loading_row *row;
		uint32_t r;

		if (!k->is_known)
			continue;
		if (!addresses_find(&at, k->body.loader + 1, &r)) {
			struct loading_row made = { .loader = k->body.loader, .type = "<boot>" };
			uint32_t text;

			made.n = graph_find(g, made.loader);
			if (made.loader)
				made.type = made.n && graph_class(g, made.n)
						    ? graph_class(g, made.n)->name
						    : "<not in the dump>";
			if (made.n && graph_field_object(g, made.n, "name", &text))
				made.name = graph_text(g, text, 80, mem);
			made.retained = made.n ? graph_retained(g, made.n) : 0;
			r = (uint32_t)rows.count;
			addresses_put(&at, k->body.loader + 1, r, NULL);
			vec_push(mem, &rows, made);
			if (made.n)
				vec_push(mem, &targets, made.n);
		}
		row = &rows.at[r];
		row->classes++;
		row->instances += g->live_instances[k->index];
		row->bytes += g->live_size[k->index];
	}
	paths = arena_array(mem, struct path, targets.count + 1);
	if (!paths_find(g, GRAPH_SKIP_ALL, targets.at, targets.count, mem, paths, why))
		return false;
	for (size_t i = 0; i < rows.count; i++)
		if (rows.at[i].n)
			rows.at[i].path = paths[next++];
	find_duplicates(g, mem, out);
	if (rows.count)
		qsort(rows.at, rows.count, sizeof(*rows.at), by_retained);
	out->at = rows.at;
	out->count = rows.count;
	return true;
}
