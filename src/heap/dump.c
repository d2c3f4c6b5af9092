// SPDX-License-Identifier: Apache-2.0
#include "heap/dump.h"

#include <stdlib.h>
#include <string.h>

#include "base/fail.h"

enum { PIECE_BYTES = 4 << 20 }; // about how far known places in the heap lie apart
enum { ROOT_LIMIT = 1 << 28 };

struct loading {
	struct dump *d;
	progress_fn *progress;
	void *arg;
	struct addresses class_names; // class id -> text index + 1
	VEC(struct dump_frame) frames;
	struct addresses frame_at;
	VEC(struct dump_piece) traces; // of the bodies of TRACE records
	struct addresses trace_at;
	struct klass *recent[256];
	bool is_cut;
	uint64_t cut_at;
	const char *cut_why;
};

const char *dump_text(struct dump *d, uint64_t id)
{
	uint32_t i;

	if (!addresses_find(&d->text_at, id, &i))
		return "";
	return arena_copy(d->mem, (const char *)d->texts.at[i].at, d->texts.at[i].len);
}

// "java/lang/String" as "java.lang.String"; a hidden class's "+0x.." (since 15) as "/0x..".
static const char *class_name(struct dump *d, uint64_t text_id)
{
	char *name = (char *)dump_text(d, text_id);

	if (!*name)
		return arena_text(d->mem, "<unnamed class>");
	for (char *c = name; *c; c++)
		if (*c == '/')
			*c = '.';
		else if (!strncmp(c, "+0x", 3))
			*c = '/';
	return name;
}

struct klass *dump_class(const struct dump *d, uint64_t id)
{
	uint32_t i;

	return id && addresses_find(&d->class_at, id, &i) ? d->classes.at[i] : NULL;
}

struct klass *dump_class_named(const struct dump *d, const char *name)
{
	for (size_t i = 0; i < d->classes.count; i++)
		if (!strcmp(d->classes.at[i]->name, name))
			return d->classes.at[i];
	return NULL;
}

bool klass_is_below(const struct klass *k, const char *name)
{
	for (; k; k = k->super)
		if (!strcmp(k->name, name))
			return true;
	return false;
}

static struct klass *make_class(struct loading *l, uint64_t id)
{
	struct dump *d = l->d;
	struct klass *k = arena_new(d->mem, struct klass);
	uint32_t text = 0;

	k->id = id;
	k->index = (uint32_t)d->classes.count;
	k->name = id && addresses_find(&l->class_names, id, &text)
			  ? class_name(d, hprof_id(d->texts.at[text].at - d->ids, d->ids))
			  : "<unnamed class>";
	k->samples = arena_array(d->mem, struct klass_sample, KLASS_SAMPLES);
	if (id)
		addresses_put(&d->class_at, id, (uint32_t)d->classes.count, NULL);
	vec_push(d->mem, &d->classes, k);
	return k;
}

static inline struct klass *class_of(struct loading *l, uint64_t id)
{
	struct klass **recent = &l->recent[(id >> 3) & 255];

	if (*recent && (*recent)->id == id)
		return *recent;
	*recent = dump_class(l->d, id);
	if (!*recent)
		*recent = make_class(l, id);
	return *recent;
}

// An array's own count; `type` is that of its elements.
static void count_array(struct dump *d, struct klass *k, uint8_t type, uint64_t id, uint32_t n)
{
	if (!k->arrays) {
		k->arrays = arena_new(d->mem, struct klass_arrays);
		k->is_array = true;
		k->element = type;
	}
	if (k->instances < KLASS_SAMPLES)
		k->samples[k->instances] = (struct klass_sample){ id, n };
	k->instances++;
	k->arrays->elements += n;
	k->arrays->by_rest[n & 255]++;
}

static void take_class_part(struct loading *l, const struct hprof_part *p)
{
	struct klass *k = class_of(l, p->id);
	const uint8_t *inside = p->data;

	if (!k->is_known)
		k->is_known = hprof_take_class(&inside, p->data + p->len, l->d->ids, &k->body);
}

// Virtual threads that are not mounted keep their stack in an object of the heap.
static void find_stack(struct dump *d, struct klass *k)
{
	uint8_t type;

	k->is_stack = !strcmp(k->name, "jdk.internal.vm.StackChunk") &&
		      klass_field(d, k, "size", &k->words_at, &type) && type == HPROF_INT;
	k->stack_words = k->stack_bits[0] = k->stack_bits[1] = 0;
}

uint32_t dump_stack_words(const struct klass *k, const struct hprof_part *p)
{
	return p->count >= k->words_at + 4 ? hprof_u32(p->data + k->words_at) : 0;
}

static void add_stack(struct klass *k, uint32_t words)
{
	k->stack_words += words;
	k->stack_bits[0] += ((uint64_t)words + 63) / 64;
	k->stack_bits[1] += ((uint64_t)words * 2 + 63) / 64;
}

static bool add_part(struct loading *l, const struct hprof_part *p)
{
	struct dump *d = l->d;
	struct klass *k;

	switch (p->tag) {
	case HPROF_INSTANCE:
		k = class_of(l, p->class_id);
		if (k->instances < KLASS_SAMPLES)
			k->samples[k->instances].id = p->id;
		if (!k->instances++)
			find_stack(d, k);
		if (k->is_stack) {
			if (k->instances <= KLASS_SAMPLES)
				k->samples[k->instances - 1].count = dump_stack_words(k, p);
			add_stack(k, dump_stack_words(k, p));
		}
		break;
	case HPROF_OBJECTS:
		count_array(d, class_of(l, p->class_id), HPROF_OBJECT, p->id, p->count);
		break;
	case HPROF_PRIMITIVES:
		if (!d->primitive[p->type])
			d->primitive[p->type] = make_class(l, 0);
		count_array(d, d->primitive[p->type], p->type, p->id, p->count);
		break;
	case HPROF_CLASS:
		take_class_part(l, p);
		break;
	default:
		if (p->id && d->roots.count < ROOT_LIMIT)
			vec_push(d->mem, &d->roots,
				 (struct dump_root){ p->id, p->thread, p->frame, p->tag });
		return true;
	}
	d->parts++;
	return !p->id || idmap_add(&d->idmap, p->id, d->parts);
}

static void note_cut(struct loading *l, const uint8_t *at, const char *what)
{
	if (l->is_cut)
		return;
	l->is_cut = true;
	l->cut_at = (uint64_t)(at - (const uint8_t *)l->d->image.bytes.at);
	l->cut_why = what;
}

// The parts of one piece; false: the ids do not suit the map, or the work was interrupted.
static bool add_piece(struct loading *l, struct dump_piece *piece, struct fail *why)
{
	const uint8_t *at = piece->at;
	struct hprof_part p;
	enum hprof_took took;

	while ((took = hprof_take_part(&at, piece->end, l->d->ids, &p)) == HPROF_TOOK_PART)
		if (!add_part(l, &p))
			return fail(why, FAIL_ABSENT, "ids");
	if (took == HPROF_TOOK_CUT)
		note_cut(l, at, "the file ends within an object");
	else if (took == HPROF_TOOK_UNKNOWN)
		note_cut(l, at, "bytes that are no part of a heap");
	piece->end = at;
	return true;
}

static void add_text(struct loading *l, const struct hprof_record *r)
{
	struct dump *d = l->d;

	if (r->have < d->ids || !hprof_id(r->body, d->ids))
		return;
	addresses_put(&d->text_at, hprof_id(r->body, d->ids), (uint32_t)d->texts.count, NULL);
	vec_push(d->mem, &d->texts,
		 (struct dump_text){ r->body + d->ids, (uint32_t)(r->have - d->ids) });
}

static void add_frame(struct loading *l, const struct hprof_record *r)
{
	unsigned ids = l->d->ids;
	struct dump_frame f;

	if (r->have < 4 * ids + 8)
		return;
	// Texts may follow: names are resolved when all are there.
	f = (struct dump_frame){ .id = hprof_id(r->body, ids),
				 .record = r->body,
				 .line = (int32_t)hprof_u32(r->body + 4 * ids + 4) };
	addresses_put(&l->frame_at, f.id + 1, (uint32_t)l->frames.count, NULL);
	vec_push(l->d->mem, &l->frames, f);
}

static void add_record(struct loading *l, const struct hprof_record *r)
{
	struct dump *d = l->d;

	switch (r->tag) {
	case HPROF_UTF8:
		add_text(l, r);
		break;
	case HPROF_LOAD_CLASS:
		if (r->have >= 8 + 2 * d->ids) {
			uint32_t text;
			uint64_t name = hprof_id(r->body + 8 + d->ids, d->ids);

			if (hprof_id(r->body + 4, d->ids) &&
			    addresses_find(&d->text_at, name, &text))
				addresses_put(&l->class_names, hprof_id(r->body + 4, d->ids), text,
					      NULL);
		}
		break;
	case HPROF_FRAME:
		add_frame(l, r);
		break;
	case HPROF_TRACE:
		if (r->have >= 12) {
			addresses_put(&l->trace_at, (uint64_t)hprof_u32(r->body) + 1,
				      (uint32_t)l->traces.count, NULL);
			vec_push(d->mem, &l->traces,
				 (struct dump_piece){ r->body, r->body + r->have });
		}
		break;
	default:
		break;
	}
}

// All records; the heap's own are only noted.  Of several dumps in a file the last is meant.
static void add_records(struct loading *l)
{
	struct dump *d = l->d;
	const uint8_t *start = (const uint8_t *)d->image.bytes.at,
		      *end = start + d->image.bytes.len;
	const uint8_t *at = start + d->header.len;
	struct hprof_record r;
	bool in_dump = false, was_ended = false;

	while (hprof_take_record(&at, end, &r)) {
		if (r.have < r.len)
			note_cut(l, r.body, "the file ends within a record");
		if (r.tag == HPROF_HEAP_END) {
			in_dump = false;
			was_ended = true;
		}
		if (r.tag != HPROF_HEAP_DUMP && r.tag != HPROF_HEAP_SEGMENT) {
			add_record(l, &r);
			continue;
		}
		if (!in_dump) {
			d->pieces.count = 0;
			d->heap_bytes = 0;
			d->dumps++;
		}
		in_dump = r.tag == HPROF_HEAP_SEGMENT;
		was_ended = !in_dump;
		d->heap_bytes += r.have;
		vec_push(d->mem, &d->pieces, (struct dump_piece){ r.body, r.body + r.have });
	}
	if (at < end)
		note_cut(l, at, "the file ends within a record's head");
	if (!was_ended)
		note_cut(l, end, "the dump has no end: its writer was stopped or the file was cut");
	if (d->image.is_cut)
		note_cut(l, end, "the gzip file ends too early");
}

static bool count_objects(struct loading *l, unsigned shift, uint64_t sorted_room, struct fail *why)
{
	struct dump *d = l->d;
	uint64_t done = 0;

	if (!idmap_init(&d->idmap, d->bigs, shift, sorted_room, why))
		return false;
	d->parts = d->roots.count = 0;
	for (size_t i = 0; i < d->classes.count; i++) {
		d->classes.at[i]->instances = 0;
		d->classes.at[i]->arrays = NULL;
	}
	for (size_t i = 0; i < d->pieces.count; i++) {
		struct dump_piece rest = d->pieces.at[i];

		done += (uint64_t)(rest.end - rest.at);
		if (!add_piece(l, &d->pieces.at[i], why))
			return false;
		if (l->progress && !l->progress(l->arg, (double)done / (double)d->heap_bytes))
			return fail(why, FAIL_GONE, "interrupted");
	}
	return idmap_seal(&d->idmap, why);
}

// The bitmap of addresses, else one of serial numbers, else sorted ids.
static bool count_any_ids(struct loading *l, struct fail *why)
{
	struct dump *d = l->d;
	struct fail first = { 0 };

	for (int way = 0; way < 3; way++) {
		idmap_drop(&d->idmap);
		if (count_objects(l, way ? 0 : 3, way == 2 ? d->heap_bytes / (5 + d->ids) + 1 : 0,
				  &first))
			return true;
		if (first.kind != FAIL_ABSENT)
			break;
	}
	*why = first;
	return false;
}

// Classes are named in frames by their serial number; a second look at LOAD_CLASS finds it.
static void resolve_frames(struct loading *l)
{
	struct dump *d = l->d;
	const uint8_t *start = (const uint8_t *)d->image.bytes.at,
		      *end = start + d->image.bytes.len;
	const uint8_t *at = start + d->header.len;
	struct addresses by_serial;
	VEC(uint64_t) names = { 0 };
	struct hprof_record r;

	if (!l->frames.count)
		return;
	addresses_init(&by_serial, d->mem);
	while (hprof_take_record(&at, end, &r))
		if (r.tag == HPROF_LOAD_CLASS && r.have >= 8 + 2 * d->ids) {
			addresses_put(&by_serial, (uint64_t)hprof_u32(r.body) + 1,
				      (uint32_t)names.count, NULL);
			vec_push(d->mem, &names, hprof_id(r.body + 8 + d->ids, d->ids));
		}
	for (size_t i = 0; i < l->frames.count; i++) {
		struct dump_frame *f = &l->frames.at[i];
		const uint8_t *body = f->record;
		uint32_t at_name;

		f->method = dump_text(d, hprof_id(body + d->ids, d->ids));
		f->source = dump_text(d, hprof_id(body + 3 * d->ids, d->ids));
		f->class_name = addresses_find(&by_serial,
					       (uint64_t)hprof_u32(body + 4 * d->ids) + 1, &at_name)
					? class_name(d, names.at[at_name])
					: "?";
	}
}

static void resolve_trace(struct loading *l, struct dump_thread *t, uint32_t trace)
{
	struct dump *d = l->d;
	uint32_t at, frame;
	const uint8_t *body;
	uint64_t n;

	if (!addresses_find(&l->trace_at, (uint64_t)trace + 1, &at))
		return;
	body = l->traces.at[at].at;
	n = (uint64_t)(l->traces.at[at].end - body - 12) / d->ids;
	if (hprof_u32(body + 8) < n)
		n = hprof_u32(body + 8);
	t->frames = arena_get_array(d->mem, n + 1, sizeof(*t->frames));
	for (uint64_t i = 0; i < n; i++)
		if (addresses_find(&l->frame_at, hprof_id(body + 12 + i * d->ids, d->ids) + 1,
				   &frame))
			t->frames[t->frame_count++] = &l->frames.at[frame];
}

static bool is_local(uint8_t tag)
{
	return tag == HPROF_ROOT_JAVA_FRAME || tag == HPROF_ROOT_JNI_LOCAL ||
	       tag == HPROF_ROOT_NATIVE_STACK || tag == HPROF_ROOT_THREAD_BLOCK;
}

// Locals of a thread that is known hang on it and are no roots of their own.
static void resolve_threads(struct loading *l)
{
	struct dump *d = l->d;
	struct addresses by_serial;
	size_t kept = 0;
	uint32_t at;

	addresses_init(&by_serial, d->mem);
	addresses_init(&d->thread_at, d->mem);
	for (size_t i = 0; i < d->roots.count; i++) {
		const struct dump_root *r = &d->roots.at[i];
		struct dump_thread t = { .id = r->id, .serial = r->thread };

		if (r->tag != HPROF_ROOT_THREAD || addresses_find(&d->thread_at, r->id, &at))
			continue;
		resolve_trace(l, &t, r->frame);
		addresses_put(&by_serial, (uint64_t)r->thread + 1, (uint32_t)d->threads.count,
			      NULL);
		addresses_put(&d->thread_at, r->id, (uint32_t)d->threads.count, NULL);
		vec_push(d->mem, &d->threads, t);
	}
	for (int fill = 0; fill < 2; fill++) {
		for (size_t i = 0; i < d->roots.count; i++) {
			const struct dump_root *r = &d->roots.at[i];
			struct dump_thread *t;

			if (!is_local(r->tag) ||
			    !addresses_find(&by_serial, (uint64_t)r->thread + 1, &at)) {
				if (fill)
					d->roots.at[kept++] = *r;
				continue;
			}
			t = &d->threads.at[at];
			if (fill) {
				t->local_frames[t->local_count] = r->frame;
				t->locals[t->local_count] = r->id;
			}
			t->local_count++;
		}
		for (size_t i = 0; !fill && i < d->threads.count; i++) {
			struct dump_thread *t = &d->threads.at[i];

			t->locals = arena_array(d->mem, uint64_t, t->local_count + 1);
			t->local_frames = arena_array(d->mem, uint32_t, t->local_count + 1);
			t->local_count = 0;
		}
	}
	d->roots.count = kept;
}

static void resolve_supers(struct dump *d)
{
	for (size_t i = 0; i < d->classes.count; i++)
		if (d->classes.at[i]->is_known)
			d->classes.at[i]->super = dump_class(d, d->classes.at[i]->body.super);
	// A chain that bites its tail, or is deeper than any program's, ends at once.
	for (size_t i = 0; i < d->classes.count; i++) {
		struct klass *k = d->classes.at[i], *s = k->super;
		unsigned depth = 0;

		while (s && depth <= KLASS_DEPTH_LIMIT) {
			s = s->super;
			depth++;
		}
		if (depth > KLASS_DEPTH_LIMIT)
			k->super = NULL;
	}
	for (size_t i = 0; i < d->classes.count; i++)
		for (struct klass *s = d->classes.at[i]->super; s; s = s->super)
			d->classes.at[i]->depth++;
}

static void resolve_refs(struct dump *d, struct klass *k)
{
	VEC(uint32_t) refs = { 0 };
	uint32_t at = 0;

	for (const struct klass *s = k; s; s = s->super)
		for (uint32_t i = 0; i < s->body.field_count; i++) {
			uint8_t type = s->body.fields[i * (d->ids + 1) + d->ids];

			if (type == HPROF_OBJECT)
				vec_push(d->mem, &refs, at);
			at += hprof_type_bytes(type, d->ids);
		}
	k->field_bytes = at;
	k->refs = refs.at;
	k->ref_count = (uint32_t)refs.count;
}

static void resolve_edges(struct dump *d, struct klass *k)
{
	VEC(uint64_t) edges = { 0 };
	const uint8_t *at = k->body.statics;
	struct hprof_static s;

	if (k->body.super)
		vec_push(d->mem, &edges, k->body.super);
	if (k->body.loader)
		vec_push(d->mem, &edges, k->body.loader);
	for (uint32_t i = 0; i < k->body.static_count; i++) {
		hprof_take_static(&at, d->ids, &s);
		if (s.type == HPROF_OBJECT && hprof_id(s.value, d->ids))
			vec_push(d->mem, &edges, hprof_id(s.value, d->ids));
	}
	k->edges = edges.at;
	k->edge_count = (uint32_t)edges.count;
}

static void resolve_reference(struct dump *d, struct klass *k)
{
	static const struct {
		const char *name;
		enum klass_reference kind;
	} KINDS[] = {
		{ "java.lang.ref.WeakReference", REFERENCE_WEAK },
		{ "java.lang.ref.SoftReference", REFERENCE_SOFT },
		{ "java.lang.ref.PhantomReference", REFERENCE_PHANTOM },
		{ "java.lang.ref.FinalReference", REFERENCE_FINAL },
	};
	uint8_t type;

	for (size_t i = 0; i < sizeof(KINDS) / sizeof(KINDS[0]); i++)
		if (klass_is_below(k, KINDS[i].name) &&
		    klass_field(d, k, "referent", &k->referent_at, &type) && type == HPROF_OBJECT)
			k->reference = KINDS[i].kind;
}

// The names of arrays of primitives, whose parts have a type instead of a class.
static void name_primitives(struct dump *d)
{
	static const char *const NAMES[HPROF_TYPES] = {
		[HPROF_BOOLEAN] = "[Z", [HPROF_CHAR] = "[C", [HPROF_FLOAT] = "[F",
		[HPROF_DOUBLE] = "[D",  [HPROF_BYTE] = "[B", [HPROF_SHORT] = "[S",
		[HPROF_INT] = "[I",     [HPROF_LONG] = "[J",
	};

	for (unsigned t = HPROF_BOOLEAN; t < HPROF_TYPES; t++) {
		if (!d->primitive[t])
			continue;
		d->primitive[t]->name = NAMES[t];
		d->primitive[t]->is_boot = true;
		d->primitive[t]->is_root = true;
	}
}

static void resolve_classes(struct dump *d)
{
	resolve_supers(d);
	for (size_t i = 0; i < d->classes.count; i++) {
		struct klass *k = d->classes.at[i];

		k->is_boot |= k->is_known && !k->body.loader;
		k->is_array |= k->name[0] == '[';
		resolve_refs(d, k);
		resolve_edges(d, k);
		resolve_reference(d, k);
		k->is_thread = klass_is_below(k, "java.lang.Thread");
	}
	name_primitives(d);
	d->mirror = dump_class_named(d, "java.lang.Class");
	d->string = dump_class_named(d, "java.lang.String");
	d->object = dump_class_named(d, "java.lang.Object");
}

// A dump without system classes among its roots (jhsdb's, or one that was cut before them) has the
// boot loader's classes for roots; one that was cut has its threads too.
// Returns whether the dump names system classes.
static bool resolve_roots(struct dump *d, bool is_cut)
{
	bool has_sticky = false;

	for (size_t i = 0; i < d->roots.count && !has_sticky; i++)
		has_sticky = d->roots.at[i].tag == HPROF_ROOT_STICKY_CLASS;
	for (size_t i = 0; i < d->classes.count && (!has_sticky || is_cut); i++) {
		struct klass *k = d->classes.at[i];

		if (k->id && k->is_boot && !k->is_array)
			vec_push(d->mem, &d->roots,
				 (struct dump_root){ k->id, 0, UINT32_MAX,
						     HPROF_ROOT_STICKY_CLASS });
	}
	for (size_t i = 0; i < d->roots.count; i++) {
		struct klass *k = dump_class(d, d->roots.at[i].id);

		if (k)
			k->is_root = true;
	}
	return has_sticky;
}

// The VM holds these by handles, as long as it runs.
static bool is_system_loader(const struct klass *k)
{
	return klass_is_below(k, "jdk.internal.loader.BuiltinClassLoader") ||
	       klass_is_below(k, "sun.misc.Launcher$AppClassLoader");
}

// The system's class loaders, and threads where no root names them, by their class.
static void find_roots(struct dump *d, bool threads)
{
	for (size_t i = 0; i < d->pieces.count; i++) {
		const uint8_t *at = d->pieces.at[i].at;
		struct hprof_part p;

		while (hprof_take_part(&at, d->pieces.at[i].end, d->ids, &p) == HPROF_TOOK_PART) {
			struct klass *k =
				p.tag == HPROF_INSTANCE ? dump_class(d, p.class_id) : NULL;

			if (k && ((k->is_thread && threads) || is_system_loader(k)))
				vec_push(d->mem, &d->roots,
					 (struct dump_root){ p.id, 0, UINT32_MAX,
							     k->is_thread ? HPROF_ROOT_THREAD
									  : HPROF_ROOT_UNKNOWN });
		}
	}
}

static bool is_plausible(const struct dump *d, struct fail *why)
{
	return d->parts || fail(why, FAIL_CORRUPT,
				"the heap dump holds no object%s: its writer was stopped, or the "
				"file was cut",
				d->dumps ? "" : " and no heap");
}

static bool load(struct dump *d, progress_fn *progress, void *arg, struct fail *why)
{
	struct loading *l = arena_new(d->mem, struct loading);
	bool has_system, had_roots;

	l->d = d;
	l->progress = progress;
	l->arg = arg;
	if (!hprof_parse_header(d->image.bytes, &d->header, why))
		return false;
	d->ids = d->header.id_bytes;
	addresses_init(&d->text_at, d->mem);
	addresses_init(&d->class_at, d->mem);
	addresses_init(&l->class_names, d->mem);
	addresses_init(&l->frame_at, d->mem);
	addresses_init(&l->trace_at, d->mem);
	add_records(l);
	if (!count_any_ids(l, why) || !is_plausible(d, why))
		return false;
	d->objects = d->idmap.count;
	resolve_frames(l);
	resolve_classes(d);
	resolve_threads(l);
	had_roots = d->roots.count || d->threads.count;
	has_system = resolve_roots(d, l->is_cut);
	d->roots_made = !has_system || l->is_cut;
	if (d->roots_made)
		find_roots(d, !had_roots || l->is_cut);
	if (l->is_cut)
		d->loss = arena_format(d->mem, "%s, at byte %llu of %zu", l->cut_why,
				       (unsigned long long)l->cut_at, d->image.bytes.len);
	layout_infer(d);
	return true;
}

bool dump_parse(struct span bytes, struct bigs *bigs, progress_fn *progress, void *arg,
		struct arena *mem, struct dump *out, struct fail *why)
{
	*out = (struct dump){ .mem = mem, .bigs = bigs };
	out->image.bytes = bytes;
	if (load(out, progress, arg, why))
		return true;
	idmap_drop(&out->idmap);
	return false;
}

bool dump_open(const char *path, struct bigs *bigs, progress_fn *progress, void *arg,
	       struct arena *mem, struct dump *out, struct fail *why)
{
	struct dump d = { .mem = mem, .bigs = bigs };

	if (!image_open(path, bigs, progress, arg, &d.image, why))
		return false;
	*out = d;
	if (load(out, progress, arg, why))
		return true;
	fail_while(why, "%s", path);
	dump_close(out);
	return false;
}

void dump_close(struct dump *d)
{
	idmap_drop(&d->idmap);
	image_close(&d->image);
}

bool klass_field(struct dump *d, const struct klass *k, const char *name, uint32_t *offset,
		 uint8_t *type)
{
	size_t len = strlen(name);
	uint32_t at = 0, text;

	for (; k; k = k->super)
		for (uint32_t i = 0; i < k->body.field_count; i++) {
			const uint8_t *f = k->body.fields + (size_t)i * (d->ids + 1);

			if (addresses_find(&d->text_at, hprof_id(f, d->ids), &text) &&
			    d->texts.at[text].len == len &&
			    !memcmp(d->texts.at[text].at, name, len)) {
				*offset = at;
				*type = f[d->ids];
				return true;
			}
			at += hprof_type_bytes(f[d->ids], d->ids);
		}
	return false;
}

bool klass_static(struct dump *d, const struct klass *k, const char *name, struct hprof_static *out)
{
	size_t len = strlen(name);
	const uint8_t *at = k->body.statics;
	uint32_t text;

	for (uint32_t i = 0; i < k->body.static_count; i++) {
		hprof_take_static(&at, d->ids, out);
		if (addresses_find(&d->text_at, out->name, &text) && d->texts.at[text].len == len &&
		    !memcmp(d->texts.at[text].at, name, len))
			return true;
	}
	return false;
}

void dump_each_part(struct dump *d, dump_part_fn *fn, void *arg)
{
	for (size_t i = 0; i < d->pieces.count; i++) {
		const uint8_t *at = d->pieces.at[i].at, *start = at;
		struct hprof_part p;

		while (hprof_take_part(&at, d->pieces.at[i].end, d->ids, &p) == HPROF_TOOK_PART) {
			if (p.id && p.tag >= HPROF_CLASS && p.tag <= HPROF_PRIMITIVES)
				fn(arg, (uint64_t)(start - (const uint8_t *)d->image.bytes.at), &p);
			start = at;
		}
	}
}
