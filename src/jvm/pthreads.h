// SPDX-License-Identifier: Apache-2.0
// glibc's own list of threads: stack, guard and id of every thread, also of those that Java never saw.
//
// struct pthread is private and moves between versions, so its offsets are calibrated: threads
// whose tid and stack the VM tells are looked up in their own descriptors, and an offset counts
// when it holds for nearly all.  Ended threads whose stacks glibc keeps for reuse are in a list
// beside it; docs/formats/threads.md.  Another libc simply does not calibrate (ABSENT).

#ifndef JVM_PTHREADS_H
#define JVM_PTHREADS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"

struct fail;
struct maps;
struct memory;

struct pthread_seed { // what the VM knows of a thread
	uint64_t pthread_at;
	uint64_t stack_start, stack_end;
	uint32_t tid; // as the thread sees it
};

struct pthread_row {
	uint64_t pthread_at;
	uint32_t tid; // as the thread sees it; 0: ended
	uint64_t stack_start,
		stack_end; // without the guard, with what the libc keeps above the stack
	uint64_t top;      // where the thread began: glibc's stack_end
	uint64_t guard;    // bytes below stack_start that no one may touch
	bool cached;       // an ended thread's stack, kept for reuse
};

struct pthreads {
	VEC(struct pthread_row) rows; // those that glibc made stacks for; the first thread has none
	bool cache_known;             // the list of kept stacks was found and validated
};

// CORRUPT when the list does not close in three tries; ABSENT when nothing calibrates.
bool pthreads_read(const struct memory *memory, const struct maps *maps,
		   const struct pthread_seed *seeds, size_t count, struct arena *mem,
		   struct pthreads *out, struct fail *why);

// The same of musl, whose list has the first thread as well, and no stacks for reuse.
bool pthreads_read_musl(const struct memory *memory, const struct maps *maps,
			const struct pthread_seed *seeds, size_t count, struct arena *mem,
			struct pthreads *out, struct fail *why);

// For both: the place with the most votes, if nearly all of those asked voted for it.
bool pthreads_elect(const unsigned *votes, size_t count, unsigned asked, size_t *out);

#endif
