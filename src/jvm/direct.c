// SPDX-License-Identifier: Apache-2.0
#include "jvm/direct.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "base/fail.h"
#include "base/memory.h"
#include "base/units.h"
#include "jvm/addresses.h"
#include "jvm/classes.h"
#include "jvm/heapclock.h"
#include "jvm/hotspot.h"
#include "jvm/javafields.h"

enum {
	TRIES = 6,
	IN_FLIGHT = 4, // buffers being made or freed: counted, not in the list, or the reverse
	LINK_LIMIT = 4 << 20, // cleaners of all kinds
	NODE_LIMIT = 1 << 20,
};

// The way from a static to the cleaners, by class and field names.
struct cleaners {
	uint64_t klass;          // of the links
	struct javafield next;   // from link to link
	struct javafield action; // to what it will run
	uint64_t head;           // the first link or node; read anew for each walk
	struct javafield head_field;
	uint64_t head_object; // object or mirror that holds it
	// BufferCleaner: links stand in arrays of nodes.
	bool in_nodes;
	uint64_t node_klass;
	struct javafield node_array, node_size;
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
	struct cleaners cleaners;
	struct deallocator deallocator;
	struct witness witness;
	struct counters first; // as the first walk met them
	bool moving;           // the counters, or the heap, have changed since
	uint64_t bits;
	uint64_t limit_of_buffers; // more than this is no list but a circle
};

// The first of two spellings that the class declares.
static bool find_either(const struct hotspot *vm, uint64_t klass, const char *now,
			const char *before, struct javafield *out, struct fail *why)
{
	return javafields_find(vm, klass, now, out, NULL) ||
	       javafields_find(vm, klass, before, out, why);
}

// A static AtomicLong of java.nio.Bits.
static bool read_counter(const struct reader *r, uint64_t mirror, const char *now,
			 const char *before, uint64_t *to, struct fail *why)
{
	uint64_t klass = classes_find(r->classes, "java/util/concurrent/atomic/AtomicLong");
	struct javafield field, value;
	uint64_t object;

	if (!klass)
		return fail(why, FAIL_ABSENT, "AtomicLong is not loaded");
	if (!find_either(r->vm, r->bits, now, before, &field, why) ||
	    !javafields_find(r->vm, klass, "value", &value, why))
		return false;
	object = javafields_oop(r->vm, mirror, field);
	if (hotspot_klass_of(r->vm, object) != klass)
		return fail(why, FAIL_CORRUPT, "java.nio.Bits.%s is no AtomicLong", now);
	return javafields_u64(r->vm, object, value, to, why);
}

static bool read_counters(const struct reader *r, struct counters *out, struct fail *why)
{
	uint64_t mirror = javafields_mirror(r->vm, r->bits);
	struct counters c = { 0 };

	if (!mirror)
		return fail(why, FAIL_CORRUPT, "the Class object of java.nio.Bits can't be read");
	if (!read_counter(r, mirror, "COUNT", "count", &c.count, why) ||
	    !read_counter(r, mirror, "TOTAL_CAPACITY", "totalCapacity", &c.capacity, why) ||
	    !read_counter(r, mirror, "RESERVED_MEMORY", "reservedMemory", &c.reserved, why))
		return false;
	if (c.count > LINK_LIMIT || c.capacity > UINT64_C(1) << 47 ||
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
	uint64_t limit, mirror = javafields_mirror(r->vm, r->bits);

	if (!mirror || !find_either(r->vm, r->bits, "MAX_MEMORY", "maxMemory", &field, NULL) ||
	    !javafields_u64(r->vm, mirror, field, &limit, NULL))
		return;
	r->out->has_limit = limit && limit >> 63 == 0;
	r->out->limit = limit;
}

static bool find_links_in_nodes(struct reader *r, uint64_t cleaner, struct fail *why)
{
	const struct hotspot *vm = r->vm;
	struct cleaners *c = &r->cleaners;
	uint64_t list = classes_find(r->classes, "java/nio/BufferCleaner$CleanerList");
	struct javafield list_field;

	c->in_nodes = true;
	c->node_klass = classes_find(r->classes, "java/nio/BufferCleaner$CleanerList$Node");
	c->klass = classes_find(r->classes, "java/nio/BufferCleaner$PhantomCleaner");
	if (!list || !c->node_klass || !c->klass)
		return fail(why, FAIL_ABSENT, "no buffer has registered a cleaner yet");
	if (!javafields_find(vm, cleaner, "cleanerList", &list_field, why) ||
	    !javafields_find(vm, list, "head", &c->head_field, why) ||
	    !javafields_find(vm, c->node_klass, "arr", &c->node_array, why) ||
	    !javafields_find(vm, c->node_klass, "size", &c->node_size, why) ||
	    !javafields_find(vm, c->node_klass, "next", &c->next, why) ||
	    !javafields_find(vm, c->klass, "action", &c->action, why))
		return false;
	c->head_object = javafields_oop(vm, javafields_mirror(vm, cleaner), list_field);
	if (hotspot_klass_of(vm, c->head_object) != list)
		return fail(why, FAIL_CORRUPT, "BufferCleaner.cleanerList is no list");
	return true;
}

static bool find_cleaners(struct reader *r, struct fail *why)
{
	const struct hotspot *vm = r->vm;
	struct cleaners *c = &r->cleaners;
	uint64_t in_nodes = classes_find(r->classes, "java/nio/BufferCleaner");

	*c = (struct cleaners){ 0 };
	if (in_nodes)
		return find_links_in_nodes(r, in_nodes, why);
	c->klass = classes_find(r->classes, "jdk/internal/ref/Cleaner");
	if (!c->klass)
		c->klass = classes_find(r->classes, "sun/misc/Cleaner");
	if (!c->klass)
		return fail(why, FAIL_ABSENT, "the class that keeps cleaners is not loaded");
	c->head_object = javafields_mirror(vm, c->klass);
	if (!c->head_object)
		return fail(why, FAIL_CORRUPT, "the Class object of Cleaner can't be read");
	return javafields_find(vm, c->klass, "first", &c->head_field, why) &&
	       javafields_find(vm, c->klass, "next", &c->next, why) &&
	       javafields_find(vm, c->klass, "thunk", &c->action, why);
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
		return fail(why, FAIL_CORRUPT, "the list of cleaners runs in a circle");
	if (!check_witness(r, link, &b, why))
		return false;
	vec_push(r->mem, &r->out->buffers, b);
	return true;
}

static bool walk_links(struct reader *r, struct addresses *seen, struct fail *why)
{
	const struct cleaners *c = &r->cleaners;

	for (uint64_t link = c->head; link; link = javafields_oop(r->vm, link, c->next)) {
		if (hotspot_klass_of(r->vm, link) != c->klass || seen->count == LINK_LIMIT ||
		    !addresses_put(seen, link, 0, NULL))
			return fail(why, FAIL_CORRUPT, "the list of cleaners changed");
		if (!take_link(r, link, why))
			return false;
	}
	return true;
}

static bool walk_node(struct reader *r, uint64_t node, struct addresses *seen, struct fail *why)
{
	const struct cleaners *c = &r->cleaners;
	uint64_t array = javafields_oop(r->vm, node, c->node_array);
	struct java_array links;
	uint32_t size;

	if (!array || !javafields_array(r->vm, array, &links, why) ||
	    !javafields_u32(r->vm, node, c->node_size, &size, why))
		return fail(why, FAIL_CORRUPT, "a node of the list of cleaners makes no sense");
	if (size > links.length || size > LINK_LIMIT)
		return fail(why, FAIL_CORRUPT, "a node of %u cleaners of %u", size, links.length);
	for (uint32_t i = 0; i < size; i++) {
		uint64_t slot = links.first + (uint64_t)i * javafields_oop_size(r->vm);
		uint64_t link = hotspot_oop_at(r->vm, slot);

		if (hotspot_klass_of(r->vm, link) != c->klass || seen->count == LINK_LIMIT ||
		    !addresses_put(seen, link, 0, NULL))
			return fail(why, FAIL_CORRUPT, "the list of cleaners changed");
		if (!take_link(r, link, why))
			return false;
	}
	return true;
}

static bool walk_nodes(struct reader *r, struct addresses *seen, struct fail *why)
{
	const struct cleaners *c = &r->cleaners;
	unsigned count = 0;

	for (uint64_t node = c->head; node; node = javafields_oop(r->vm, node, c->next)) {
		if (hotspot_klass_of(r->vm, node) != c->node_klass || ++count > NODE_LIMIT)
			return fail(why, FAIL_CORRUPT, "the list of cleaners changed");
		if (!walk_node(r, node, seen, why))
			return false;
	}
	return true;
}

// Whether the buffers found are those that Bits counts.  Memory segments (java.lang.foreign, in 17
// an incubator) reserve their bytes there too but have no Deallocator: where that class is loaded,
// the list may hold less.
static bool check_counts(const struct reader *r, const struct counters *c, struct fail *why)
{
	const struct direct_buffers *d = r->out;
	bool has_segments =
		classes_find(r->classes, "jdk/internal/foreign/NativeMemorySegmentImpl");
	uint64_t found = d->buffers.count, slack = r->moving ? c->count / 20 + IN_FLIGHT : 0;
	uint64_t blocks = 0, bytes = 0;

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

// One walk; it counts only when it found as many buffers and bytes as Bits counts: give or take 5 %
// where buffers come and go meanwhile.
static bool read_list_once(struct reader *r, struct fail *why)
{
	struct arena frame = { 0 };
	struct addresses seen;
	struct counters before = { 0 }, after = { 0 };
	struct heapclock clock = heapclock_restart(r->vm);
	bool ok;

	r->out->buffers.count = 0;
	if (!read_counters(r, &before, why) || !find_cleaners(r, why) || !find_deallocator(r, why))
		return false;
	if (r->out->tries <= 1)
		r->first = before;
	else if (memcmp(&before, &r->first, sizeof(before)) != 0)
		r->moving = true;
	r->limit_of_buffers = before.count + before.count / 5 + 8;
	r->cleaners.head = javafields_oop(r->vm, r->cleaners.head_object, r->cleaners.head_field);
	addresses_init(&seen, &frame);
	ok = r->cleaners.in_nodes ? walk_nodes(r, &seen, why) : walk_links(r, &seen, why);
	arena_drop(&frame);
	if (!heapclock_held(r->vm, &clock)) {
		r->moving = true;
		return fail(why, FAIL_CORRUPT, "a collection moved the list of cleaners");
	}
	if (!read_counters(r, &after, ok ? why : NULL))
		return false;
	if (memcmp(&before, &after, sizeof(before)) != 0)
		r->moving = true;
	if (!ok)
		return false;
	if (!check_counts(r, &after, why))
		return false;
	r->out->count = after.count;
	r->out->capacity = after.capacity;
	r->out->reserved = after.reserved;
	return true;
}

// 0.5 ms, then twice as long each time: a large buffer is counted before it is cleared, and only then
// listed; a collection takes its time too.
static void pause_before(unsigned try)
{
	struct timespec pause = { .tv_nsec = 250000L << (try - 1) };

	nanosleep(&pause, NULL);
}

bool direct_read(const struct hotspot *vm, const struct hotspot_classes *classes, struct arena *mem,
		 struct direct_buffers *out, struct fail *why)
{
	struct direct_buffers b = { 0 };
	struct reader r = { .vm = vm, .classes = classes, .mem = mem, .out = &b };
	struct heapclock clock = classes->clock;
	struct counters c = { 0 };
	struct fail list_why = { 0 };

	r.bits = classes_find(classes, "java/nio/Bits");
	if (r.bits) {
		b.in_use = true;
		if (!read_counters(&r, &c, why))
			return false;
		b.count = c.count;
		b.capacity = c.capacity;
		b.reserved = c.reserved;
		read_limit(&r);
	}
	find_witness(&r);
	b.listed = !c.count; // nothing counted, nothing to list
	while (!b.listed && b.tries++ < TRIES) {
		if (b.tries > 1)
			pause_before(b.tries);
		b.listed = read_list_once(&r, &list_why);
	}
	if (!b.listed && !heapclock_held(vm, &clock))
		r.moving = true;
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
