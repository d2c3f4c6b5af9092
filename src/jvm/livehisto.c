// SPDX-License-Identifier: Apache-2.0
#include "jvm/livehisto.h"

#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/fail.h"
#include "base/memory.h"
#include "base/range.h"
#include "base/units.h"
#include "jvm/addresses.h"
#include "jvm/classes.h"
#include "jvm/heapclock.h"
#include "jvm/hotspot.h"
#include "jvm/spaces.h"
#include "jvm/spaces_g1.h"
#include "jvm/threads.h"

enum {
	TRIES = 6,
	CHUNK = 1 << 20,
	HEAD = 32,  // bytes that tell an array's size
	IN_ROW = 3, // objects one behind the other that make a place believable
	COMPACT_SHIFT = 42,
	MIRROR_LIMIT = 1 << 20,
};

struct walk {
	const struct hotspot *vm;
	const struct hotspot_classes *classes;
	struct addresses index; // Klass* -> index of the class
	int32_t *layout;
	uint32_t mirror_class; // index of java.lang.Class
	uint64_t mirror_size;  // offset in it of its size in words
	uint64_t align;
	const struct range *gaps;
	size_t gap_count;
	struct livehisto *out;
	unsigned char *buffer;
};

static bool find_class(const struct walk *w, const unsigned char *p, uint32_t *index)
{
	uint64_t mark, klass;
	uint32_t narrow;

	memcpy(&mark, p, 8);
	memcpy(&klass, p + 8, 8);
	narrow = (uint32_t)klass;
	if (w->vm->compact_headers)
		klass = w->vm->narrow_klass_base +
			(mark >> COMPACT_SHIFT << w->vm->narrow_klass_shift);
	else if (w->vm->compressed_klasses)
		klass = w->vm->narrow_klass_base + ((uint64_t)narrow << w->vm->narrow_klass_shift);
	return hotspot_is_pointer(klass) && addresses_find(&w->index, klass, index);
}

// Bytes of the object at `p`, of which `seen` are there; 0: none that makes sense, or too few are there.
static uint64_t size_of(const struct walk *w, const unsigned char *p, uint64_t seen,
			uint32_t *index)
{
	int32_t layout;
	uint32_t length;
	uint64_t size;

	if (seen < (w->vm->compact_headers ? 8 : 16) || !find_class(w, p, index))
		return 0;
	layout = w->layout[*index];
	if (layout > 0) {
		size = (uint32_t)layout & ~1u;
		if (*index == w->mirror_class) {
			if (seen < w->mirror_size + 4)
				return 0;
			memcpy(&length, p + w->mirror_size, 4);
			size = (uint64_t)length * 8;
			if (size < 16 || size > MIRROR_LIMIT)
				return 0;
		}
	} else {
		unsigned shift = (unsigned)layout & 0x3f, header = (unsigned)layout >> 16 & 0xff;
		unsigned at = w->vm->compact_headers ? 8 : w->vm->compressed_klasses ? 12 : 16;

		if (!layout || shift > 3 || header < 12 || header > 32 || seen < at + 4u)
			return 0;
		memcpy(&length, p + at, 4);
		if (length > INT32_MAX)
			return 0;
		size = header + ((uint64_t)length << shift);
	}
	return (size + w->align - 1) & ~(w->align - 1);
}

static const struct range *gap_at(const struct walk *w, uint64_t at)
{
	for (size_t low = 0, high = w->gap_count; low < high;) {
		size_t middle = (low + high) / 2;

		if (w->gaps[middle].end <= at)
			low = middle + 1;
		else if (w->gaps[middle].start > at)
			high = middle;
		else
			return &w->gaps[middle];
	}
	return NULL;
}

static void count(struct walk *w, uint32_t index, uint64_t size, bool old)
{
	struct livehisto_row *r = &w->out->rows[index];

	r->count++;
	r->bytes += size;
	r->old_count += old;
	r->old_bytes += old ? size : 0;
	w->out->objects++;
	w->out->bytes += size;
}

struct part { // of a space, in the buffer
	uint64_t at, end, top;
	const unsigned char *bytes;
};

static bool is_believable(const struct walk *w, const struct part *p, uint64_t at)
{
	for (int i = 0; i < IN_ROW && at < p->top; i++) {
		uint32_t index;
		uint64_t size;

		if (gap_at(w, at) || at + HEAD > p->end)
			return i > 0;
		size = size_of(w, p->bytes + (at - p->at), p->end - at, &index);
		if (!size || size > p->top - at)
			return false;
		at += size;
	}
	return true;
}

// Walks what is in the buffer; where to go on.
static uint64_t walk_part(struct walk *w, const struct part *p, bool old)
{
	uint64_t at = p->at;

	while (at < p->end) {
		const struct range *g = gap_at(w, at);
		uint64_t size, from = at;
		uint32_t index;

		if (g) {
			at = g->end < p->top ? g->end : p->top;
			w->out->gaps += at - from;
			continue;
		}
		if (at + HEAD > p->end && p->end < p->top && at > p->at)
			return at;
		size = size_of(w, p->bytes + (at - p->at), p->end - at, &index);
		if (!size && at > p->at && p->end < p->top && p->end - at <= w->mirror_size + 4)
			return at;
		if (size && size <= p->top - at) {
			count(w, index, size, old);
			at += size;
			continue;
		}
		for (at += 8; at < p->end && !gap_at(w, at) && !is_believable(w, p, at);)
			at += 8;
		if (at > p->end)
			at = p->end;
		w->out->skipped += at - from;
	}
	return at;
}

static bool walk_space(struct walk *w, uint64_t start, uint64_t top, bool old, struct fail *why)
{
	w->out->used += top - start;
	while (start < top) {
		uint64_t end = top - start > CHUNK ? start + CHUNK : top;
		struct part p = { start, end, top, w->buffer };
		bool read;

		memory_prefetch(w->vm->memory, start, end);
		read = memory_read(w->vm->memory, start, w->buffer, end - start, why);
		memory_forget(w->vm->memory);
		if (!read)
			return false;
		start = walk_part(w, &p, old);
	}
	return true;
}

// A large object has regions of its own: its head tells all.
static bool walk_large(struct walk *w, uint64_t start, struct fail *why)
{
	unsigned char head[HEAD] = { 0 };
	uint32_t index;
	uint64_t size;

	if (!memory_read(w->vm->memory, start, head, sizeof(head), why))
		return false;
	size = size_of(w, head, sizeof(head), &index);
	if (!size || size > w->vm->heap_end - start)
		return fail(why, FAIL_CORRUPT, "a large object of no known class");
	w->out->used += size;
	count(w, index, size, true);
	return true;
}

static int by_start(const void *a, const void *b)
{
	const struct range *x = a, *y = b;

	return x->start < y->start ? -1 : x->start > y->start;
}

// What threads have of their buffers but did not give out holds old objects, which are none any more.
static bool find_gaps(struct walk *w, struct arena *mem, struct fail *why)
{
	struct hotspot_threads threads = { 0 };
	struct range *gaps;
	uint32_t reserve = 0;
	uint64_t tail, least;

	if (!hotspot_has_offset(w->vm, FIELD_TLAB_TOP) ||
	    !hotspot_has_offset(w->vm, FIELD_TLAB_END))
		return fail(why, FAIL_ABSENT, "this VM does not export its threads' buffers");
	if (!threads_read(w->vm, NULL, mem, &threads, why))
		return false;
	hotspot_read_u32(w->vm, FIELD_TLAB_RESERVE, 0, &reserve, NULL);
	tail = reserve > 1 << 16 ? 0 : (uint64_t)reserve * 8;
	// Room for the smallest filler; one word, the least there is between objects, needs none.
	least = w->vm->compact_headers ? 0 : w->vm->compressed_klasses ? 16 : 24;
	if (tail < least)
		tail = least;
	gaps = arena_array(mem, struct range, threads.java.count + 1);
	w->gaps = gaps;
	w->gap_count = 0;
	for (size_t i = 0; i < threads.java.count; i++) {
		uint64_t tlab = hotspot_at(w->vm, FIELD_THREAD_TLAB, threads.java.at[i].at);
		uint64_t top, end;

		if (!hotspot_read_u64(w->vm, FIELD_TLAB_TOP, tlab, &top, why) ||
		    !hotspot_read_u64(w->vm, FIELD_TLAB_END, tlab, &end, why))
			return false;
		if (top && top <= end && (top | end) % 8 == 0 && spaces_in_heap(w->vm, top, end))
			gaps[w->gap_count++] = (struct range){ top, end + tail };
	}
	qsort(gaps, w->gap_count, sizeof(*gaps), by_start);
	return true;
}

static bool walk_g1(struct walk *w, struct arena *mem, struct fail *why)
{
	struct spaces_region *at;
	size_t n;

	if (!spaces_g1_regions(w->vm, mem, &at, &n, why))
		return false;
	for (size_t i = 0; i < n; i++) {
		const struct spaces_region *r = &at[i];

		if (r->kind == G1KIND_HUMONGOUS
			    ? r->begins && !walk_large(w, r->bottom, why)
			    : r->kind != G1KIND_FREE &&
				      !walk_space(w, r->bottom, r->top,
						  r->kind != G1KIND_EDEN &&
							  r->kind != G1KIND_SURVIVOR,
						  why))
			return false;
	}
	return true;
}

static bool walk_all(struct walk *w, struct arena *mem, struct fail *why)
{
	struct spaces s;

	if (w->vm->gc == GC_G1)
		return walk_g1(w, mem, why);
	if (!spaces_read(w->vm, mem, &s, why))
		return false;
	for (size_t i = 0; i < s.count; i++) {
		const struct spaces_row *r = &s.at[i];

		if (r->used == SPACES_UNKNOWN ||
		    !spaces_in_heap(w->vm, r->start, r->start + r->used))
			return fail(why, FAIL_CORRUPT,
				    "layout unknown: where the objects of the heap's "
				    "%s space end",
				    r->name);
		if (!walk_space(w, r->start, r->start + r->used, !strcmp(r->name, "old"), why))
			return false;
	}
	return true;
}

static void index_classes(struct walk *w, struct arena *mem)
{
	w->mirror_class = UINT32_MAX;
	addresses_init(&w->index, mem);
	w->layout = arena_array(mem, int32_t, w->classes->classes.count + 1);
	for (size_t i = 0; i < w->classes->classes.count; i++) {
		const struct hotspot_class *k = &w->classes->classes.at[i];
		uint32_t layout;

		if (!hotspot_read_u32(w->vm, FIELD_KLASS_LAYOUT, k->at, &layout, NULL))
			continue;
		w->layout[i] = (int32_t)layout;
		addresses_put(&w->index, k->at, (uint32_t)i, NULL);
		if (k->kind == CLASS_INSTANCE && !strcmp(k->name, "java/lang/Class"))
			w->mirror_class = (uint32_t)i;
	}
	w->buffer = arena_get(mem, CHUNK + HEAD); // a head may be looked at past the end
}

static bool open_walk(struct walk *w, struct arena *mem, struct fail *why)
{
	uint64_t align = 8;
	uint32_t offset = 0;

	if (w->vm->gc != GC_G1 && w->vm->gc != GC_SERIAL && w->vm->gc != GC_PARALLEL)
		return fail(why, FAIL_ABSENT,
			    "the objects of %s's heap can't be walked from outside yet",
			    gc_name(w->vm->gc));
	if (!hotspot_read_u32(w->vm, FIELD_CLASS_OOP_SIZE, 0, &offset, why))
		return false;
	if (offset < 8 || offset > 1024)
		return fail(why, FAIL_CORRUPT, "layout unknown: java.lang.Class");
	w->mirror_size = offset;
	hotspot_flag(w->vm, "ObjectAlignmentInBytes", &align);
	if (align < 8 || align > 256 || align & (align - 1))
		return fail(why, FAIL_CORRUPT, "layout unknown: objects at every %llu bytes",
			    (unsigned long long)align);
	w->align = align;
	index_classes(w, mem);
	return true;
}

bool livehisto_walk(const struct hotspot *vm, const struct hotspot_classes *classes,
		    const struct livehisto_given *given, struct arena *mem, struct livehisto *out,
		    struct fail *why)
{
	struct arena frame = { 0 };
	struct walk w = { .vm = vm,
			  .classes = classes,
			  .out = out,
			  .mirror_size = given->mirror_size,
			  .align = given->align,
			  .gaps = given->gaps,
			  .gap_count = given->gap_count };
	bool walked;

	*out = (struct livehisto){ .rows = arena_array(mem, struct livehisto_row,
						       classes->classes.count + 1) };
	index_classes(&w, &frame);
	walked = walk_space(&w, given->space.start, given->space.end, true, why);
	arena_drop(&frame);
	return walked;
}

bool livehisto_read(const struct hotspot *vm, const struct hotspot_classes *classes,
		    struct arena *mem, struct livehisto *out, struct fail *why)
{
	struct arena frame = { 0 };
	struct walk w = { .vm = vm, .classes = classes, .out = out };
	size_t rows = classes->classes.count + 1;
	bool held = false;

	*out = (struct livehisto){ .rows = arena_array(mem, struct livehisto_row, rows) };
	if (!open_walk(&w, &frame, why))
		goto out;
	for (unsigned try = 0; try < TRIES && !held; try++) {
		struct heapclock clock = heapclock_restart(vm);
		struct arena scratch = { 0 };
		bool walked;

		*out = (struct livehisto){ .rows = out->rows, .repeats = try };
		memset(out->rows, 0, rows * sizeof(*out->rows));
		walked = find_gaps(&w, &scratch, why) && walk_all(&w, &scratch, why);
		arena_drop(&scratch);
		if (!walked && why->kind != FAIL_CORRUPT)
			goto out;
		held = heapclock_held(vm, &clock) && walked;
	}
	if (!held)
		fail(why, FAIL_ABSENT, "collections came too often to read the heap in between");
out:
	arena_drop(&frame);
	return held;
}
