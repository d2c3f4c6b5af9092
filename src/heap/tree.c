// SPDX-License-Identifier: Apache-2.0
#include "heap/tree.h"

#include <stdlib.h>
#include <string.h>

#include "base/fail.h"

static void sift(const struct graph *g, uint32_t *heap, size_t count)
{
	size_t i = 0;

	for (;;) {
		size_t child = 2 * i + 1;
		uint32_t t;

		if (child >= count)
			return;
		if (child + 1 < count &&
		    graph_retained(g, heap[child + 1]) < graph_retained(g, heap[child]))
			child++;
		if (graph_retained(g, heap[i]) <= graph_retained(g, heap[child]))
			return;
		t = heap[i];
		heap[i] = heap[child];
		heap[child] = t;
		i = child;
	}
}

void tree_largest(const struct graph *g, uint32_t of, size_t limit, struct arena *mem,
		  struct tree_top *out)
{
	struct tree_top t = { .at = arena_array(mem, uint32_t, limit + 1) };

	for (uint32_t n = of + 1; n <= g->reached; n++) {
		if (graph_idom(g, n) != of)
			continue;
		t.all++;
		t.all_bytes += graph_retained(g, n);
		if (t.count < limit) {
			size_t i = t.count++;

			for (; i && graph_retained(g, t.at[(i - 1) / 2]) > graph_retained(g, n);
			     i = (i - 1) / 2)
				t.at[i] = t.at[(i - 1) / 2];
			t.at[i] = n;
		} else if (limit && graph_retained(g, n) > graph_retained(g, t.at[0])) {
			t.at[0] = n;
			sift(g, t.at, t.count);
		}
	}
	// The smallest goes last, again and again.
	for (size_t left = t.count; left > 1; left--) {
		uint32_t least = t.at[0];

		t.at[0] = t.at[left - 1];
		sift(g, t.at, left - 1);
		t.at[left - 1] = least;
	}
	*out = t;
}

const char *tree_package(const char *name, struct arena *mem)
{
	const char *start = name, *end;

	while (*start == '[')
		start++;
	if (start > name && *start == 'L')
		start++;
	else if (start > name)
		return ""; // of primitives
	end = strrchr(start, '.');
	// A hidden class' suffix may hold no point, but a lambda's name may hold a slash.
	return end ? arena_copy(mem, start, (size_t)(end - start)) : "";
}

const char *tree_loader(const struct graph *g, uint64_t loader, struct arena *mem)
{
	uint32_t n = graph_find(g, loader), text = 0;
	const struct klass *k;
	const char *name = NULL;

	if (!loader)
		return "<boot>";
	if (!n)
		return "<not in the dump>";
	k = graph_class(g, n);
	if (graph_field_object(g, n, "name", &text))
		name = graph_text(g, text, 80, mem);
	return name ? arena_format(mem, "%s '%s'", k ? k->name : "?", name)
		    : arena_text(mem, k ? k->name : "?");
}

static int by_retained(const void *a, const void *b)
{
	const struct tree_group *x = a, *y = b;

	if (x->retained != y->retained)
		return x->retained < y->retained ? 1 : -1;
	return strcmp(x->name, y->name);
}

static void add_to_group(struct tree_group *s, const struct graph *g, uint32_t n)
{
	s->count++;
	s->retained += graph_retained(g, n);
	s->own += graph_size(g, n);
	if (!s->largest || graph_retained(g, n) > graph_retained(g, s->largest))
		s->largest = n;
}

struct grouping {
	struct addresses at;
	VEC(struct tree_group) groups;
	struct arena *mem;
};

static struct tree_group *group_for(struct grouping *x, uint64_t key, const char *name)
{
	uint32_t i;

	if (!addresses_find(&x->at, key + 1, &i)) {
		i = (uint32_t)x->groups.count;
		addresses_put(&x->at, key + 1, i, NULL);
		vec_push(x->mem, &x->groups, (struct tree_group){ .name = name, .key = key });
	}
	return &x->groups.at[i];
}

// Groups of another kind are groups of classes, put together.
static void regroup(const struct graph *g, enum tree_by by, struct grouping *classes,
		    struct grouping *out)
{
	VEC(const char *) names = { 0 };

	for (size_t i = 0; i < classes->groups.count; i++) {
		const struct tree_group *c = &classes->groups.at[i];
		const struct klass *k = dump_class(g->d, c->key);
		struct tree_group *to;

		if (by == TREE_BY_LOADER) {
			uint64_t loader = k ? k->body.loader : 0;

			to = group_for(out, loader, "");
			if (!*to->name)
				to->name = tree_loader(g, loader, out->mem);
		} else {
			const char *name = tree_package(c->name, out->mem);
			size_t j = 0;

			while (j < names.count && strcmp(names.at[j], name))
				j++;
			if (j == names.count)
				vec_push(out->mem, &names, name);
			to = group_for(out, j, name);
			to->key = 0;
		}
		to->count += c->count;
		to->own += c->own;
		to->retained += c->retained;
		if (!to->largest || graph_retained(g, c->largest) > graph_retained(g, to->largest))
			to->largest = c->largest;
	}
}

void tree_group(const struct graph *g, uint32_t of, enum tree_by by, struct arena *mem,
		struct tree_groups *out)
{
	struct grouping classes = { .mem = mem }, other = { .mem = mem }, *last = &classes;

	addresses_init(&classes.at, mem);
	addresses_init(&other.at, mem);
	for (uint32_t n = of + 1; n <= g->reached; n++) {
		struct hprof_part p;
		const struct klass *k;

		if (graph_idom(g, n) != of)
			continue;
		graph_part(g, n, &p);
		k = p.tag == HPROF_CLASS ? dump_class(g->d, p.id) : graph_class_of_part(g, &p);
		// Classes that the dump lacks have no id: their types keep them apart.
		add_to_group(group_for(&classes, k && k->id ? k->id : p.type,
				       k ? k->name : "<unknown class>"),
			     g, n);
	}
	if (by != TREE_BY_CLASS) {
		regroup(g, by, &classes, &other);
		last = &other;
	}
	if (last->groups.count)
		qsort(last->groups.at, last->groups.count, sizeof(*last->groups.at), by_retained);
	out->at = last->groups.at;
	out->count = last->groups.count;
}

// The tree in preorder without a stack: children as lists, the way back over the immediate dominator.
bool tree_class_retained(struct graph *g, uint64_t *out, struct fail *why)
{
	uint64_t n4 = ((uint64_t)g->last + 1) * sizeof(uint32_t);
	struct big child_big = { 0 }, next_big = { 0 }, class_big = { 0 };
	uint32_t *child, *next, *class, *above;
	struct arena mem = { 0 };
	uint32_t at = GRAPH_TOP;
	bool held = big_get(g->d->bigs, n4, &class_big, why);

	class = class_big.at;
	for (uint32_t n = GRAPH_FIRST; held && n <= g->reached; n++) {
		struct hprof_part p;
		const struct klass *k;

		graph_part(g, n, &p);
		k = p.tag == HPROF_CLASS ? dump_class(g->d, p.id) : graph_class_of_part(g, &p);
		class[n] = k ? k->index : UINT32_MAX;
	}
	big_park(&g->place);
	held = held && big_get(g->d->bigs, n4, &child_big, why) &&
	       big_get(g->d->bigs, n4, &next_big, why);
	if (!held) {
		big_drop(&class_big);
		big_drop(&child_big);
		return false;
	}
	child = child_big.at;
	next = next_big.at;
	for (uint32_t n = g->reached; n >= GRAPH_FIRST; n--) {
		next[n] = child[graph_idom(g, n)];
		child[graph_idom(g, n)] = n;
	}
	above = arena_array(&mem, uint32_t, g->d->classes.count + 1);
	for (;;) {
		if (child[at]) {
			at = child[at];
		} else {
			while (at != GRAPH_TOP && !next[at]) {
				at = graph_idom(g, at);
				if (at != GRAPH_TOP && class[at] != UINT32_MAX)
					above[class[at]]--;
			}
			if (at == GRAPH_TOP)
				break;
			at = next[at];
		}
		if (class[at] == UINT32_MAX)
			continue;
		if (!above[class[at]])
			out[class[at]] += graph_retained(g, at);
		if (child[at])
			above[class[at]]++;
	}
	arena_drop(&mem);
	big_drop(&class_big);
	big_drop(&child_big);
	big_drop(&next_big);
	return true;
}
