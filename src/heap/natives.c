// SPDX-License-Identifier: Apache-2.0
#include "heap/natives.h"

#include <stdlib.h>
#include <string.h>

#include "base/units.h"

enum { OWNER_DEPTH = 1000 };

static bool is_jdk_name(const char *name)
{
	static const char *const STARTS[] = { "java.", "javax.", "jdk.", "sun.", "com.sun.", "[" };

	for (size_t i = 0; i < sizeof(STARTS) / sizeof(STARTS[0]); i++)
		if (!strncmp(name, STARTS[i], strlen(STARTS[i])))
			return true;
	return false;
}

uint32_t native_owner(const struct graph *g, uint32_t n)
{
	for (unsigned depth = 0; n > GRAPH_TOP && n <= g->reached && depth < OWNER_DEPTH; depth++) {
		struct hprof_part p;
		const struct klass *k;

		graph_part(g, n, &p);
		k = p.tag == HPROF_CLASS ? dump_class(g->d, p.id) : graph_class_of_part(g, &p);
		if (k && !is_jdk_name(k->name))
			return n;
		n = graph_idom(g, n);
	}
	return 0;
}

struct segment {
	uint32_t scope, n;
	uint64_t start, end;
};

struct finding {
	const struct graph *g;
	struct arena *mem;
	VEC(struct native) found;
	VEC(struct segment) segments;
	struct addresses buffer_at; // memory's address -> number of the buffer that owns it
};

static void add(struct finding *f, const char *kind, uint32_t n, uint64_t bytes, bool estimated)
{
	vec_push(f->mem, &f->found,
		 (struct native){ .kind = kind,
				  .bytes = bytes,
				  .estimated = estimated,
				  .n = n,
				  .owner = native_owner(f->g, n),
				  .count = 1 });
}

static void note_buffer(struct finding *f, uint32_t n)
{
	int64_t address;
	uint32_t owner;

	// A view of another buffer's memory has no cleaner.
	if (graph_field_number(f->g, n, "address", &address) && address &&
	    graph_field_object(f->g, n, "cleaner", &owner) && owner)
		addresses_put(&f->buffer_at, (uint64_t)address, n, NULL);
}

// One for each block that is not yet freed: the buffer itself may be long gone from the caller.
static void add_deallocator(struct finding *f, uint32_t n)
{
	int64_t size, address;
	uint32_t buffer;

	if (!graph_field_number(f->g, n, "address", &address) || !address ||
	    (!graph_field_number(f->g, n, "size", &size) &&
	     !graph_field_number(f->g, n, "capacity", &size)))
		return;
	if (!addresses_find(&f->buffer_at, (uint64_t)address, &buffer))
		buffer = n;
	add(f, "direct buffer", buffer, (uint64_t)size, false);
}

static void add_unmapper(struct finding *f, uint32_t n)
{
	int64_t size, address;
	uint32_t buffer;

	if (!graph_field_number(f->g, n, "address", &address) || !address ||
	    !graph_field_number(f->g, n, "size", &size))
		return;
	if (!addresses_find(&f->buffer_at, (uint64_t)address, &buffer))
		buffer = n;
	add(f, "mapped file", buffer, (uint64_t)size, false);
}

// zlib's own need: inflate's window and state, deflate's windows and hash tables at the usual level.
static void add_zlib(struct finding *f, uint32_t n, bool inflates)
{
	uint32_t ref;
	int64_t address = 0;

	if (graph_field_object(f->g, n, "zsRef", &ref) && ref)
		graph_field_number(f->g, ref, "address", &address);
	if (address)
		add(f, inflates ? "inflater" : "deflater", n, inflates ? KIB(39) : KIB(256), true);
}

static void note_segment(struct finding *f, uint32_t n)
{
	int64_t start, length;
	uint32_t scope;

	if (graph_field_number(f->g, n, "min", &start) &&
	    graph_field_number(f->g, n, "length", &length) && length > 0 &&
	    length < (INT64_C(1) << 46) && graph_field_object(f->g, n, "scope", &scope) && scope)
		vec_push(f->mem, &f->segments,
			 (struct segment){ scope, n, (uint64_t)start, (uint64_t)(start + length) });
}

static int by_scope(const void *a, const void *b)
{
	const struct segment *x = a, *y = b;

	if (x->scope != y->scope)
		return x->scope < y->scope ? -1 : 1;
	return x->start < y->start ? -1 : x->start > y->start;
}

// Slices overlap: of each session the bytes that any of its segments covers.
static void add_sessions(struct finding *f)
{
	size_t count = f->segments.count;

	if (count)
		qsort(f->segments.at, count, sizeof(*f->segments.at), by_scope);
	for (size_t i = 0; i < count;) {
		uint32_t scope = f->segments.at[i].scope, n = f->segments.at[i].n;
		uint64_t bytes = 0, end = 0, segments = 0;

		for (; i < count && f->segments.at[i].scope == scope; i++, segments++) {
			const struct segment *s = &f->segments.at[i];

			if (s->end > end)
				bytes += s->end - (s->start > end ? s->start : end);
			end = s->end > end ? s->end : end;
		}
		add(f, "memory segments", scope, bytes, false);
		f->found.at[f->found.count - 1].count = segments;
		if (!f->found.at[f->found.count - 1].owner)
			f->found.at[f->found.count - 1].owner = native_owner(f->g, n);
	}
}

static int by_bytes(const void *a, const void *b)
{
	const struct native *x = a, *y = b;

	if (x->bytes != y->bytes)
		return x->bytes < y->bytes ? 1 : -1;
	return x->n < y->n ? -1 : x->n > y->n;
}

// Which classes matter, found once by name; the parts are then known by their class alone.
enum role {
	ROLE_NONE,
	ROLE_BUFFER,
	ROLE_DEALLOCATOR,
	ROLE_UNMAPPER,
	ROLE_INFLATER,
	ROLE_DEFLATER,
	ROLE_SEGMENT,
	ROLE_COUNT
};
static const char *const ROLES[ROLE_COUNT] = {
	[ROLE_BUFFER] = "java.nio.MappedByteBuffer", // direct ones are below it
	[ROLE_DEALLOCATOR] = "java.nio.DirectByteBuffer$Deallocator",
	[ROLE_UNMAPPER] = "sun.nio.ch.FileChannelImpl$Unmapper",
	[ROLE_INFLATER] = "java.util.zip.Inflater",
	[ROLE_DEFLATER] = "java.util.zip.Deflater",
	[ROLE_SEGMENT] = "jdk.internal.foreign.NativeMemorySegmentImpl",
};

struct visit {
	struct finding *f;
	uint8_t *roles; // by class
	bool buffers;   // in this round only them
};

static void visit_part(void *arg, uint64_t place, const struct hprof_part *p)
{
	struct visit *v = arg;
	const struct klass *k =
		p->tag == HPROF_INSTANCE ? dump_class(v->f->g->d, p->class_id) : NULL;
	uint8_t role = k ? v->roles[k->index] : ROLE_NONE;
	uint32_t n;

	if (role == ROLE_NONE || (role == ROLE_BUFFER) != v->buffers)
		return;
	n = graph_find(v->f->g, p->id);
	if (!n)
		return;
	switch ((enum role)role) {
	case ROLE_BUFFER:
		note_buffer(v->f, n);
		break;
	case ROLE_DEALLOCATOR:
		add_deallocator(v->f, n);
		break;
	case ROLE_UNMAPPER:
		add_unmapper(v->f, n);
		break;
	case ROLE_INFLATER:
	case ROLE_DEFLATER:
		add_zlib(v->f, n, role == ROLE_INFLATER);
		break;
	case ROLE_SEGMENT:
		note_segment(v->f, n);
		break;
	default:
		break;
	}
}

void natives_find(const struct graph *g, struct arena *mem, struct natives *out)
{
	struct finding f = { .g = g, .mem = mem };
	struct visit v = { .f = &f, .buffers = true };

	addresses_init(&f.buffer_at, mem);
	v.roles = arena_array(mem, uint8_t, g->d->classes.count + 1);
	for (size_t i = 0; i < g->d->classes.count; i++)
		for (int r = ROLE_BUFFER; r < ROLE_COUNT; r++)
			if (klass_is_below(g->d->classes.at[i], ROLES[r]))
				v.roles[i] = (uint8_t)r;
	dump_each_part(g->d, visit_part, &v);
	v.buffers = false;
	dump_each_part(g->d, visit_part, &v);
	add_sessions(&f);
	if (f.found.count)
		qsort(f.found.at, f.found.count, sizeof(*f.found.at), by_bytes);
	out->at = f.found.at;
	out->count = f.found.count;
}

struct waiting {
	const struct graph *g;
	struct arena *mem;
	uint8_t *roles;
	uint32_t enqueued; // ReferenceQueue.ENQUEUED
	struct finalizable *by_class;
	VEC(struct queue) queues;
};

enum { WAIT_NONE, WAIT_FINALIZER, WAIT_QUEUE };

static void wait_part(void *arg, uint64_t place, const struct hprof_part *p)
{
	struct waiting *w = arg;
	const struct klass *k = p->tag == HPROF_INSTANCE ? dump_class(w->g->d, p->class_id) : NULL;
	uint32_t n, at, head;
	int64_t length;

	if (!k || w->roles[k->index] == WAIT_NONE)
		return;
	n = graph_find(w->g, p->id);
	if (w->roles[k->index] == WAIT_QUEUE) {
		if (!graph_field_number(w->g, n, "queueLength", &length) || length <= 0)
			return;
		if (!graph_field_object(w->g, n, "head", &head))
			head = 0;
		vec_push(w->mem, &w->queues,
			 (struct queue){ n, (uint64_t)length, head ? graph_class(w->g, head) : NULL,
					 native_owner(w->g, n) });
		return;
	}
	if (!graph_field_object(w->g, n, "referent", &at) || !at || !graph_class(w->g, at))
		return; // it was finalized
	k = graph_class(w->g, at);
	w->by_class[k->index].k = k;
	if (graph_field_object(w->g, n, "queue", &at) && at && at == w->enqueued)
		w->by_class[k->index].waiting++;
	else
		w->by_class[k->index].registered++;
}

static int by_waiting(const void *a, const void *b)
{
	const struct finalizable *x = a, *y = b;

	if (x->waiting != y->waiting)
		return x->waiting < y->waiting ? 1 : -1;
	if (x->registered != y->registered)
		return x->registered < y->registered ? 1 : -1;
	return x->k && y->k ? strcmp(x->k->name, y->k->name) : 0;
}

static int by_length(const void *a, const void *b)
{
	const struct queue *x = a, *y = b;

	return x->length < y->length ? 1 : x->length > y->length ? -1 : 0;
}

void finalizables_find(const struct graph *g, struct arena *mem, struct finalizables *out)
{
	struct waiting w = { .g = g, .mem = mem };
	size_t classes = g->d->classes.count, count = 0;
	const struct klass *queue = dump_class_named(g->d, "java.lang.ref.ReferenceQueue");
	struct hprof_static s;

	w.roles = arena_array(mem, uint8_t, classes + 1);
	w.by_class = arena_array(mem, struct finalizable, classes + 1);
	for (size_t i = 0; i < classes; i++)
		w.roles[i] = klass_is_below(g->d->classes.at[i], "java.lang.ref.Finalizer")
				     ? WAIT_FINALIZER
			     : klass_is_below(g->d->classes.at[i], "java.lang.ref.ReferenceQueue")
				     ? WAIT_QUEUE
				     : WAIT_NONE;
	if (queue && klass_static(g->d, queue, "ENQUEUED", &s) && s.type == HPROF_OBJECT)
		w.enqueued = graph_find(g, hprof_id(s.value, g->d->ids));
	dump_each_part(g->d, wait_part, &w);
	for (size_t i = 0; i < classes; i++)
		if (w.by_class[i].k)
			w.by_class[count++] = w.by_class[i];
	if (count)
		qsort(w.by_class, count, sizeof(*w.by_class), by_waiting);
	if (w.queues.count)
		qsort(w.queues.at, w.queues.count, sizeof(*w.queues.at), by_length);
	out->at = w.by_class;
	out->count = count;
	out->queues = w.queues.at;
	out->queue_count = w.queues.count;
}
