// SPDX-License-Identifier: Apache-2.0
#include "jvm/direct.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/fail.h"
#include "base/memory.h"
#include "base/units.h"
#include "jvm/addresses.h"
#include "jvm/classes.h"
#include "jvm/cleaners.h"
#include "jvm/heapclock.h"
#include "jvm/hotspot.h"
#include "jvm/javafields.h"
#include "os/patience.h"

enum {
	TRIES = 6,     // while nothing moves
	IN_FLIGHT = 4, // buffers being made or freed: counted, not in the list, or the reverse
};

// java.nio.Bits' static AtomicLongs.
struct counter_fields {
	uint64_t bits, number; // the classes
	struct javafield count, capacity, reserved, value;
};

struct deallocator {
	uint64_t klass;
	struct javafield address, size, capacity;
	bool has_capacity;
};

// What tells a buffer's address once more: the cleaner's referent, which is the buffer itself.
struct witness {
	bool known;
	struct javafield referent, address, capacity;
};

struct counters {
	uint64_t count, capacity, reserved;
};

struct reader {
	const struct hotspot *vm;
	const struct hotspot_classes *classes;
	struct arena *mem;
	struct direct_buffers *out;
	struct counter_fields fields;
	struct cleaners cleaners;
	struct deallocator deallocator;
	struct witness witness;
	bool has_list; // cleaners and deallocator are known
	bool has_counters, has_before;
	struct counters before;  // as the last try met them
	bool moving;             // the counters, or the heap, have changed since
	bool near;               // of the last try: no more differ than may be being made just now
	struct addresses blocks; // of the buffers of this try
	uint64_t limit_of_buffers; // more than this is no list but a circle
};

// The first of two spellings that the class declares.
static bool find_either(const struct hotspot *vm, uint64_t klass, const char *now,
			const char *before, struct javafield *out, struct fail *why)
{
	return javafields_find(vm, klass, now, out, NULL) ||
	       javafields_find(vm, klass, before, out, why);
}

static bool find_counters(struct reader *r, struct fail *why)
{
	struct counter_fields *f = &r->fields;

	f->number = classes_find(r->classes, "java/util/concurrent/atomic/AtomicLong");
	if (!f->number)
		return fail(why, FAIL_ABSENT, "AtomicLong is not loaded");
	return find_either(r->vm, f->bits, "COUNT", "count", &f->count, why) &&
	       find_either(r->vm, f->bits, "TOTAL_CAPACITY", "totalCapacity", &f->capacity, why) &&
	       find_either(r->vm, f->bits, "RESERVED_MEMORY", "reservedMemory", &f->reserved,
			   why) &&
	       javafields_find(r->vm, f->number, "value", &f->value, why);
}

static bool read_counter(const struct reader *r, uint64_t mirror, struct javafield field,
			 const char *name, uint64_t *to, struct fail *why)
{
	uint64_t object = javafields_oop(r->vm, mirror, field);

	if (hotspot_klass_of(r->vm, object) != r->fields.number)
		return fail(why, FAIL_CORRUPT, "java.nio.Bits.%s is no AtomicLong", name);
	return javafields_u64(r->vm, object, r->fields.value, to, why);
}

static bool read_counters(const struct reader *r, struct counters *out, struct fail *why)
{
	const struct counter_fields *f = &r->fields;
	uint64_t mirror = javafields_mirror(r->vm, f->bits);
	struct counters c = { 0 };

	if (!mirror)
		return fail(why, FAIL_CORRUPT, "the Class object of java.nio.Bits can't be read");
	if (!read_counter(r, mirror, f->count, "COUNT", &c.count, why) ||
	    !read_counter(r, mirror, f->capacity, "TOTAL_CAPACITY", &c.capacity, why) ||
	    !read_counter(r, mirror, f->reserved, "RESERVED_MEMORY", &c.reserved, why))
		return false;
	if (c.count > CLEANERS_LIMIT || c.capacity > UINT64_C(1) << 47 ||
	    c.reserved > UINT64_C(1) << 47)
		return fail(why, FAIL_CORRUPT, "java.nio.Bits' counters make no sense");
	*out = c;
	return true;
}

// Bits.MAX_MEMORY stands at VM.maxDirectMemory() from the first reservation on; before, at a
// default.
static void read_limit(struct reader *r)
{
	struct javafield field;
	uint64_t limit, mirror = javafields_mirror(r->vm, r->fields.bits);

	if (!mirror ||
	    !find_either(r->vm, r->fields.bits, "MAX_MEMORY", "maxMemory", &field, NULL) ||
	    !javafields_u64(r->vm, mirror, field, &limit, NULL))
		return;
	r->out->has_limit = limit && limit >> 63 == 0;
	r->out->limit = limit;
}

static void find_witness(struct reader *r)
{
	struct witness *w = &r->witness;
	uint64_t reference = classes_find(r->classes, "java/lang/ref/Reference");
	uint64_t buffer = classes_find(r->classes, "java/nio/Buffer");

	w->known = reference && buffer &&
		   javafields_find(r->vm, reference, "referent", &w->referent, NULL) &&
		   javafields_find(r->vm, buffer, "address", &w->address, NULL) &&
		   javafields_find(r->vm, buffer, "capacity", &w->capacity, NULL);
}

// The buffer begins where its memory does, or at the next page; one that is dead tells nothing.
static bool check_witness(const struct reader *r, uint64_t link, const struct direct_buffer *b,
			  struct fail *why)
{
	uint64_t buffer, at;
	uint32_t capacity;

	if (!r->witness.known)
		return true;
	buffer = javafields_oop(r->vm, link, r->witness.referent);
	if (!buffer)
		return true;
	if (!javafields_u64(r->vm, buffer, r->witness.address, &at, why) ||
	    !javafields_u32(r->vm, buffer, r->witness.capacity, &capacity, why))
		return false;
	return (at >= b->at && at - b->at <= b->bytes && capacity <= b->bytes - (at - b->at) &&
		(at == b->at || at % PAGE_SIZE_BYTES == 0)) ||
	       fail(why, FAIL_CORRUPT, "a buffer and its cleaner disagree on its memory");
}

static bool find_deallocator(struct reader *r, struct fail *why)
{
	struct deallocator *d = &r->deallocator;

	d->klass = classes_find(r->classes, "java/nio/DirectByteBuffer$Deallocator");
	if (!d->klass)
		return fail(why, FAIL_ABSENT, "no direct buffer was made yet");
	d->has_capacity = javafields_find(r->vm, d->klass, "capacity", &d->capacity, NULL);
	return javafields_find(r->vm, d->klass, "address", &d->address, why) &&
	       javafields_find(r->vm, d->klass, "size", &d->size, why);
}

// An empty buffer has a block of one byte; a page-aligned one (-Dsun.nio.PageAlignDirectMemory) has
// a page more than its capacity and starts at the block's first page boundary.
static bool place_in_block(const struct reader *r, uint64_t action, struct direct_buffer *b,
			   struct fail *why)
{
	uint32_t capacity;

	b->at = b->block_at;
	b->bytes = b->block_bytes;
	if (!r->deallocator.has_capacity)
		return true;
	if (!javafields_u32(r->vm, action, r->deallocator.capacity, &capacity, why))
		return false;
	if (b->block_bytes == (uint64_t)capacity + PAGE_SIZE_BYTES)
		b->at = units_page_up(b->block_at);
	else if (b->block_bytes != (capacity ? capacity : 1))
		return fail(why, FAIL_CORRUPT, "a buffer of %u bytes in a block of %" PRIu64,
			    capacity, b->block_bytes);
	b->bytes = capacity;
	return true;
}

// Takes the buffer of one cleaner; cleaners of other things (mapped files) are passed over.
static bool take_link(struct reader *r, uint64_t link, struct fail *why)
{
	uint64_t action = javafields_oop(r->vm, link, r->cleaners.action);
	uint64_t klass = hotspot_klass_of(r->vm, action);
	struct direct_buffer b;

	if (!klass)
		return fail(why, FAIL_CORRUPT, "a cleaner without an action");
	if (klass != r->deallocator.klass)
		return true;
	if (!javafields_u64(r->vm, action, r->deallocator.address, &b.block_at, why) ||
	    !javafields_u64(r->vm, action, r->deallocator.size, &b.block_bytes, why))
		return false;
	if (!b.block_at)
		return true; // freed already, its cleaner is about to go
	if (b.block_at < PAGE_SIZE_BYTES || b.block_bytes > UINT64_C(1) << 47 ||
	    b.block_at > (UINT64_C(1) << 47) - b.block_bytes)
		return fail(why, FAIL_CORRUPT, "a buffer of %" PRIu64 " bytes at 0x%" PRIx64,
			    b.block_bytes, b.block_at);
	if (!place_in_block(r, action, &b, why))
		return false;
	if (r->out->buffers.count == r->limit_of_buffers)
		return fail(why, FAIL_CORRUPT, "more buffers listed than %" PRIu64 " counted",
			    r->before.count);
	if (!check_witness(r, link, &b, why))
		return false;
	// Memory that a cleaner on its way out has freed may be another buffer's already.
	if (addresses_put(&r->blocks, b.block_at, 0, NULL))
		vec_push(r->mem, &r->out->buffers, b);
	return true;
}

// Whether the buffers found are those that Bits counts.  Memory segments (java.lang.foreign, in 17
// an incubator) reserve their bytes there too but have no Deallocator: where that class is loaded,
// the list may hold less.
static bool check_counts(struct reader *r, const struct counters *c, struct fail *why)
{
	const struct direct_buffers *d = r->out;
	bool has_segments =
		classes_find(r->classes, "jdk/internal/foreign/NativeMemorySegmentImpl");
	uint64_t found = d->buffers.count, slack = r->moving ? c->count / 20 + IN_FLIGHT : 0;
	uint64_t blocks = 0, bytes = 0;

	r->near = found <= c->count && c->count - found <= IN_FLIGHT;
	if (found > c->count + slack || (found + slack < c->count && !has_segments))
		return fail(why, FAIL_CORRUPT, "%" PRIu64 " buffers listed, %" PRIu64 " counted",
			    found, c->count);
	for (size_t i = 0; i < found; i++) {
		blocks += d->buffers.at[i].block_bytes;
		bytes += d->buffers.at[i].bytes;
	}
	if (r->moving)
		return true;
	if (blocks > c->reserved || (blocks < c->reserved && !has_segments))
		return fail(why, FAIL_CORRUPT, "%" PRIu64 " bytes listed, %" PRIu64 " counted",
			    blocks, c->reserved);
	if (r->deallocator.has_capacity &&
	    (bytes > c->capacity || (bytes < c->capacity && !has_segments)))
		return fail(why, FAIL_CORRUPT, "buffers of %" PRIu64 " bytes, %" PRIu64 " counted",
			    bytes, c->capacity);
	return true;
}

static bool read_list(struct reader *r, struct fail *why)
{
	struct arena frame = { 0 };
	struct cleaner_list list;
	bool ok = cleaners_list(r->vm, &r->cleaners, &frame, &list, why);

	addresses_init(&r->blocks, &frame);
	for (size_t i = 0; ok && i < list.at.count; i++)
		ok = take_link(r, list.at.at[i], why);
	arena_drop(&frame);
	return ok;
}

static void keep_counters(struct reader *r, const struct counters *c)
{
	r->has_counters = true;
	r->out->count = c->count;
	r->out->capacity = c->capacity;
	r->out->reserved = c->reserved;
}

// Counters, list, counters; counts only when no collection came between.  A list counts only when it
// has as many buffers and bytes as Bits counts: give or take 5 % where buffers come and go meanwhile.
static bool read_once(struct reader *r, struct fail *why)
{
	struct heapclock clock = heapclock_restart(r->vm);
	struct counters before = { 0 }, after = { 0 };
	bool ok;

	r->out->buffers.count = 0;
	r->near = false;
	ok = read_counters(r, &before, why);
	if (!ok && heapclock_held(r->vm, &clock))
		return false;
	if (ok && r->has_before && memcmp(&before, &r->before, sizeof(before)) != 0)
		r->moving = true;
	if (ok)
		r->before = before;
	r->has_before |= ok;
	r->limit_of_buffers = before.count + before.count / 5 + 8;
	if (ok && before.count) // else there is nothing to list
		ok = r->has_list && read_list(r, why);
	if (!heapclock_held(r->vm, &clock)) {
		r->moving = true;
		return fail(why, FAIL_CORRUPT, "a collection moved the list of cleaners");
	}
	if (!read_counters(r, &after, ok ? why : NULL))
		return false;
	if (memcmp(&before, &after, sizeof(before)) != 0)
		r->moving = true;
	keep_counters(r, &after);
	return ok && (!before.count || check_counts(r, &after, why));
}

// Until a whole list was read, or, where nothing moves, it is clear that there is none.
static bool read_until_whole(struct reader *r, struct fail *why)
{
	struct patience patience = patience_start(r->vm->memory);
	bool whole;

	do {
		r->out->tries = patience.tries;
		whole = read_once(r, why);
	} while (!whole && (r->moving || r->near || patience.tries < TRIES) &&
		 patience_again(&patience));
	return whole;
}

bool direct_read(const struct hotspot *vm, const struct hotspot_classes *classes, struct arena *mem,
		 struct direct_buffers *out, struct fail *why)
{
	struct direct_buffers b = { 0 };
	struct reader r = { .vm = vm, .classes = classes, .mem = mem, .out = &b };
	struct fail list_why = { 0 };

	r.fields.bits = classes_find(classes, "java/nio/Bits");
	b.listed = !r.fields.bits; // no direct buffer was ever made
	if (b.listed) {
		*out = b;
		return true;
	}
	b.in_use = true;
	if (!find_counters(&r, why))
		return false;
	r.has_list = cleaners_find(vm, classes, &r.cleaners, &list_why) &&
		     find_deallocator(&r, &list_why);
	find_witness(&r);
	b.listed = read_until_whole(&r, &list_why);
	read_limit(&r);
	if (!r.has_counters && r.has_before) // collections without end
		keep_counters(&r, &r.before);
	if (!r.has_counters) {
		*why = list_why;
		return false;
	}
	if (!b.listed && !r.moving) // nothing moved, and still they disagree
		return fail(why, FAIL_CORRUPT, "layout unknown: the list of direct buffers: %s",
			    list_why.text);
	if (!b.listed) {
		b.buffers.count = 0;
		snprintf(b.why_not, sizeof(b.why_not), "%.*s", (int)sizeof(b.why_not) - 1,
			 list_why.text);
	}
	*out = b;
	return true;
}
