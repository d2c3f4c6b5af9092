// SPDX-License-Identifier: Apache-2.0
#include "jvm/tempbuffers.h"

#include "base/memory.h"
#include "jvm/classes.h"
#include "jvm/hotspot.h"

enum {
	LOCALS_LIMIT = 1 << 16, // slots of a thread's map
	CACHE_LIMIT = 1 << 12,  // buffers that one keeps: 1,024 (IOV_MAX)
};

static bool find_buffer_fields(const struct hotspot *vm, const struct hotspot_classes *classes,
			       uint64_t buffer, struct tempbuffers *t)
{
	uint64_t direct = classes_find(classes, "java/nio/DirectByteBuffer");

	t->has_cleaner = direct && javafields_find(vm, direct, "cleaner", &t->cleaner, NULL);
	return javafields_find(vm, buffer, "capacity", &t->capacity, NULL) &&
	       javafields_find(vm, buffer, "address", &t->address, NULL);
}

// Thread locals that are told when their thread ends have a map of their own since JDK 25.
static void find_holder(const struct hotspot *vm, const struct hotspot_classes *classes,
			uint64_t thread_klass, struct tempbuffers *t)
{
	uint64_t holder = classes_find(classes, "java/lang/Thread$FieldHolder");

	t->has_holder =
		holder && javafields_find(vm, thread_klass, "holder", &t->holder, NULL) &&
		javafields_find(vm, holder, "terminatingThreadLocals", &t->terminating, NULL);
}

bool tempbuffers_find(const struct hotspot *vm, const struct hotspot_classes *classes,
		      uint64_t thread_klass, struct tempbuffers *out)
{
	uint64_t buffer = classes_find(classes, "java/nio/Buffer");

	*out = (struct tempbuffers){
		.map = classes_find(classes, "java/lang/ThreadLocal$ThreadLocalMap"),
		.entry = classes_find(classes, "java/lang/ThreadLocal$ThreadLocalMap$Entry"),
		.cache = classes_find(classes, "sun/nio/ch/Util$BufferCache"),
	};
	out->unused = !out->cache || !out->map || !out->entry || !buffer;
	if (out->unused)
		return true;
	find_holder(vm, classes, thread_klass, out);
	return javafields_find(vm, thread_klass, "threadLocals", &out->locals, NULL) &&
	       javafields_find(vm, out->map, "table", &out->table, NULL) &&
	       javafields_find(vm, out->entry, "value", &out->value, NULL) &&
	       javafields_find(vm, out->cache, "buffers", &out->buffers, NULL) &&
	       javafields_find(vm, out->cache, "count", &out->count, NULL) &&
	       find_buffer_fields(vm, classes, buffer, out);
}

struct walk {
	const struct hotspot *vm;
	const struct tempbuffers *t;
	struct arena *mem;
	tempbuffer_rows *out;
};

// An element of an array of references; 0: null, or not readable.
static uint64_t element(const struct walk *w, const struct java_array *a, uint32_t i)
{
	size_t size = javafields_oop_size(w->vm);

	return javafields_oop(w->vm, a->first + i * size, (struct javafield){ 0 });
}

static bool read_buffer(struct walk *w, uint64_t buffer)
{
	const struct tempbuffers *t = w->t;
	struct tempbuffer b = { 0 };
	uint32_t capacity;

	if (!javafields_u32(w->vm, buffer, t->capacity, &capacity, NULL) || capacity >> 31 ||
	    !javafields_u64(w->vm, buffer, t->address, &b.at, NULL) || !b.at || b.at >> 47)
		return false;
	b.bytes = capacity;
	b.counted = t->has_cleaner && javafields_oop(w->vm, buffer, t->cleaner);
	vec_push(w->mem, w->out, b);
	return true;
}

// `count` of the slots are in use, from `start` on in a circle, and the others null.
static bool read_cache(struct walk *w, uint64_t cache)
{
	uint64_t list = javafields_oop(w->vm, cache, w->t->buffers);
	struct java_array buffers;
	uint32_t count, found = 0;

	if (!javafields_u32(w->vm, cache, w->t->count, &count, NULL) || !list ||
	    !javafields_array(w->vm, list, &buffers, NULL) || buffers.length > CACHE_LIMIT ||
	    count > buffers.length)
		return false;
	for (uint32_t i = 0; i < buffers.length && found < count; i++) {
		uint64_t buffer = element(w, &buffers, i);

		if (!buffer)
			continue;
		if (!read_buffer(w, buffer))
			return false;
		found++;
	}
	return found == count;
}

static bool read_map(struct walk *w, uint64_t map)
{
	struct java_array table;
	uint64_t at;

	if (!map)
		return true; // it has none yet, or has ended
	at = hotspot_klass_of(w->vm, map) == w->t->map ? javafields_oop(w->vm, map, w->t->table)
						       : 0;
	if (!at || !javafields_array(w->vm, at, &table, NULL) || table.length > LOCALS_LIMIT)
		return false;
	for (uint32_t i = 0; i < table.length; i++) {
		uint64_t entry = element(w, &table, i), value;

		if (!entry)
			continue;
		if (hotspot_klass_of(w->vm, entry) != w->t->entry)
			return false;
		value = javafields_oop(w->vm, entry, w->t->value);
		if (value && hotspot_klass_of(w->vm, value) == w->t->cache && !read_cache(w, value))
			return false;
	}
	return true;
}

bool tempbuffers_read(const struct hotspot *vm, const struct tempbuffers *t, uint64_t thread,
		      struct arena *mem, tempbuffer_rows *out)
{
	struct walk w = { vm, t, mem, out };
	size_t before = out->count;
	uint64_t holder;

	if (t->unused)
		return true;
	holder = t->has_holder ? javafields_oop(vm, thread, t->holder) : 0;
	if (read_map(&w, javafields_oop(vm, thread, t->locals)) &&
	    (!holder || read_map(&w, javafields_oop(vm, holder, t->terminating))))
		return true;
	out->count = before;
	return false;
}
