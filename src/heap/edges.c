// SPDX-License-Identifier: Apache-2.0
// References and fields by name: slow, for the few objects that a person is shown.
#include <stdlib.h>
#include <string.h>

#include "heap/graph.h"

static bool instance_edges(struct dump *d, const struct klass *k, const struct hprof_part *p,
			   edge_fn *fn, void *arg)
{
	uint32_t at = 0;

	for (; k; k = k->super)
		for (uint32_t i = 0; i < k->body.field_count; i++) {
			const uint8_t *f = k->body.fields + (size_t)i * (d->ids + 1);
			unsigned bytes = hprof_type_bytes(f[d->ids], d->ids);
			struct edge e = { .kind = EDGE_FIELD };

			if (f[d->ids] == HPROF_OBJECT && at + d->ids <= p->count &&
			    (e.to = hprof_id(p->data + at, d->ids))) {
				e.field = dump_text(d, hprof_id(f, d->ids));
				if (!fn(arg, &e))
					return false;
			}
			at += bytes;
		}
	return true;
}

static void class_edges(struct dump *d, const struct klass *k, edge_fn *fn, void *arg)
{
	const uint8_t *at = k->body.statics;
	struct hprof_static s;
	struct edge e = { .kind = EDGE_SUPER, .to = k->body.super };

	if (e.to && !fn(arg, &e))
		return;
	e = (struct edge){ .kind = EDGE_LOADER, .to = k->body.loader };
	if (e.to && !fn(arg, &e))
		return;
	for (uint32_t i = 0; i < k->body.static_count; i++) {
		hprof_take_static(&at, d->ids, &s);
		if (s.type != HPROF_OBJECT || !hprof_id(s.value, d->ids))
			continue;
		e = (struct edge){ .kind = EDGE_STATIC, .to = hprof_id(s.value, d->ids) };
		e.field = dump_text(d, s.name);
		if (!fn(arg, &e))
			return;
	}
}

void graph_edges(const struct graph *g, uint32_t n, edge_fn *fn, void *arg)
{
	struct dump *d = g->d;
	struct hprof_part p;
	struct klass *k;
	struct edge e;
	uint32_t at;

	graph_part(g, n, &p);
	if (p.tag == HPROF_CLASS) {
		k = dump_class(d, p.id);
		if (k)
			class_edges(d, k, fn, arg);
		return;
	}
	k = graph_class_of_part(g, &p);
	if (p.tag == HPROF_PRIMITIVES || !k)
		return;
	if (p.tag == HPROF_INSTANCE && !instance_edges(d, k, &p, fn, arg))
		return;
	for (uint32_t i = 0; p.tag == HPROF_OBJECTS && i < p.count; i++) {
		e = (struct edge){ .kind = EDGE_ELEMENT, .index = i };
		e.to = hprof_id(p.data + (uint64_t)i * d->ids, d->ids);
		if (e.to && !fn(arg, &e))
			return;
	}
	if (k->is_thread && addresses_find(&d->thread_at, p.id, &at))
		for (uint32_t i = 0; i < d->threads.at[at].local_count; i++) {
			e = (struct edge){ .kind = EDGE_LOCAL,
					   .index = d->threads.at[at].local_frames[i],
					   .to = d->threads.at[at].locals[i] };
			if (!fn(arg, &e))
				return;
		}
	e = (struct edge){ .kind = EDGE_CLASS, .to = k->id };
	if (e.to)
		fn(arg, &e);
}

struct search {
	uint64_t to;
	struct edge *out;
	bool found;
};

static bool is_it(void *arg, const struct edge *e)
{
	struct search *s = arg;

	if (e->to != s->to)
		return true;
	*s->out = *e;
	s->found = true;
	return false;
}

bool graph_edge_between(const struct graph *g, uint32_t n, uint64_t to, struct edge *out)
{
	struct search s = { to, out, false };

	graph_edges(g, n, is_it, &s);
	return s.found;
}

static const uint8_t *field_of(const struct graph *g, uint32_t n, const char *name, uint8_t *type)
{
	struct hprof_part p;
	struct klass *k;
	uint32_t at;

	if (!n)
		return NULL;
	graph_part(g, n, &p);
	k = p.tag == HPROF_INSTANCE ? graph_class_of_part(g, &p) : NULL;
	if (!k || !klass_field(g->d, k, name, &at, type) ||
	    at + hprof_type_bytes(*type, g->d->ids) > p.count)
		return NULL;
	return p.data + at;
}

bool graph_field_object(const struct graph *g, uint32_t n, const char *name, uint32_t *to)
{
	uint8_t type;
	const uint8_t *at = field_of(g, n, name, &type);

	if (!at || type != HPROF_OBJECT)
		return false;
	*to = graph_find(g, hprof_id(at, g->d->ids));
	return true;
}

bool graph_field_number(const struct graph *g, uint32_t n, const char *name, int64_t *to)
{
	uint8_t type;
	const uint8_t *at = field_of(g, n, name, &type);

	if (!at)
		return false;
	switch (hprof_type_bytes(type, g->d->ids) * (type != HPROF_OBJECT)) {
	case 1:
		*to = (int8_t)*at;
		return true;
	case 2:
		*to = type == HPROF_CHAR ? hprof_u16(at) : (int16_t)hprof_u16(at);
		return true;
	case 4:
		*to = (int32_t)hprof_u32(at);
		return true;
	case 8:
		*to = (int64_t)hprof_u64(at);
		return true;
	default:
		return false;
	}
}

static char *put_utf8(char *to, uint32_t c)
{
	if (c < 0x80) {
		*to++ = (char)c;
	} else if (c < 0x800) {
		*to++ = (char)(0xc0 | c >> 6);
		*to++ = (char)(0x80 | (c & 63));
	} else {
		*to++ = (char)(0xe0 | c >> 12);
		*to++ = (char)(0x80 | (c >> 6 & 63));
		*to++ = (char)(0x80 | (c & 63));
	}
	return to;
}

// char[] before 9; since then byte[], Latin-1 or UTF-16 in the order of the machine (little-endian).
const char *graph_text(const struct graph *g, uint32_t n, size_t limit, struct arena *mem)
{
	struct hprof_part value;
	uint32_t at;
	int64_t coder = 0, offset = 0, count = -1;
	size_t units, step, i = 0;
	char *text, *to;

	if (!n || graph_class(g, n) != g->d->string || !g->d->string ||
	    !graph_field_object(g, n, "value", &at) || !at)
		return NULL;
	graph_part(g, at, &value);
	if (value.tag != HPROF_PRIMITIVES || (value.type != HPROF_BYTE && value.type != HPROF_CHAR))
		return NULL;
	if (value.type == HPROF_BYTE)
		graph_field_number(g, n, "coder", &coder);
	step = value.type == HPROF_CHAR || coder ? 2 : 1;
	units = value.len / step;
	// Until 7u5 strings shared arrays.
	if (graph_field_number(g, n, "offset", &offset) &&
	    graph_field_number(g, n, "count", &count) && offset >= 0 && count >= 0 &&
	    (size_t)offset <= units) {
		i = (size_t)offset;
		units = (size_t)count < units - i ? i + (size_t)count : units;
	}
	if (units - i > limit)
		units = i + limit;
	text = to = arena_get(mem, (units - i) * 3 + 1);
	for (; i < units; i++) {
		const uint8_t *c = value.data + i * step;

		to = put_utf8(to, step == 1                  ? *c
				  : value.type == HPROF_CHAR ? hprof_u16(c)
							     : (uint32_t)(c[0] | c[1] << 8));
	}
	return text;
}
