// SPDX-License-Identifier: Apache-2.0
// Objects that stand for memory outside of the heap, and objects that wait for the finalizer.
// Fields by JDK: docs/formats/hprof.md.

#ifndef HEAP_NATIVES_H
#define HEAP_NATIVES_H

#include "heap/graph.h"

struct native {
	const char *kind;
	uint64_t bytes;
	bool estimated; // the dump does not say how much; what the library is known to take
	uint32_t n;     // the object
	uint32_t owner; // the nearest dominator that is no class of the JDK's; 0: none
	uint64_t count; // of segments in a session
};
struct natives {
	struct native *at; // by bytes, largest first
	size_t count;
};
void natives_find(const struct graph *g, struct arena *mem, struct natives *out);

struct finalizable {
	const struct klass *k;
	uint64_t waiting;    // in the queue of the finalizer thread
	uint64_t registered; // still in use
};
struct queue {
	uint32_t n;
	uint64_t length;
	const struct klass *head; // of the first reference in it; NULL: not known
	uint32_t owner;
};
struct finalizables {
	struct finalizable *at; // most waiting first
	size_t count;
	struct queue *queues; // longest first, none that is empty
	size_t queue_count;
};
void finalizables_find(const struct graph *g, struct arena *mem, struct finalizables *out);

// The nearest dominator that is no class of the JDK's; 0: none.
uint32_t native_owner(const struct graph *g, uint32_t n);

#endif
