// SPDX-License-Identifier: Apache-2.0
#include "jvm/heapclock.h"

#include "base/memory.h"
#include "jvm/hotspot.h"

struct heapclock heapclock_start(const struct hotspot *vm)
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

bool heapclock_held(const struct hotspot *vm, struct heapclock start)
{
	struct heapclock now = heapclock_start(vm);

	return !start.active && !now.active && start.known == now.known &&
	       start.collections == now.collections;
}
