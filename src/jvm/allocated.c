// SPDX-License-Identifier: Apache-2.0
#include "jvm/allocated.h"

#include <string.h>

#include "base/memory.h"
#include "base/units.h"
#include "jvm/hotspot.h"

// No JVM has allocated so much, and no buffer is so large.
#define ALLOCATED_LIMIT (UINT64_C(1) << 60)
#define BUFFER_LIMIT    GIB(4)
enum { REACH = 512 }; // of the members from the first to the last: they are neighbours

enum member { RETIRED, START, TOP, MEMBERS };

static bool find_members(const struct hotspot *vm, uint64_t thread_at, uint64_t *at)
{
	uint64_t buffer_at = hotspot_at(vm, FIELD_THREAD_TLAB, thread_at);

	at[RETIRED] = hotspot_at(vm, FIELD_THREAD_ALLOCATED, thread_at);
	at[START] = buffer_at ? hotspot_at(vm, FIELD_TLAB_START, buffer_at) : 0;
	at[TOP] = buffer_at ? hotspot_at(vm, FIELD_TLAB_TOP, buffer_at) : 0;
	return at[RETIRED] && at[START] && at[TOP];
}

// In one piece, so that the buffer is the one that the counter does not count yet.
static bool read_members(const struct hotspot *vm, const uint64_t *at, uint64_t *value)
{
	uint64_t low = at[0], high = at[0];
	char bytes[REACH];

	for (int i = 1; i < MEMBERS; i++) {
		low = at[i] < low ? at[i] : low;
		high = at[i] > high ? at[i] : high;
	}
	if (high - low > REACH - sizeof(*value) ||
	    !memory_read(vm->memory, low, bytes, high - low + sizeof(*value), NULL))
		return false;
	for (int i = 0; i < MEMBERS; i++)
		memcpy(&value[i], bytes + (at[i] - low), sizeof(value[i]));
	return true;
}

bool allocated_read(const struct hotspot *vm, uint64_t thread_at, uint64_t *bytes)
{
	uint64_t at[MEMBERS], value[MEMBERS], used;

	if (!find_members(vm, thread_at, at) || !read_members(vm, at, value))
		return false;
	used = value[TOP] - value[START];
	if (value[RETIRED] >= ALLOCATED_LIMIT || value[START] % 8 || value[TOP] % 8 ||
	    value[TOP] < value[START] || used > BUFFER_LIMIT)
		return false;
	// A thread without a buffer has none of its words set.
	if (used && vm->heap_end && (value[START] < vm->heap_start || value[TOP] > vm->heap_end))
		return false;
	*bytes = value[RETIRED] + used;
	return true;
}
