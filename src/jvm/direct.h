// SPDX-License-Identifier: Apache-2.0
// Direct buffers: java.nio.Bits' counters and every single buffer, read from the Java heap.
//
// Each buffer that owns memory has a Deallocator {address, size, capacity} behind a Cleaner; the
// cleaners form a list (JDK 8-25: jdk.internal.ref.Cleaner, links in the objects; 26+:
// java.nio.BufferCleaner, arrays in nodes).  Both are rebuilt while we read, so a list counts only
// when every link is of the right class and their number agrees with Bits;
// docs/formats/direct-buffers.md.

#ifndef JVM_DIRECT_H
#define JVM_DIRECT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"

struct fail;
struct hotspot;
struct hotspot_classes;

struct direct_buffer {
	uint64_t at, bytes; // what Java sees: address and capacity
	uint64_t block_at,
		block_bytes; // as Unsafe.allocateMemory gave it; larger when page-aligned or empty
};

struct direct_buffers {
	bool in_use; // false: java.nio.Bits is not loaded: no direct buffer was ever made
	uint64_t count, capacity, reserved; // by java.nio.Bits
	bool has_limit;
	uint64_t
		limit; // MaxDirectMemorySize in force, as java.nio.Bits has it; not before the first buffer
	bool listed;    // the list validated: `buffers` is whole
	unsigned tries; // walks it took
	VEC(struct direct_buffer) buffers;
	char why_not[160]; // when not `listed`
};

// CORRUPT or ABSENT: not even the counters can be read, or they stand still and contradict the
// list. A list that does not validate in some tries while they move leaves `listed` false and the
// counters.
bool direct_read(const struct hotspot *vm, const struct hotspot_classes *classes, struct arena *mem,
		 struct direct_buffers *out, struct fail *why);

#endif
