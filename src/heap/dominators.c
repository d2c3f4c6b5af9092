// SPDX-License-Identifier: Apache-2.0
#include "heap/dominators.h"

#include <stdlib.h>

#include "base/fail.h"
#include "heap/big.h"

struct forest {
	uint32_t *up;    // ancestor, compressed
	uint32_t *least; // node with the least semidominator on the way up, as that semidominator
	uint32_t *way;   // nodes on the way that is being compressed
	size_t room;
};

static void keep(struct forest *f, size_t n, uint32_t node)
{
	if (n == f->room) {
		f->room = f->room ? f->room * 2 : 4096;
		f->way = realloc(f->way, f->room * sizeof(*f->way));
		if (!f->way)
			abort();
	}
	f->way[n] = node;
}

// The least semidominator from `node` up to, and without, the nodes that are not yet done (<= w).
static uint32_t least_above(struct forest *f, uint32_t node, uint32_t w)
{
	size_t n = 0;
	uint32_t at = node, best, top;

	while (f->up[at] > w) {
		keep(f, n++, at);
		at = f->up[at];
	}
	best = f->least[at];
	top = f->up[at];
	while (n) {
		at = f->way[--n];
		if (f->least[at] > best)
			f->least[at] = best;
		else
			best = f->least[at];
		f->up[at] = top;
	}
	return f->least[node];
}

static void find_semidominators(struct flow *g, struct forest *f)
{
	uint32_t end = g->first[g->last + 1];

	for (uint32_t w = g->last; w > 1; w--) {
		uint32_t start = g->first[w], semi = g->parent[w];

		for (uint32_t i = start; i < end && semi > 1; i++) {
			uint32_t v = g->from[i];
			uint32_t u = v <= w ? v : least_above(f, v, w);

			if (u < semi)
				semi = u;
		}
		end = start;
		g->first[w] = semi; // nobody asks for w's entries again
		f->least[w] = semi;
	}
}

bool dominators_find(struct flow *g, struct bigs *bigs, struct fail *why)
{
	uint64_t bytes = ((uint64_t)g->last + 1) * sizeof(uint32_t);
	struct big up = { 0 }, least = { 0 };
	struct forest f = { 0 };

	if (!big_get(bigs, bytes, &up, why) || !big_get(bigs, bytes, &least, why)) {
		big_drop(&up);
		return false;
	}
	f.up = up.at;
	f.least = least.at;
	for (uint32_t n = 1; n <= g->last; n++) {
		f.up[n] = n > 1 ? g->parent[n] : 0;
		f.least[n] = n;
	}
	find_semidominators(g, &f);
	for (uint32_t w = 2; w <= g->last; w++) {
		uint32_t n = g->parent[w];

		while (n > g->first[w])
			n = g->parent[n];
		g->parent[w] = n;
	}
	free(f.way);
	big_drop(&up);
	big_drop(&least);
	return true;
}
