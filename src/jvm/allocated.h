// SPDX-License-Identifier: Apache-2.0
// What a thread of the VM has allocated on the Java heap since it began: Thread::_allocated_bytes, which
// the VM adds to when a buffer (TLAB) is full and with each allocation outside of one, and what the
// thread has used of its present buffer.  The same for every collector.

#ifndef JVM_ALLOCATED_H
#define JVM_ALLOCATED_H

#include <stdbool.h>
#include <stdint.h>

struct hotspot;

// false: the VM does not export it, it could not be read, or it makes no sense.  A thread that just
// gets a new buffer may be told by that buffer's size too high or too low.
bool allocated_read(const struct hotspot *vm, uint64_t thread_at, uint64_t *bytes);

#endif
