// SPDX-License-Identifier: Apache-2.0
#include "heap/contents.h"

#include <stdlib.h>
#include <string.h>

#include "base/fail.h"

enum { SPARSE = 4 };         // less than a quarter of the places are taken
enum { SPARSE_LENGTH = 16 }; // in arrays of the usual first length nobody would save
enum { ZEROS = 64 };         // bytes at an array's end

struct entry {
	uint64_t hash; // 0: free
	uint32_t first, value;
	uint32_t count;
	uint32_t pad;
	uint64_t waste;
};

struct counting {
	const struct graph *g;
	bool strings;
	struct entry *table;
	uint64_t mask;
	struct duplicates *out;
};

static uint64_t hash_of(const struct hprof_part *p)
{
	uint64_t h = (p->len + 1) * UINT64_C(0x9e3779b97f4a7c15) ^ p->type, word;
	uint64_t i = 0;

	for (; i + 8 <= p->len; i += 8) {
		memcpy(&word, p->data + i, 8);
		h = (h ^ word) * UINT64_C(0xff51afd7ed558ccd);
		h ^= h >> 32;
	}
	for (; i < p->len; i++)
		h = (h ^ p->data[i]) * UINT64_C(0x100000001b3);
	h ^= h >> 29;
	return h ? h : 1;
}

static bool is_same(const struct graph *g, uint32_t a, const struct hprof_part *b)
{
	struct hprof_part p;

	graph_part(g, a, &p);
	return p.type == b->type && p.len == b->len && !memcmp(p.data, b->data, p.len);
}

// The array that counts: the part itself, or a string's value.
static uint32_t value_of(const struct counting *c, uint32_t n, const struct hprof_part *p,
			 struct hprof_part *value)
{
	uint32_t at = n;

	if (!c->strings) {
		*value = *p;
		return p->tag == HPROF_PRIMITIVES ? n : 0;
	}
	if (p->tag != HPROF_INSTANCE || dump_class(c->g->d, p->class_id) != c->g->d->string ||
	    !graph_field_object(c->g, n, "value", &at) || !at)
		return 0;
	graph_part(c->g, at, value);
	return value->tag == HPROF_PRIMITIVES ? at : 0;
}

static void count_part(void *arg, uint64_t place, const struct hprof_part *p)
{
	struct counting *c = arg;
	uint32_t n, value_at;
	struct hprof_part value;
	struct entry *e;
	uint64_t hash, waste;

	if (p->tag != (c->strings ? HPROF_INSTANCE : HPROF_PRIMITIVES) ||
	    (c->strings && dump_class(c->g->d, p->class_id) != c->g->d->string))
		return;
	n = graph_find(c->g, p->id);
	value_at = n ? value_of(c, n, p, &value) : 0;
	if (!value_at || (!c->strings && !value.len))
		return;
	c->out->objects++;
	hash = hash_of(&value);
	e = &c->table[hash & c->mask];
	while (e->hash && (e->hash != hash || !is_same(c->g, e->value, &value)))
		e = e == &c->table[c->mask] ? c->table : e + 1;
	if (!e->hash) {
		*e = (struct entry){ .hash = hash, .first = n, .value = value_at, .count = 1 };
		c->out->distinct++;
		return;
	}
	if (e->first == n)
		return;
	waste = graph_size(c->g, n);
	if (c->strings && e->value != value_at)
		waste += graph_size(c->g, value_at);
	e->count += e->count != UINT32_MAX;
	e->waste += waste;
	c->out->waste += waste;
}

static int by_waste(const void *a, const void *b)
{
	const struct duplicate *x = a, *y = b;

	if (x->waste != y->waste)
		return x->waste < y->waste ? 1 : -1;
	return x->first < y->first ? -1 : x->first > y->first;
}

bool duplicates_find(const struct graph *g, bool strings, size_t limit, struct arena *mem,
		     struct duplicates *out, struct fail *why)
{
	struct counting c = { .g = g, .strings = strings, .out = out };
	uint64_t candidates = 0, size = 1024, floor = 0;
	VEC(struct duplicate) found = { 0 };
	struct big table;

	*out = (struct duplicates){ .count = 0 };
	for (unsigned t = 0; t < HPROF_TYPES; t++)
		candidates += !strings && g->d->primitive[t] ? g->d->primitive[t]->instances : 0;
	if (strings && g->d->string)
		candidates = g->d->string->instances;
	while (size < candidates + candidates / 2)
		size *= 2;
	if (!big_get(g->d->bigs, size * sizeof(struct entry), &table, why))
		return false;
	c.table = table.at;
	c.mask = size - 1;
	dump_each_part(g->d, count_part, &c);
	for (uint64_t i = 0; i < size; i++) {
		const struct entry *e = &c.table[i];

		if (e->count < 2 || e->waste < floor)
			continue;
		vec_push(mem, &found, (struct duplicate){ e->first, e->count, e->waste });
		if (found.count > 2 * limit + 1000) {
			qsort(found.at, found.count, sizeof(*found.at), by_waste);
			found.count = limit + 1;
			floor = found.at[limit].waste;
		}
	}
	if (found.count)
		qsort(found.at, found.count, sizeof(*found.at), by_waste);
	out->at = found.at;
	out->count = found.count < limit ? found.count : limit;
	big_drop(&table);
	return true;
}

// How a collection says how much is in it, and where it keeps it.  `size` NULL: it has the size of the
// collection in field `inner`.
struct shape {
	const char *class_name, *size, *array, *inner;
};
static const struct shape SHAPES[] = {
	{ "java.util.HashMap", "size", "table", NULL },
	// Since 9 Properties keeps what it has in a map of another kind; its table is always empty.
	{ "java.util.Properties", NULL, NULL, "map" },
	{ "java.util.Hashtable", "count", "table", NULL },
	{ "java.util.IdentityHashMap", "size", "table", NULL },
	{ "java.util.WeakHashMap", "size", "table", NULL },
	{ "java.util.ArrayList", "size", "elementData", NULL },
	{ "java.util.Vector", "elementCount", "elementData", NULL },
	{ "java.util.PriorityQueue", "size", "queue", NULL },
	{ "java.util.TreeMap", "size", NULL, NULL },
	{ "java.util.LinkedList", "size", NULL, NULL },
	{ "java.util.HashSet", NULL, NULL, "map" },
	{ "java.util.concurrent.ConcurrentHashMap", "baseCount", "table", NULL },
};
static const char *const BOXES[] = { "java.lang.Integer",   "java.lang.Long",   "java.lang.Short",
				     "java.lang.Byte",      "java.lang.Double", "java.lang.Float",
				     "java.lang.Character", "java.lang.Boolean" };

enum waste_kind { WASTE_EMPTY, WASTE_SPARSE, WASTE_BOXED, WASTE_ZEROS, WASTE_KINDS };

struct wasting {
	const struct graph *g;
	const struct shape **shapes; // by class; NULL: no collection
	bool *boxes;
	struct {
		uint64_t count, bytes;
	} * sums[WASTE_KINDS]; // by class
};

static void note(struct wasting *w, enum waste_kind kind, const struct klass *k, uint64_t bytes)
{
	w->sums[kind][k->index].count++;
	w->sums[kind][k->index].bytes += bytes;
}

static void look_at_collection(struct wasting *w, const struct klass *k, uint32_t n)
{
	const struct shape *s = w->shapes[k->index];
	struct hprof_part array = { .count = 0 };
	uint32_t at = 0;
	int64_t size = 0, cells = 0;

	if (s->inner) {
		if (!graph_field_object(w->g, n, s->inner, &at) || !at)
			return;
		if (graph_field_number(w->g, at, "size", &size) && !size)
			note(w, WASTE_EMPTY, k, graph_size(w->g, n));
		return;
	}
	if (!graph_field_number(w->g, n, s->size, &size))
		return;
	if (graph_field_object(w->g, n, "counterCells", &at) && at)
		return; // counted elsewhere, too
	if (s->array && graph_field_object(w->g, n, s->array, &at) && at)
		graph_part(w->g, at, &array);
	else
		at = 0;
	cells = array.count;
	// An array that many share is nobody's waste.
	if (at && graph_idom(w->g, at) != n)
		at = 0;
	if (!size)
		note(w, WASTE_EMPTY, k, graph_size(w->g, n) + (at ? graph_size(w->g, at) : 0));
	else if (at && cells > SPARSE_LENGTH && size * SPARSE < cells)
		note(w, WASTE_SPARSE, k, (uint64_t)(cells - size) * w->g->d->layout.reference);
}

static uint64_t zeros_at_end(const struct hprof_part *p)
{
	uint64_t n = 0;

	while (n < p->len && !p->data[p->len - 1 - n])
		n++;
	return n;
}

static void waste_part(void *arg, uint64_t place, const struct hprof_part *p)
{
	struct wasting *w = arg;
	const struct klass *k;

	if (p->tag == HPROF_PRIMITIVES) {
		uint64_t zeros = zeros_at_end(p);

		if (zeros >= ZEROS)
			note(w, WASTE_ZEROS, w->g->d->primitive[p->type], zeros);
		return;
	}
	k = p->tag == HPROF_INSTANCE ? dump_class(w->g->d, p->class_id) : NULL;
	if (!k)
		return;
	if (w->boxes[k->index])
		note(w, WASTE_BOXED, k, k->size);
	else if (w->shapes[k->index])
		look_at_collection(w, k, graph_find(w->g, p->id));
}

static int by_bytes(const void *a, const void *b)
{
	const struct waste *x = a, *y = b;

	if (x->bytes != y->bytes)
		return x->bytes < y->bytes ? 1 : -1;
	return strcmp(x->k->name, y->k->name);
}

void waste_find(const struct graph *g, struct arena *mem, struct wastes *out)
{
	static const char *const KINDS[WASTE_KINDS] = {
		[WASTE_EMPTY] = "empty collection",
		[WASTE_SPARSE] = "sparse collection",
		[WASTE_BOXED] = "boxed number",
		[WASTE_ZEROS] = "zeros at the end",
	};
	struct wasting w = { .g = g };
	size_t classes = g->d->classes.count;
	VEC(struct waste) found = { 0 };

	w.shapes = arena_get_array(mem, classes + 1, sizeof(*w.shapes));
	w.boxes = arena_array(mem, bool, classes + 1);
	for (int kind = 0; kind < WASTE_KINDS; kind++)
		w.sums[kind] = arena_get_array(mem, classes + 1, sizeof(*w.sums[0]));
	for (size_t i = 0; i < classes; i++) {
		const struct klass *k = g->d->classes.at[i];

		for (size_t s = 0; s < sizeof(SHAPES) / sizeof(SHAPES[0]); s++)
			if (!w.shapes[i] && klass_is_below(k, SHAPES[s].class_name))
				w.shapes[i] = &SHAPES[s];
		for (size_t b = 0; b < sizeof(BOXES) / sizeof(BOXES[0]); b++)
			w.boxes[i] |= !strcmp(k->name, BOXES[b]);
	}
	dump_each_part(g->d, waste_part, &w);
	for (int kind = 0; kind < WASTE_KINDS; kind++)
		for (size_t i = 0; i < classes; i++)
			if (w.sums[kind][i].count)
				vec_push(mem, &found,
					 (struct waste){ KINDS[kind], g->d->classes.at[i],
							 w.sums[kind][i].count,
							 w.sums[kind][i].bytes });
	if (found.count)
		qsort(found.at, found.count, sizeof(*found.at), by_bytes);
	out->at = found.at;
	out->count = found.count;
}
