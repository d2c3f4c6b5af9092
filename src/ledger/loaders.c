// SPDX-License-Identifier: Apache-2.0
#include "ledger/loaders.h"

#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "ledger/ledger.h"

static int by_type(const void *left, const void *right)
{
	const struct loader_group *a = left, *b = right;

	if (a->hidden != b->hidden)
		return a->hidden ? 1 : -1;
	return strcmp(a->type ? a->type : "", b->type ? b->type : "");
}

static int by_size(const void *left, const void *right)
{
	const struct loader_group *a = left, *b = right;
	uint64_t x = a->metaspace + a->class_space, y = b->metaspace + b->class_space;

	if (x != y)
		return x > y ? -1 : 1;
	return by_type(left, right);
}

static void add(struct loader_group *to, const struct loader_group *g)
{
	to->loaders += g->loaders;
	to->classes += g->classes;
	to->metaspace += g->metaspace;
	to->class_space += g->class_space;
	to->used += g->used;
	to->committed += g->committed;
}

void loaders_group(const struct ledger *l, struct arena *mem, struct loader_groups *out)
{
	int metaspace = account_find("metaspace"), class_space = account_find("class-space");
	size_t count = l->of->loaders.count, kept = 0;
	struct loader_group *g = arena_array(mem, struct loader_group, count + 1);

	for (size_t i = 0; i < count; i++) {
		const struct loader_row *r = &l->of->loaders.at[i];

		g[i] = (struct loader_group){ .type = r->type,
					      .hidden = r->hidden,
					      .loaders = 1,
					      .classes = r->class_count,
					      .used = r->used,
					      .committed = r->committed };
	}
	for (size_t i = 0; i < l->pieces.count; i++) {
		const struct piece *p = &l->pieces.at[i];

		if (!p->claim || p->claim->table != CLAIM_OF_LOADER || p->claim->row >= count)
			continue;
		if (p->account == metaspace)
			g[p->claim->row].metaspace += p->resident;
		else if (p->account == class_space)
			g[p->claim->row].class_space += p->resident;
	}
	*out = (struct loader_groups){ .at = g };
	if (!count)
		return;
	qsort(g, count, sizeof(*g), by_type);
	for (size_t i = 1; i < count; i++) {
		if (by_type(&g[kept], &g[i]))
			g[++kept] = g[i];
		else
			add(&g[kept], &g[i]);
	}
	out->count = kept + 1;
	qsort(g, out->count, sizeof(*g), by_size);
}
