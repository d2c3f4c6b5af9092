// SPDX-License-Identifier: Apache-2.0
#include "jvm/threads.h"

#include <inttypes.h>
#include <string.h>

#include "base/fail.h"
#include "base/memory.h"
#include "jvm/addresses.h"
#include "jvm/allocated.h"
#include "jvm/classes.h"
#include "jvm/heapclock.h"
#include "jvm/hotspot.h"
#include "jvm/javafields.h"
#include "jvm/pthreads.h"
#include "jvm/vmstructs.h"
#include "os/patience.h"

enum {
	TRIES = 5,       // while nothing moves
	LIST_TRIES = 20, // copies of the list's array
	THREAD_LIMIT = 1 << 17,
	STATE_LIMIT = 12, // JavaThreadState: 0 uninitialized .. 11 blocked_trans
	STACK_LEAST = 16 << 10,
	TOP_OF_STACK = 1 << 20, // glibc's pthread and the static TLS, which stand there
	DESCRIPTOR = 2048,      // bytes of glibc's struct pthread that are searched
	SLOT_REACH = 8192,      // bytes below the thread pointer in which static TLS is searched
	SLOT_SEEDS = 4,
	SLOT_WITNESSES = 8,
};

struct reader {
	const struct hotspot *vm;
	const struct hotspot_classes *classes;
	struct arena *mem;
	uint64_t thread_klass;
	struct java_strings strings;
	struct javafield name, context_loader;
	struct tempbuffers temp;
	bool has_name, has_context_loader, has_temp;
};

static void find_fields(struct reader *r)
{
	uint64_t string;

	if (!r->classes)
		return;
	string = classes_find(r->classes, "java/lang/String");
	r->thread_klass = classes_find(r->classes, "java/lang/Thread");
	if (!r->thread_klass)
		return;
	r->has_name = string && javafields_strings(r->vm, string, &r->strings, NULL) &&
		      javafields_find(r->vm, r->thread_klass, "name", &r->name, NULL);
	r->has_context_loader = javafields_find(r->vm, r->thread_klass, "contextClassLoader",
						&r->context_loader, NULL);
	r->has_temp = tempbuffers_find(r->vm, r->classes, r->thread_klass, &r->temp);
}

// The Thread object, if it is one: java.lang.Thread is its class or the first super class below
// Object.
static uint64_t thread_object(const struct reader *r, uint64_t thread, uint64_t *of_klass)
{
	const struct vmstructs_field *f = r->vm->field[FIELD_JAVATHREAD_OBJ];
	uint64_t member, object, klass, supers, super;

	if (!f || !r->thread_klass ||
	    !memory_read_u64(r->vm->memory, hotspot_at(r->vm, FIELD_JAVATHREAD_OBJ, thread),
			     &member, NULL))
		return 0;
	object = strstr(f->field_type, "Handle") ? hotspot_handle(r->vm, member) : member;
	klass = *of_klass = hotspot_klass_of(r->vm, object);
	if (klass == r->thread_klass)
		return object;
	supers = hotspot_at(r->vm, FIELD_KLASS_PRIMARY_SUPERS, klass);
	if (!klass || !supers || !memory_read_u64(r->vm->memory, supers + 8, &super, NULL) ||
	    super != r->thread_klass)
		return 0;
	return object;
}

// A thread that was started after the maps were read stands on a stack that they don't have.  That
// it is one and no damage: its pthread, which another structure tells, is at the top of that stack.
static bool is_newborn(const struct hotspot *vm, uint64_t base, uint64_t pthread_at)
{
	return pthread_at < base && base - pthread_at < TOP_OF_STACK &&
	       !maps_find(vm->maps, base - 1) && !maps_find(vm->maps, pthread_at);
}

static bool read_os_part(const struct reader *r, uint64_t at, struct hotspot_thread *out)
{
	const struct hotspot *vm = r->vm;
	uint64_t os, base, size;
	uint32_t tid;

	if (!hotspot_is_pointer(at) || !memory_read_u64(vm->memory, at, &out->vtable, NULL) ||
	    !hotspot_is_vtable(vm, out->vtable) ||
	    !hotspot_read_pointer(vm, FIELD_THREAD_OSTHREAD, at, &os, NULL) ||
	    !hotspot_read_u32(vm, FIELD_OSTHREAD_TID, os, &tid, NULL) || !tid || tid >> 30 ||
	    !hotspot_read_u64(vm, FIELD_OSTHREAD_PTHREAD, os, &out->pthread_at, NULL) ||
	    !hotspot_read_u64(vm, FIELD_THREAD_STACK_BASE, at, &base, NULL) ||
	    !hotspot_read_u64(vm, FIELD_THREAD_STACK_SIZE, at, &size, NULL))
		return false;
	if (!base || base % 8 || base >= UINT64_C(1) << 47 || size < STACK_LEAST || size >= base ||
	    size > UINT64_C(1) << 36)
		return false;
	out->newborn = is_newborn(vm, base, out->pthread_at);
	if (!out->newborn && !maps_find(vm->maps, base - 1))
		return false;
	out->at = at;
	out->ns_tid = tid;
	out->stack_start = base - size;
	out->stack_end = base;
	return true;
}

static bool read_java_thread(const struct reader *r, uint64_t at, tempbuffer_rows *temp,
			     struct hotspot_thread *out)
{
	struct hotspot_thread t = { .kind = VM_THREAD_JAVA };
	uint64_t object, name;
	uint32_t state;

	if (!read_os_part(r, at, &t))
		return false;
	if (hotspot_read_u32(r->vm, FIELD_THREAD_STATE, at, &state, NULL) && state >= STATE_LIMIT)
		return false;
	object = thread_object(r, at, &t.klass_at);
	name = object && r->has_name ? javafields_oop(r->vm, object, r->name) : 0;
	if (name)
		javafields_text(r->vm, &r->strings, name, r->mem, &t.name, NULL);
	if (object && r->has_context_loader)
		t.context_loader_at = javafields_oop(r->vm, object, r->context_loader);
	t.first_temp = temp->count;
	t.temp_known =
		object && r->has_temp && tempbuffers_read(r->vm, &r->temp, object, r->mem, temp);
	t.temp_count = temp->count - t.first_temp;
	t.allocated_known = allocated_read(r->vm, at, &t.allocated);
	*out = t;
	return true;
}

static bool take(struct reader *r, struct hotspot_threads *out, struct addresses *seen, uint64_t at,
		 struct fail *why)
{
	struct hotspot_thread t;

	if (!hotspot_is_pointer(at) || !addresses_put(seen, at, 0, NULL))
		return fail(why, FAIL_CORRUPT, "the list of Java threads runs in a circle or wild");
	if (read_java_thread(r, at, &out->temp, &t)) {
		if (!t.newborn)
			vec_push(r->mem, &out->java, t);
	} else
		out->torn++;
	return true;
}

struct list {
	uint64_t at, *threads;
	uint32_t length;
};

// The member as it is now: what was copied before may be an earlier list's.
static bool read_anew(const struct reader *r, enum field_id id, uint64_t object, void *to,
		      size_t len, struct fail *why)
{
	uint64_t at = hotspot_at(r->vm, id, object);

	return at ? memory_read_anew(r->vm->memory, at, to, len, why)
		  : fail(why, FAIL_ABSENT, "this VM exports no list of Java threads");
}

static bool copy_array(const struct reader *r, struct arena *mem, struct list *out,
		       struct fail *why)
{
	struct list l = { 0 };
	uint64_t array = 0;

	if (!read_anew(r, FIELD_THREADS_LIST, 0, &l.at, sizeof(l.at), why) ||
	    !read_anew(r, FIELD_THREADS_LIST_LENGTH, l.at, &l.length, sizeof(l.length), why) ||
	    !read_anew(r, FIELD_THREADS_LIST_THREADS, l.at, &array, sizeof(array), why))
		return false;
	if (!hotspot_is_pointer(l.at) || !hotspot_is_pointer(array))
		return fail(why, FAIL_CORRUPT, "layout unknown: the list of Java threads");
	if (!l.length || l.length > THREAD_LIMIT)
		return fail(why, FAIL_CORRUPT, "layout unknown: a list of %u Java threads",
			    l.length);
	l.threads = arena_array(mem, uint64_t, l.length);
	if (!memory_read_anew(r->vm->memory, array, l.threads, l.length * sizeof(*l.threads), why))
		return false;
	*out = l;
	return true;
}

// JDK 10+: an array that never changes, replaced as a whole and then freed: a copy is good when the
// same list is still the VM's afterwards.
static bool read_array(struct reader *r, struct hotspot_threads *out, struct addresses *seen,
		       struct fail *why)
{
	struct arena frame = { 0 };
	struct list list = { 0 };
	bool ok = false, copied;
	uint64_t now = 0;

	for (int try = 0; try < LIST_TRIES && !ok; try++) {
		copied = copy_array(r, &frame, &list, why);
		if (!read_anew(r, FIELD_THREADS_LIST, 0, &now, sizeof(now), why))
			break;
		ok = copied && now == list.at;
		if (copied && !ok)
			fail(why, FAIL_CORRUPT,
			     "the list of Java threads is replaced all the time");
	}
	for (uint32_t i = 0; ok && i < list.length; i++)
		ok = take(r, out, seen, list.threads[i], why);
	arena_drop(&frame);
	return ok;
}

// What the VM counts; 0 where it does not tell.
static uint32_t count_threads(const struct reader *r)
{
	uint32_t count = 0;

	return read_anew(r, FIELD_THREADS_COUNT, 0, &count, sizeof(count), NULL) ? count : 0;
}

// JDK 8: links in the threads.  One that ends while we stand on it leads anywhere, also to an end,
// so the VM's own count must agree.
static bool read_links(struct reader *r, struct hotspot_threads *out, struct addresses *seen,
		       struct fail *why)
{
	uint32_t before, after;
	uint64_t at;

	if (!hotspot_has_offset(r->vm, FIELD_JAVATHREAD_NEXT))
		return fail(why, FAIL_ABSENT, "this VM exports no list of Java threads");
	before = count_threads(r);
	if (!hotspot_read_u64(r->vm, FIELD_THREADS_HEAD, 0, &at, why))
		return false;
	while (at) {
		if (seen->count == THREAD_LIMIT)
			return fail(why, FAIL_CORRUPT, "layout unknown: endless Java threads");
		if (!take(r, out, seen, at, why) ||
		    !hotspot_read_u64(r->vm, FIELD_JAVATHREAD_NEXT, at, &at, why))
			return false;
	}
	after = count_threads(r);
	return !before || !after || (seen->count >= before && seen->count <= after) ||
	       (seen->count >= after && seen->count <= before) ||
	       fail(why, FAIL_CORRUPT, "%zu Java threads listed, %u counted", seen->count, after);
}

static bool read_java(struct reader *r, struct hotspot_threads *out, struct fail *why)
{
	struct arena frame = { 0 };
	struct addresses seen;
	bool ok;

	addresses_init(&seen, &frame);
	out->java.count = out->temp.count = 0;
	out->torn = 0;
	ok = hotspot_has(r->vm, FIELD_THREADS_LIST) ? read_array(r, out, &seen, why)
						    : read_links(r, out, &seen, why);
	arena_drop(&frame);
	if (ok && !out->java.count)
		return fail(why, FAIL_CORRUPT, "layout unknown: no Java thread makes sense");
	return ok;
}

// The C++ class of ordinary Java threads is the most common one; the VM's own Java threads have
// others.
static void sort_out_kinds(struct hotspot_threads *t)
{
	uint64_t usual = 0;
	size_t most = 0;

	for (size_t i = 0; i < t->java.count; i++) {
		size_t same = 0;

		// Counting stops where the answer is clear: few classes, many threads.
		if (t->java.at[i].vtable == usual)
			continue;
		for (size_t k = i; k < t->java.count; k++)
			same += t->java.at[k].vtable == t->java.at[i].vtable;
		if (same > most) {
			most = same;
			usual = t->java.at[i].vtable;
		}
	}
	for (size_t i = 0; i < t->java.count; i++) {
		struct hotspot_thread *j = &t->java.at[i];

		if (j->vtable == usual)
			continue;
		j->kind = j->name && strstr(j->name, "CompilerThread") ? VM_THREAD_COMPILER
								       : VM_THREAD_SERVICE;
	}
}

// ---- the VM's own threads

// Thread::current() stands at one distance from every thread's thread pointer, which is its
// pthread_t: above it among the descriptor's values of pthread_setspecific() (JDK 8 has it nowhere
// else), and since JDK 9 below it in static TLS too (libjvm.so is built with the initial-exec
// model).  The distance is calibrated by Java threads, whose Thread* is known.  The descriptor goes
// first: where nothing is in the TLS, the search below would come to stacks.

static bool holds_at(const struct reader *r, const struct hotspot_thread *t, uint64_t distance)
{
	uint64_t value;

	return memory_read_u64(r->vm->memory, t->pthread_at + distance, &value, NULL) &&
	       value == t->at;
}

// Whether other Java threads have their Thread* at this distance too.
static bool is_slot(const struct reader *r, const struct hotspot_threads *t, size_t seed,
		    uint64_t distance)
{
	size_t others = 0, held = 0;

	if (!holds_at(r, &t->java.at[seed], distance))
		return false;
	for (size_t k = 0; k < t->java.count && others < SLOT_WITNESSES; k++) {
		if (k == seed)
			continue;
		others++;
		held += holds_at(r, &t->java.at[k], distance);
	}
	return held >= 2 && held + 1 >= others; // one may end meanwhile
}

// The distance from the thread pointer, 0: not found.
static uint64_t find_slot(const struct reader *r, const struct hotspot_threads *t)
{
	for (size_t i = 0; i < t->java.count && i < SLOT_SEEDS; i++) {
		for (uint64_t above = 8; above < DESCRIPTOR; above += 8)
			if (is_slot(r, t, i, above))
				return above;
		for (uint64_t below = 8; below <= SLOT_REACH; below += 8)
			if (is_slot(r, t, i, -below))
				return -below;
	}
	return 0;
}

void threads_find_internal(const struct hotspot *vm, const struct pthreads *libc, struct arena *mem,
			   struct hotspot_threads *t)
{
	const struct reader r = { .vm = vm, .mem = mem };
	uint64_t slot = find_slot(&r, t);

	t->internal.count = 0;
	for (size_t i = 0; slot && i < libc->rows.count; i++) {
		const struct pthread_row *row = &libc->rows.at[i];
		struct hotspot_thread got = { .kind = VM_THREAD_INTERNAL };
		bool is_java = false;
		uint64_t at;

		for (size_t k = 0; k < t->java.count && !is_java; k++)
			is_java = t->java.at[k].pthread_at == row->pthread_at;
		if (is_java || !row->tid ||
		    !memory_read_u64(vm->memory, row->pthread_at + slot, &at, NULL) ||
		    !read_os_part(&r, at, &got) || got.newborn || got.ns_tid != row->tid ||
		    got.pthread_at != row->pthread_at)
			continue;
		vec_push(mem, &t->internal, got);
	}
}

// What came from objects that may have moved meanwhile.
static void drop_java_part(struct hotspot_threads *t)
{
	t->temp.count = 0;
	t->temp_lost = true;
	for (size_t i = 0; i < t->java.count; i++) {
		t->java.at[i].name = NULL;
		t->java.at[i].context_loader_at = t->java.at[i].klass_at = 0;
		t->java.at[i].temp_known = false;
	}
}

bool threads_read(const struct hotspot *vm, const struct hotspot_classes *classes,
		  struct arena *mem, struct hotspot_threads *out, struct fail *why)
{
	struct hotspot_threads t = { 0 };
	struct reader r = { .vm = vm, .classes = classes, .mem = mem };
	struct patience patience = patience_start(vm->memory);
	struct heapclock clock = heapclock_restart(vm);
	bool ok, held;
	unsigned still = 0; // tries that failed though nothing moved

	find_fields(&r);
	do {
		ok = read_java(&r, &t, why);
		held = heapclock_held(vm, &clock) || !classes;
		still += held && !ok;
	} while ((!ok || !held) && still < TRIES && patience_again(&patience));
	if (!ok)
		return fail_while(why, "reading the Java threads");
	sort_out_kinds(&t);
	if (!held)
		drop_java_part(&t);
	*out = t;
	return true;
}
