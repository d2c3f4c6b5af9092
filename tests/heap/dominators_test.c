// SPDX-License-Identifier: Apache-2.0
// Dominators against their definition: a node dominates another where its removal cuts the other off.
#include "heap/dominators.h"

#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

#include "heap/big.h"

enum { NODES_MAX = 301 }; // the start included

struct net {
	uint32_t count; // nodes 0 .. count - 1; 0 is the start
	uint32_t *first, *to;
};

static uint64_t state = 88172645463325252u;
static uint32_t draw(uint32_t below)
{
	state ^= state << 13;
	state ^= state >> 7;
	state ^= state << 17;
	return (uint32_t)((state >> 11) % below);
}

static void make_net(struct net *n, uint32_t count, uint32_t density)
{
	uint32_t edges = 0;

	n->count = count;
	for (uint32_t i = 0; i < count; i++) {
		uint32_t out = i ? draw(density + 1) : 1 + draw(3);

		n->first[i] = edges;
		while (out--)
			n->to[edges++] = draw(count);
	}
	n->first[count] = edges;
}

// Numbers from 1 in preorder, as heap/graph.c does; `number` 0: not reached.
struct numbered {
	struct flow flow;
	uint32_t *number, *node; // and back
};

static void number_net(const struct net *n, struct numbered *out)
{
	uint32_t edges = n->first[n->count], depth = 0, last = 0;
	uint32_t *stack = malloc((n->count + 1) * sizeof(*stack));
	uint32_t *next = malloc((n->count + 1) * sizeof(*next));
	uint32_t *fill, *from = calloc(edges + 1, sizeof(*from));

	memset(out->number, 0, n->count * sizeof(uint32_t));
	stack[depth] = 0;
	next[depth++] = n->first[0];
	out->number[0] = ++last;
	out->node[last] = 0;
	while (depth) {
		uint32_t at = stack[depth - 1], e = next[depth - 1];

		while (e < n->first[at + 1] && out->number[n->to[e]])
			e++;
		if (e == n->first[at + 1]) {
			depth--;
			continue;
		}
		next[depth - 1] = e + 1;
		out->number[n->to[e]] = ++last;
		out->node[last] = n->to[e];
		out->flow.parent[last] = out->number[at];
		stack[depth] = n->to[e];
		next[depth++] = n->first[n->to[e]];
	}
	out->flow.last = last;
	memset(out->flow.first, 0, (last + 2) * sizeof(uint32_t));
	for (uint32_t i = 0; i < n->count; i++)
		for (uint32_t e = n->first[i]; out->number[i] && e < n->first[i + 1]; e++)
			if (out->number[n->to[e]] > 1)
				out->flow.first[out->number[n->to[e]] + 1]++;
	for (uint32_t i = 1; i <= last + 1; i++)
		out->flow.first[i] += out->flow.first[i - 1];
	fill = malloc((last + 2) * sizeof(*fill));
	memcpy(fill, out->flow.first, (last + 2) * sizeof(*fill));
	for (uint32_t i = 0; i < n->count; i++)
		for (uint32_t e = n->first[i]; out->number[i] && e < n->first[i + 1]; e++)
			if (out->number[n->to[e]] > 1)
				from[fill[out->number[n->to[e]]]++] = out->number[i];
	out->flow.from = from;
	free(fill);
	free(stack);
	free(next);
}

// Which nodes are reached when `without` is gone.
static void reach(const struct net *n, uint32_t without, uint8_t *seen)
{
	uint32_t queue[NODES_MAX], count = 0;

	memset(seen, 0, n->count);
	if (without == 0)
		return;
	seen[0] = 1;
	queue[count++] = 0;
	for (uint32_t i = 0; i < count; i++)
		for (uint32_t e = n->first[queue[i]]; e < n->first[queue[i] + 1]; e++)
			if (n->to[e] != without && !seen[n->to[e]]) {
				seen[n->to[e]] = 1;
				queue[count++] = n->to[e];
			}
}

static uint32_t wrong_in(const struct net *n, const struct numbered *x)
{
	static uint8_t dominates[NODES_MAX][NODES_MAX];
	uint8_t all[NODES_MAX], seen[NODES_MAX];
	uint32_t dominators[NODES_MAX] = { 0 }, wrong = 0;

	reach(n, UINT32_MAX, all);
	for (uint32_t d = 0; d < n->count; d++) {
		reach(n, d, seen);
		for (uint32_t v = 0; v < n->count; v++) {
			dominates[d][v] = all[d] && all[v] && v != d && !seen[v];
			dominators[v] += dominates[d][v];
		}
	}
	for (uint32_t v = 1; v < n->count; v++) {
		uint32_t best = 0;

		if (!all[v])
			continue;
		// The nearest is the one that all the others dominate.
		for (uint32_t d = 0; d < n->count; d++)
			if (dominates[d][v] && dominators[d] >= dominators[best])
				best = d;
		wrong += x->node[x->flow.parent[x->number[v]]] != best;
	}
	return wrong;
}

Test(dominators, a_million_nodes_of_random_graphs_are_as_removal_says)
{
	struct bigs bigs = { .limit = UINT64_MAX };
	uint32_t first[NODES_MAX + 1], to[NODES_MAX * 8], number[NODES_MAX];
	uint32_t node[NODES_MAX + 1], parent[NODES_MAX + 1], starts[NODES_MAX + 2];
	struct net n = { .first = first, .to = to };
	uint64_t nodes = 0, wrong = 0;

	while (nodes < 1000000) {
		struct numbered x = { .flow = { .parent = parent, .first = starts },
				      .number = number,
				      .node = node };

		make_net(&n, 2 + draw(NODES_MAX - 2), 1 + draw(5));
		number_net(&n, &x);
		cr_assert(dominators_find(&x.flow, &bigs, NULL));
		free((void *)x.flow.from);
		wrong += wrong_in(&n, &x);
		nodes += n.count;
	}
	cr_expect_eq(wrong, 0, "%lu of %lu nodes", (unsigned long)wrong, (unsigned long)nodes);
}

// Cooper, Harvey and Kennedy's iteration, over numbers in preorder.
static void iterate(const struct flow *f, uint32_t *idom, const uint32_t *postorder,
		    const uint32_t *order)
{
	bool changed = true;

	idom[1] = 1;
	while (changed) {
		changed = false;
		for (uint32_t i = f->last; i--;) {
			uint32_t n = order[i], now = 0;

			if (n == 1)
				continue;
			for (uint32_t e = f->first[n]; e < f->first[n + 1]; e++) {
				uint32_t a = f->from[e], b = now;

				if (!idom[a])
					continue;
				while (now && a != b) {
					while (postorder[a] < postorder[b])
						a = idom[a];
					while (postorder[b] < postorder[a])
						b = idom[b];
				}
				now = a;
			}
			changed |= idom[n] != now;
			idom[n] = now;
		}
	}
}

Test(dominators, one_graph_of_a_million_nodes_is_as_iteration_says)
{
	enum { N = 1000000 };
	struct bigs bigs = { .limit = UINT64_MAX };
	struct net n = { .first = malloc((N + 1) * 4), .to = malloc((size_t)N * 5 * 4) };
	struct numbered x = { .number = malloc(N * 4), .node = malloc((N + 1) * 4) };
	uint32_t *idom = calloc(N + 2, 4), *post = calloc(N + 2, 4), *order = calloc(N + 2, 4);
	uint32_t count = 0, wrong = 0, starts, depth = 0;
	uint32_t *stack = malloc((N + 2) * 4);

	x.flow.parent = calloc(N + 2, 4);
	x.flow.first = calloc(N + 3, 4);
	make_net(&n, N, 3);
	number_net(&n, &x);
	// Postorder from preorder: a node is done when a node arrives whose parent is above it.
	for (uint32_t v = 1; v <= x.flow.last + 1; v++) {
		while (depth && (v > x.flow.last || x.flow.parent[v] != stack[depth - 1])) {
			order[count] = stack[--depth];
			post[order[count]] = count + 1;
			count++;
		}
		stack[depth++] = v;
	}
	starts = x.flow.first[x.flow.last + 1];
	cr_assert(count == x.flow.last && starts > N / 2 && x.flow.last > N / 2);
	iterate(&x.flow, idom, post, order);
	cr_assert(dominators_find(&x.flow, &bigs, NULL));
	for (uint32_t v = 2; v <= x.flow.last; v++)
		wrong += idom[v] != x.flow.parent[v];
	cr_expect_eq(wrong, 0, "%u of %u", wrong, x.flow.last);
	free(n.first);
	free(n.to);
	free(x.number);
	free(x.node);
	free(x.flow.parent);
	free(x.flow.first);
	free((void *)x.flow.from);
	free(idom);
	free(post);
	free(order);
	free(stack);
}

Test(dominators, a_list_of_a_million_nodes_is_no_recursion)
{
	enum { N = 1000000 };
	struct bigs bigs = { .limit = UINT64_MAX };
	struct flow f = { .last = N };
	uint32_t *from = malloc(4);

	f.parent = malloc((N + 1) * 4);
	f.first = malloc((N + 2) * 4);
	for (uint32_t i = 1; i <= N; i++)
		f.parent[i] = i - 1;
	// Its end is entered from the start, too.
	for (uint32_t i = 0; i <= N + 1; i++)
		f.first[i] = i > N;
	from[0] = 1;
	f.from = from;
	cr_assert(dominators_find(&f, &bigs, NULL));
	cr_expect_eq(f.parent[N], 1);
	cr_expect_eq(f.parent[N - 1], N - 2);
	free(from);
	free(f.parent);
	free(f.first);
}
