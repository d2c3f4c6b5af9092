// SPDX-License-Identifier: Apache-2.0
// The VM's threads: Java threads by ThreadsList, its own by the TLS slot of Thread::current().
//
// Threads start and end while we read: an entry whose OSThread, state or stack makes no sense is
// left out and counted as torn.  A thread's Java name is the Thread object's String, whole; while
// the heap does not hold still for it (jvm/heapclock.h) it has none. docs/formats/threads.md.

#ifndef JVM_THREADS_H
#define JVM_THREADS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "jvm/tempbuffers.h"

struct fail;
struct hotspot;
struct hotspot_classes;
struct pthreads;

enum vm_thread_kind {
	VM_THREAD_JAVA,
	VM_THREAD_COMPILER, // a Java thread of the VM's own class that compiles
	VM_THREAD_SERVICE,  // a Java thread of the VM's own class that does something else
	VM_THREAD_INTERNAL, // no Java thread: collector workers, VM thread, watcher
};

struct hotspot_thread {
	uint64_t at; // Thread*
	uint64_t vtable;
	uint32_t ns_tid; // as the JVM sees it (its PID namespace)
	uint64_t pthread_at;
	uint64_t stack_start, stack_end;
	enum vm_thread_kind kind;
	const char *name;              // Java's, NULL: none, or it starts or ends
	uint64_t context_loader_at;    // oop, 0: none or not known
	uint64_t klass_at;             // of the Thread object, 0: not known
	bool temp_known;               // the direct buffers that NIO keeps for it are
	size_t first_temp, temp_count; // of `temp`
	bool allocated_known;
	uint64_t allocated; // on the Java heap since it began (jvm/allocated.h)
	bool newborn;       // started after the maps were read: not in the lists
};

struct hotspot_threads {
	VEC(struct hotspot_thread) java;     // in the VM's order
	VEC(struct hotspot_thread) internal; // by threads_find_internal()
	tempbuffer_rows temp;
	bool temp_lost; // the heap did not hold still for it
	unsigned torn;  // entries of threads that started or ended
};

// CORRUPT: the list makes no sense in three tries ("layout unknown"); ABSENT: not exported.
// `classes` may be NULL: then threads have no names.
bool threads_read(const struct hotspot *vm, const struct hotspot_classes *classes,
		  struct arena *mem, struct hotspot_threads *out, struct fail *why);
// Fills `t->internal` from glibc's threads: those whose TLS names a Thread of the VM, confirmed by
// its OSThread's tid and pthread.  Needs the Java threads in `t`; leaves it empty when the slot is
// not found.
void threads_find_internal(const struct hotspot *vm, const struct pthreads *libc, struct arena *mem,
			   struct hotspot_threads *t);

#endif
