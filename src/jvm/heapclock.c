// SPDX-License-Identifier: Apache-2.0
#include "jvm/heapclock.h"

#include "base/memory.h"
#include "jvm/hotspot.h"

struct heapclock heapclock_restart(const struct hotspot *vm)
{
	struct heapclock c = { .known = false };
	uint64_t at = hotspot_at(vm, FIELD_HEAP_GC_ACTIVE, vm->heap_at);
	uint8_t active = 0;

	memory_forget(vm->memory);
	c.known = vm->heap_at &&
		  hotspot_read_u32(vm, FIELD_HEAP_COLLECTIONS, vm->heap_at, &c.collections, NULL);
	c.active = c.known && at && memory_read_u8(vm->memory, at, &active, NULL) && active;
	return c;
}

bool heapclock_held(const struct hotspot *vm, struct heapclock *clock)
{
	struct heapclock start = *clock;

	*clock = heapclock_restart(vm);
	return !start.active && !clock->active && start.known == clock->known &&
	       start.collections == clock->collections;
}
