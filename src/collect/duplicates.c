// SPDX-License-Identifier: Apache-2.0
#include "collect/duplicates.h"

#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "collect/families.h"
#include "facts/snapshot.h"
#include "jvm/addresses.h"
#include "jvm/classes.h"

struct counted {
	struct duplicate_row row;
	const struct hotspot_class *first;
	uint32_t loader; // the last that had it
	uint32_t in_loader;
	const char *type; // of the loaders, as the VM spells it; NULL: not known, or not one
};

struct counting {
	struct arena mem;
	struct addresses by_symbol; // Symbol* -> index into rows
	VEC(struct counted) rows;
};

static const char *type_of(const struct hotspot_loader *l)
{
	return l->of_boot ? "<boot>" : l->type;
}

static struct counted *counted_of(struct counting *c, const struct hotspot_class *k,
				  const struct hotspot_loader *l)
{
	uint32_t index = 0;

	if (!addresses_find(&c->by_symbol, k->symbol, &index)) {
		index = (uint32_t)c->rows.count;
		addresses_put(&c->by_symbol, k->symbol, index, NULL);
		vec_push(&c->mem, &c->rows,
			 (struct counted){ .first = k, .loader = UINT32_MAX, .type = type_of(l) });
	}
	return &c->rows.at[index];
}

static void count(struct counting *c, const struct hotspot_class *k, uint32_t loader,
		  const struct hotspot_loader *l)
{
	struct counted *r = counted_of(c, k, l);

	if (r->loader != loader) {
		r->loader = loader;
		r->in_loader = 0;
		r->row.loader_count++;
		if (r->type && (!type_of(l) || strcmp(r->type, type_of(l)) != 0))
			r->type = NULL;
	}
	r->row.definitions++;
	if (++r->in_loader > r->row.most_in_one) {
		r->row.most_in_one = r->in_loader;
		r->row.loader = loader; // an index, for now
	}
}

static int by_repetition(const void *left, const void *right)
{
	const struct duplicate_row *a = left, *b = right;
	uint32_t more_a = a->definitions - a->loader_count;
	uint32_t more_b = b->definitions - b->loader_count;

	if (more_a != more_b)
		return more_a > more_b ? -1 : 1;
	if (a->definitions != b->definitions)
		return a->definitions > b->definitions ? -1 : 1;
	return strcmp(a->name, b->name);
}

void duplicates_build(const struct hotspot_classes *classes, struct snapshot *out)
{
	struct counting c = { 0 };

	addresses_init(&c.by_symbol, &c.mem);
	for (size_t i = 0; i < classes->loaders.count; i++) {
		const struct hotspot_loader *l = &classes->loaders.at[i];

		for (size_t k = l->first; !l->hidden && k < l->first + l->count; k++)
			if (classes->classes.at[k].kind == CLASS_INSTANCE)
				count(&c, &classes->classes.at[k], (uint32_t)i, l);
	}
	out->duplicates.count = 0;
	for (size_t i = 0; i < c.rows.count; i++) {
		struct duplicate_row row = c.rows.at[i].row;

		if (row.definitions < 2)
			continue;
		if (c.rows.at[i].type)
			row.loader_type = families_dotted(out->mem, c.rows.at[i].type);
		row.name = families_dotted(out->mem, c.rows.at[i].first->name);
		row.loader = classes->loaders.at[row.loader].at;
		vec_push(out->mem, &out->duplicates, row);
	}
	if (out->duplicates.count)
		qsort(out->duplicates.at, out->duplicates.count, sizeof(*out->duplicates.at),
		      by_repetition);
	arena_drop(&c.mem);
}
