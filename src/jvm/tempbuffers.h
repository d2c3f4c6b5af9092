// SPDX-License-Identifier: Apache-2.0
// The direct buffers that NIO keeps for a thread: sun.nio.ch.Util's cache among its thread locals.
//
// Whoever reads or writes a heap buffer through a channel gets one of that size, and the thread
// keeps it.  Since JDK 25 they have no Cleaner and java.nio.Bits does not count them; the cache
// stands in a map of its own then.  docs/formats/direct-buffers.md.

#ifndef JVM_TEMPBUFFERS_H
#define JVM_TEMPBUFFERS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "jvm/javafields.h"

struct hotspot;
struct hotspot_classes;

struct tempbuffer {
	uint64_t at, bytes;
	bool counted; // by java.nio.Bits
};
typedef VEC(struct tempbuffer) tempbuffer_rows;

struct tempbuffers {
	bool unused; // the cache's class is not loaded: no thread has one
	bool has_holder, has_cleaner;
	uint64_t map, entry, cache;
	struct javafield locals, holder, terminating, table, value, buffers, count, capacity,
		address, cleaner;
};

// Where the fields are; false: this JDK's classes are others, and nothing can be told.
bool tempbuffers_find(const struct hotspot *vm, const struct hotspot_classes *classes,
		      uint64_t thread_klass, struct tempbuffers *out);
// Adds what a Thread object's cache holds.  False: it makes no sense, as while objects move; `out`
// is then as it was.
bool tempbuffers_read(const struct hotspot *vm, const struct tempbuffers *t, uint64_t thread,
		      struct arena *mem, tempbuffer_rows *out);

#endif
