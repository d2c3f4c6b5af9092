// SPDX-License-Identifier: Apache-2.0
#include "jvm/threads.h"

#include <inttypes.h>
#include <string.h>

#include "base/fail.h"
#include "base/memory.h"
#include "jvm/addresses.h"
#include "jvm/classes.h"
#include "jvm/heapclock.h"
#include "jvm/hotspot.h"
#include "jvm/javafields.h"
#include "jvm/pthreads.h"
#include "jvm/vmstructs.h"

enum {
	TRIES = 5,
	THREAD_LIMIT = 1 << 17,
	STATE_LIMIT = 12, // JavaThreadState: 0 uninitialized .. 11 blocked_trans
	STACK_LEAST = 16 << 10,
	TOP_OF_STACK = 1 << 20, // glibc's pthread and the static TLS, which stand there
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
	bool has_name, has_context_loader;
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
}

// The Thread object, if it is one: java.lang.Thread is its class or the first super class below
// Object.
static uint64_t thread_object(const struct reader *r, uint64_t thread)
{
	const struct vmstructs_field *f = r->vm->field[FIELD_JAVATHREAD_OBJ];
	uint64_t member, object, klass, supers, super;

	if (!f || !r->thread_klass ||
	    !memory_read_u64(r->vm->memory, hotspot_at(r->vm, FIELD_JAVATHREAD_OBJ, thread),
			     &member, NULL))
		return 0;
	object = strstr(f->field_type, "Handle") ? hotspot_handle(r->vm, member) : member;
	klass = hotspot_klass_of(r->vm, object);
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

static bool read_java_thread(const struct reader *r, uint64_t at, struct hotspot_thread *out)
{
	struct hotspot_thread t = { .kind = VM_THREAD_JAVA };
	uint64_t object, name;
	uint32_t state;

	if (!read_os_part(r, at, &t))
		return false;
	if (hotspot_read_u32(r->vm, FIELD_THREAD_STATE, at, &state, NULL) && state >= STATE_LIMIT)
		return false;
	object = thread_object(r, at);
	name = object && r->has_name ? javafields_oop(r->vm, object, r->name) : 0;
	if (name)
		javafields_text(r->vm, &r->strings, name, r->mem, &t.name, NULL);
	if (object && r->has_context_loader)
		t.context_loader_at = javafields_oop(r->vm, object, r->context_loader);
	*out = t;
	return true;
}

static bool take(struct reader *r, struct hotspot_threads *out, struct addresses *seen, uint64_t at,
		 struct fail *why)
{
	struct hotspot_thread t;

	if (!hotspot_is_pointer(at) || !addresses_put(seen, at, 0, NULL))
		return fail(why, FAIL_CORRUPT, "the list of Java threads runs in a circle or wild");
	if (read_java_thread(r, at, &t)) {
		if (!t.newborn)
			vec_push(r->mem, &out->java, t);
	} else
		out->torn++;
	return true;
}

// JDK 10+: an immutable array that is replaced as a whole.
static bool read_array(struct reader *r, struct hotspot_threads *out, struct addresses *seen,
		       struct fail *why)
{
	struct arena frame = { 0 };
	uint64_t list, array, *at;
	uint32_t length;
	bool ok = false;

	if (!hotspot_read_pointer(r->vm, FIELD_THREADS_LIST, 0, &list, why) ||
	    !hotspot_read_u32(r->vm, FIELD_THREADS_LIST_LENGTH, list, &length, why) ||
	    !hotspot_read_pointer(r->vm, FIELD_THREADS_LIST_THREADS, list, &array, why))
		return false;
	if (!length || length > THREAD_LIMIT)
		return fail(why, FAIL_CORRUPT, "layout unknown: a list of %u Java threads", length);
	at = arena_array(&frame, uint64_t, length);
	if (!memory_read(r->vm->memory, array, at, length * sizeof(*at), why))
		goto out;
	for (uint32_t i = 0; i < length; i++)
		if (!take(r, out, seen, at[i], why))
			goto out;
	ok = true;
out:
	arena_drop(&frame);
	return ok;
}

static bool read_links(struct reader *r, struct hotspot_threads *out, struct addresses *seen,
		       struct fail *why)
{
	uint64_t at;

	if (!hotspot_has_offset(r->vm, FIELD_JAVATHREAD_NEXT))
		return fail(why, FAIL_ABSENT, "this VM exports no list of Java threads");
	if (!hotspot_read_u64(r->vm, FIELD_THREADS_HEAD, 0, &at, why))
		return false;
	while (at) {
		if (seen->count == THREAD_LIMIT)
			return fail(why, FAIL_CORRUPT, "layout unknown: endless Java threads");
		if (!take(r, out, seen, at, why) ||
		    !hotspot_read_u64(r->vm, FIELD_JAVATHREAD_NEXT, at, &at, why))
			return false;
	}
	return true;
}

static bool read_java(struct reader *r, struct hotspot_threads *out, struct fail *why)
{
	struct arena frame = { 0 };
	struct addresses seen;
	bool ok;

	addresses_init(&seen, &frame);
	out->java.count = 0;
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

// libjvm.so keeps Thread::current() in static TLS (initial-exec model), so the Thread* of every
// thread of the VM stands at one distance below its thread pointer, which is its pthread_t.  The
// distance is calibrated by Java threads, whose Thread* is known.

static bool holds_at(const struct reader *r, const struct hotspot_thread *t, uint64_t below)
{
	uint64_t value;

	return memory_read_u64(r->vm->memory, t->pthread_at - below, &value, NULL) &&
	       value == t->at;
}

static uint64_t find_slot(const struct reader *r, const struct hotspot_threads *t)
{
	for (size_t i = 0; i < t->java.count && i < SLOT_SEEDS; i++) {
		const struct hotspot_thread *seed = &t->java.at[i];

		for (uint64_t below = 8; below <= SLOT_REACH; below += 8) {
			size_t others = 0, held = 0;

			if (!holds_at(r, seed, below))
				continue;
			for (size_t k = 0; k < t->java.count && others < SLOT_WITNESSES; k++) {
				if (k == i)
					continue;
				others++;
				held += holds_at(r, &t->java.at[k], below);
			}
			if (held >= 2 && held + 1 >= others) // one may end meanwhile
				return below;
		}
	}
	return 0;
}

void threads_find_internal(const struct hotspot *vm, const struct pthreads *libc, struct arena *mem,
			   struct hotspot_threads *t)
{
	const struct reader r = { .vm = vm, .mem = mem };
	uint64_t below = find_slot(&r, t);

	t->internal.count = 0;
	for (size_t i = 0; below && i < libc->rows.count; i++) {
		const struct pthread_row *row = &libc->rows.at[i];
		struct hotspot_thread got = { .kind = VM_THREAD_INTERNAL };
		bool is_java = false;
		uint64_t at;

		for (size_t k = 0; k < t->java.count && !is_java; k++)
			is_java = t->java.at[k].pthread_at == row->pthread_at;
		if (is_java || !row->tid ||
		    !memory_read_u64(vm->memory, row->pthread_at - below, &at, NULL) ||
		    !read_os_part(&r, at, &got) || got.newborn || got.ns_tid != row->tid ||
		    got.pthread_at != row->pthread_at)
			continue;
		vec_push(mem, &t->internal, got);
	}
}

// What came from objects that may have moved meanwhile.
static void drop_java_part(struct hotspot_threads *t)
{
	for (size_t i = 0; i < t->java.count; i++) {
		t->java.at[i].name = NULL;
		t->java.at[i].context_loader_at = 0;
	}
}

bool threads_read(const struct hotspot *vm, const struct hotspot_classes *classes,
		  struct arena *mem, struct hotspot_threads *out, struct fail *why)
{
	struct hotspot_threads t = { 0 };
	struct reader r = { .vm = vm, .classes = classes, .mem = mem };
	struct heapclock clock = classes ? classes->clock : heapclock_restart(vm);
	bool ok = false, held = false;

	find_fields(&r);
	for (int try = 0; try < TRIES && !held; try++) {
		ok = read_java(&r, &t, why);
		held = heapclock_held(vm, &clock) && ok;
	}
	if (!ok)
		return fail_while(why, "reading the Java threads");
	sort_out_kinds(&t);
	if (!held)
		drop_java_part(&t);
	*out = t;
	return true;
}
