// SPDX-License-Identifier: Apache-2.0
#include "heap/paths.h"

#include <stdlib.h>
#include <string.h>

#include "base/fail.h"

enum { BATCH = 64, DEPTH_SHOWN = 1000 };

const char *path_via(const struct edge *e, struct arena *mem)
{
	switch (e->kind) {
	case EDGE_FIELD:
		return arena_format(mem, ".%s", e->field);
	case EDGE_STATIC:
		return arena_format(mem, "static %s", e->field);
	case EDGE_ELEMENT:
		return arena_format(mem, "[%u]", e->index);
	case EDGE_SUPER:
		return "<super>";
	case EDGE_LOADER:
		return "<loader>";
	case EDGE_CLASS:
		return "<class>";
	case EDGE_LOCAL:
		return e->index == UINT32_MAX ? "<local>"
					      : arena_format(mem, "<local of frame %u>", e->index);
	}
	return "?";
}

const char *path_thread_name(const struct graph *g, uint32_t n, struct arena *mem)
{
	const struct klass *k = graph_class(g, n);
	struct hprof_part name;
	uint32_t at;
	const char *text;

	if (!k || !k->is_thread || !graph_field_object(g, n, "name", &at) || !at)
		return NULL;
	text = graph_text(g, at, 200, mem);
	if (text)
		return text;
	graph_part(g, at, &name); // char[] up to 8
	if (name.tag != HPROF_PRIMITIVES || name.type != HPROF_CHAR)
		return NULL;
	{
		char *t = arena_get(mem, name.count + 1);

		for (uint32_t i = 0; i < name.count; i++) {
			uint16_t c = hprof_u16(name.data + (uint64_t)i * 2);

			t[i] = c < 0x80 ? (char)c : '?';
		}
		return t;
	}
}

const char *path_object(const struct graph *g, uint32_t n, struct arena *mem)
{
	struct hprof_part p;
	const struct klass *k;

	graph_part(g, n, &p);
	if (p.tag == HPROF_CLASS) {
		k = dump_class(g->d, p.id);
		return arena_format(mem, "class %s", k ? k->name : "?");
	}
	k = graph_class_of_part(g, &p);
	if (k && (p.tag == HPROF_OBJECTS || p.tag == HPROF_PRIMITIVES))
		return arena_format(mem, "%s (%u elements)", k->name, p.count);
	return k ? k->name : "<unknown class>";
}

const char *path_root(const struct graph *g, uint32_t n, struct arena *mem)
{
	static const char *const KINDS[] = {
		[HPROF_ROOT_JNI_GLOBAL] = "JNI global reference",
		[HPROF_ROOT_JNI_LOCAL] = "JNI local reference",
		[HPROF_ROOT_JAVA_FRAME] = "local variable",
		[HPROF_ROOT_NATIVE_STACK] = "native stack",
		[HPROF_ROOT_STICKY_CLASS] = "system class",
		[HPROF_ROOT_THREAD_BLOCK] = "thread block",
		[HPROF_ROOT_MONITOR] = "monitor in use",
		[HPROF_ROOT_THREAD] = "thread",
	};
	struct hprof_part p;
	const char *name, *found = NULL;

	graph_part(g, n, &p);
	for (size_t i = 0; i < g->d->roots.count; i++) {
		const struct dump_root *r = &g->d->roots.at[i];

		if (r->id != p.id)
			continue;
		if (r->tag == HPROF_ROOT_THREAD) {
			name = path_thread_name(g, n, mem);
			return name ? arena_format(mem, "thread '%s'", name) : "thread";
		}
		found = r->tag < sizeof(KINDS) / sizeof(KINDS[0]) && KINDS[r->tag] ? KINDS[r->tag]
										   : "unknown root";
	}
	return found;
}

// Breadth first from the roots: of each object the one from which it was first seen.
struct flood {
	const struct graph *g;
	unsigned skip;
	struct big from_big, queue_big;
	uint32_t *from, *queue; // from: GRAPH_TOP for roots, 0: not seen
	uint32_t count;
	uint8_t *wanted; // bits of targets, by number; NULL: all there is
	uint64_t left;
};

static void see(struct flood *f, uint32_t n, uint32_t from)
{
	if (!n || f->from[n])
		return;
	f->from[n] = from;
	f->queue[f->count++] = n;
	if (f->wanted && f->wanted[n >> 3] >> (n & 7) & 1)
		f->left--;
}

static void see_all(struct flood *f, uint32_t n)
{
	uint64_t ids[BATCH];
	uint32_t next = 0;
	struct hprof_part p;

	graph_part(f->g, n, &p);
	do {
		unsigned count = graph_refs(f->g->d, f->skip, &p, next, ids, BATCH, &next);

		for (unsigned i = 0; i < count; i++)
			if (ids[i])
				see(f, graph_find(f->g, ids[i]), n);
	} while (next);
}

static bool flood_open(struct flood *f, struct fail *why)
{
	uint64_t n4 = ((uint64_t)f->g->last + 2) * sizeof(uint32_t);

	if (!big_get(f->g->d->bigs, n4, &f->from_big, why) ||
	    !big_get(f->g->d->bigs, n4, &f->queue_big, why)) {
		big_drop(&f->from_big);
		return false;
	}
	f->from = f->from_big.at;
	f->queue = f->queue_big.at;
	return true;
}

static void flood_run(struct flood *f)
{
	// Threads last, so that a static field is preferred where both are as near.
	for (int threads = 0; threads < 2; threads++)
		for (size_t i = 0; i < f->g->d->roots.count; i++)
			if ((f->g->d->roots.at[i].tag == HPROF_ROOT_THREAD) == threads)
				see(f, graph_find(f->g, f->g->d->roots.at[i].id), GRAPH_TOP);
	for (uint32_t i = 0; i < f->count && (!f->wanted || f->left); i++)
		see_all(f, f->queue[i]);
}

static void flood_close(struct flood *f)
{
	big_drop(&f->from_big);
	big_drop(&f->queue_big);
}

static void fill_step(const struct graph *g, uint32_t from, uint32_t n, struct arena *mem,
		      struct path_step *out)
{
	struct hprof_part p;

	*out = (struct path_step){ .n = n, .object = path_object(g, n, mem) };
	out->retained = graph_retained(g, n);
	graph_part(g, n, &p);
	if (from != GRAPH_TOP && !graph_edge_between(g, from, p.id, &out->via))
		out->via = (struct edge){ .kind = EDGE_CLASS };
}

static void fill_path(const struct flood *f, uint32_t n, struct arena *mem, struct path *out)
{
	size_t len = 0;

	*out = (struct path){ .count = 0 };
	if (!f->from[n])
		return;
	for (uint32_t at = n; at != GRAPH_TOP; at = f->from[at])
		len++;
	out->count = len < DEPTH_SHOWN ? len : DEPTH_SHOWN;
	out->steps = arena_array(mem, struct path_step, out->count);
	// Of a way that is too long the end is shown: the root is at least named.
	for (uint32_t at = n; at != GRAPH_TOP; at = f->from[at]) {
		if (--len < out->count)
			fill_step(f->g, f->from[at], at, mem, &out->steps[len]);
		if (f->from[at] == GRAPH_TOP)
			out->root = path_root(f->g, at, mem);
	}
}

bool paths_find(const struct graph *g, unsigned skip, const uint32_t *targets, size_t count,
		struct arena *mem, struct path *out, struct fail *why)
{
	struct flood f = { .g = g, .skip = skip };
	struct big wanted;

	if (!big_get(g->d->bigs, (uint64_t)g->last / 8 + 1, &wanted, why))
		return false;
	if (!flood_open(&f, why)) {
		big_drop(&wanted);
		return false;
	}
	f.wanted = wanted.at;
	for (size_t i = 0; i < count; i++) {
		uint32_t n = targets[i];

		f.left += !(f.wanted[n >> 3] >> (n & 7) & 1);
		f.wanted[n >> 3] |= (uint8_t)(1u << (n & 7));
	}
	flood_run(&f);
	for (size_t i = 0; i < count; i++)
		fill_path(&f, targets[i], mem, &out[i]);
	flood_close(&f);
	big_drop(&wanted);
	return true;
}

struct merging {
	const struct flood *f;
	struct path_tree *tree;
	struct arena *mem;
	size_t limit;
	uint32_t *count; // of targets at or below, by number
	uint64_t *bytes;
	uint32_t *child, *next;
};

// What hangs on `of`, largest first, as long as the limit lasts; branches of less than a hundredth of
// all are left out.
static void put_branches(struct merging *m, uint32_t of, unsigned depth)
{
	uint32_t n;

	while (m->tree->count < m->limit && depth < 60) {
		uint32_t best = 0, before = 0, last = 0;

		for (n = m->child[of]; n; last = n, n = m->next[n])
			if (!best || m->count[n] > m->count[best]) {
				best = n;
				before = last;
			}
		if (!best || (depth && (uint64_t)m->count[best] * 100 < m->tree->reached))
			return;
		if (before)
			m->next[before] = m->next[best];
		else
			m->child[of] = m->next[best];
		fill_step(m->f->g, of, best, m->mem, &m->tree->steps[m->tree->count]);
		m->tree->steps[m->tree->count].depth = depth;
		m->tree->steps[m->tree->count].count = m->count[best];
		m->tree->steps[m->tree->count].retained = m->bytes[best];
		m->tree->roots[m->tree->count++] = depth ? NULL : path_root(m->f->g, best, m->mem);
		put_branches(m, best, depth + 1);
	}
}

bool paths_merge(const struct graph *g, unsigned skip, const struct klass *k, size_t limit,
		 struct arena *mem, struct path_tree *out, struct fail *why)
{
	struct flood f = { .g = g, .skip = skip };
	struct merging m = { .f = &f, .tree = out, .mem = mem, .limit = limit };
	uint64_t n4 = ((uint64_t)g->last + 2) * sizeof(uint32_t);
	struct big count = { 0 }, bytes = { 0 }, child = { 0 }, next = { 0 };
	bool held = flood_open(&f, why);

	*out = (struct path_tree){ .steps = arena_array(mem, struct path_step, limit + 1) };
	out->roots = arena_get_array(mem, limit + 1, sizeof(*out->roots));
	held = held && big_get(g->d->bigs, n4, &count, why) &&
	       big_get(g->d->bigs, n4 * 2, &bytes, why) && big_get(g->d->bigs, n4, &child, why) &&
	       big_get(g->d->bigs, n4, &next, why);
	if (held) {
		flood_run(&f);
		m.count = count.at;
		m.bytes = bytes.at;
		m.child = child.at;
		m.next = next.at;
		for (uint32_t n = GRAPH_FIRST; n <= g->last; n++) {
			if (graph_class(g, n) != k)
				continue;
			out->missed += !f.from[n];
			out->reached += f.from[n] != 0;
			m.count[n] = f.from[n] != 0;
			m.bytes[n] = graph_retained(g, n);
		}
		// Seen later is never nearer to a root: children before parents.
		for (uint32_t i = f.count; i--;) {
			uint32_t n = f.queue[i], up = f.from[n];

			if (!m.count[n])
				continue;
			m.count[up] += m.count[n];
			m.bytes[up] += m.bytes[n];
			m.next[n] = m.child[up];
			m.child[up] = n;
		}
		put_branches(&m, GRAPH_TOP, 0);
	}
	big_drop(&count);
	big_drop(&bytes);
	big_drop(&child);
	big_drop(&next);
	flood_close(&f);
	return held;
}
