// SPDX-License-Identifier: Apache-2.0
#include "heap/suspects.h"

#include <stdlib.h>

#include "base/fail.h"

enum { DEPTH_LIMIT = 1000, SUSPECT_LIMIT = 20, TOP_LOOKED_AT = 1000 };
static const double BIG_DROP =
	0.7; // MAT's: below this share of its parent a child is not the whole story

struct finding {
	const struct graph *g;
	struct arena *mem;
	uint64_t threshold;
	uint32_t *largest; // dominated child that retains most, by number
	VEC(struct suspect) found;
};

static bool is_loader(const struct finding *f, uint32_t n)
{
	return klass_is_below(graph_class(f->g, n), "java.lang.ClassLoader");
}

static uint32_t accumulation_point(const struct finding *f, uint32_t n)
{
	for (unsigned depth = 0; depth < DEPTH_LIMIT; depth++) {
		uint32_t child = f->largest[n];

		if (!child || (double)graph_retained(f->g, child) <
				      BIG_DROP * (double)graph_retained(f->g, n))
			break;
		n = child;
	}
	return n;
}

static void add(struct finding *f, uint32_t n)
{
	struct suspect s = { .n = n, .count = 1, .retained = graph_retained(f->g, n) };

	if (f->found.count == SUSPECT_LIMIT)
		return;
	s.object = path_object(f->g, n, f->mem);
	s.point = accumulation_point(f, n);
	vec_push(f->mem, &f->found, s);
}

// Classes that are big enough below a loader, or below what it dominates on the way to them.
static unsigned add_classes_of(struct finding *f, uint32_t loader)
{
	unsigned found = 0;
	uint32_t at = loader;

	for (unsigned depth = 0; depth < DEPTH_LIMIT && at; depth++) {
		uint32_t down = 0;

		for (uint32_t n = at + 1; n <= f->g->reached; n++) {
			struct hprof_part p;

			if (graph_idom(f->g, n) != at || graph_retained(f->g, n) < f->threshold)
				continue;
			graph_part(f->g, n, &p);
			if (p.tag == HPROF_CLASS) {
				add(f, n);
				found++;
			} else if (!down || graph_retained(f->g, n) > graph_retained(f->g, down)) {
				down = n;
			}
		}
		if (found || !down ||
		    (double)graph_retained(f->g, down) <
			    BIG_DROP * (double)graph_retained(f->g, at))
			break;
		at = down;
	}
	return found;
}

static void add_group(struct finding *f, const struct tree_group *group)
{
	struct suspect s = { .count = group->count,
			     .object = arena_format(f->mem, "%llu x %s",
						    (unsigned long long)group->count, group->name),
			     .retained = group->retained };

	s.point = group->largest;
	if (f->found.count < SUSPECT_LIMIT)
		vec_push(f->mem, &f->found, s);
}

// A class of which some are suspects by themselves: the others may be many.
static void add_rest(struct finding *f, const struct tree_group *group, const struct tree_top *top)
{
	struct tree_group rest = *group;

	rest.largest = 0;
	for (size_t i = 0; i < top->count; i++) {
		struct hprof_part p;
		const struct klass *k;

		graph_part(f->g, top->at[i], &p);
		k = p.tag == HPROF_CLASS ? dump_class(f->g->d, p.id)
					 : graph_class_of_part(f->g, &p);
		if (!k || k->id != group->key)
			continue;
		if (graph_retained(f->g, top->at[i]) >= f->threshold) {
			rest.count--;
			rest.retained -= graph_retained(f->g, top->at[i]);
		} else if (!rest.largest) {
			rest.largest = top->at[i];
		}
	}
	if (rest.retained >= f->threshold && rest.largest)
		add_group(f, &rest);
}

static bool find_largest(const struct graph *g, struct big *out, struct fail *why)
{
	uint32_t *largest;

	if (!big_get(g->d->bigs, ((uint64_t)g->last + 1) * sizeof(uint32_t), out, why))
		return false;
	largest = out->at;
	for (uint32_t n = GRAPH_FIRST; n <= g->reached; n++) {
		uint32_t up = graph_idom(g, n);

		if (!largest[up] || graph_retained(g, n) > graph_retained(g, largest[up]))
			largest[up] = n;
	}
	return true;
}

static int by_retained(const void *a, const void *b)
{
	const struct suspect *x = a, *y = b;

	return x->retained < y->retained ? 1 : x->retained > y->retained ? -1 : 0;
}

static bool describe(struct finding *f, struct fail *why)
{
	size_t n = f->found.count;
	uint32_t *points = arena_array(f->mem, uint32_t, n + 1);
	struct path *strong = arena_array(f->mem, struct path, n + 1);
	struct path *any = arena_array(f->mem, struct path, n + 1);

	for (size_t i = 0; i < n; i++)
		points[i] = f->found.at[i].point;
	if (!paths_find(f->g, GRAPH_SKIP_ALL, points, n, f->mem, strong, why))
		return false;
	for (size_t i = 0; i < n; i++) {
		struct suspect *s = &f->found.at[i];
		struct tree_groups held;

		s->path = strong[i];
		s->weak = !strong[i].count;
		if (s->weak && !paths_find(f->g, 0, points + i, 1, f->mem, any + i, why))
			return false;
		if (s->weak)
			s->path = any[i];
		s->point_object = path_object(f->g, s->point, f->mem);
		s->point_retained = graph_retained(f->g, s->point);
		tree_group(f->g, s->point, TREE_BY_CLASS, f->mem, &held);
		for (; s->held_count < SUSPECT_HELD && s->held_count < held.count; s->held_count++)
			s->held[s->held_count] = held.at[s->held_count];
	}
	return true;
}

bool suspects_find(const struct graph *g, struct arena *mem, struct suspects *out, struct fail *why)
{
	struct finding f = { .g = g, .mem = mem };
	struct tree_groups groups;
	struct tree_top top;
	struct big largest;
	bool held;

	f.threshold = g->live_bytes / 100 * SUSPECT_SHARE;
	if (!find_largest(g, &largest, why))
		return false;
	f.largest = largest.at;
	tree_largest(g, GRAPH_TOP, TOP_LOOKED_AT, mem, &top);
	for (size_t i = 0; i < top.count && graph_retained(g, top.at[i]) >= f.threshold; i++)
		if (!is_loader(&f, top.at[i]) || !add_classes_of(&f, top.at[i]))
			add(&f, top.at[i]);
	tree_group(g, GRAPH_TOP, TREE_BY_CLASS, mem, &groups);
	for (size_t i = 0; i < groups.count && groups.at[i].retained >= f.threshold; i++)
		if (graph_retained(g, groups.at[i].largest) < f.threshold)
			add_group(&f, &groups.at[i]);
		else
			add_rest(&f, &groups.at[i], &top);
	held = describe(&f, why);
	big_drop(&largest);
	if (f.found.count)
		qsort(f.found.at, f.found.count, sizeof(*f.found.at), by_retained);
	out->at = f.found.at;
	out->count = f.found.count;
	return held;
}
