// SPDX-License-Identifier: Apache-2.0
#include "jvm/heapclock.h"

#include "base/memory.h"
#include "jvm/hotspot.h"

typedef bool read_as(const struct memory *m, uint64_t at, void *to, size_t len, struct fail *why);

static struct heapclock read_clock(const struct hotspot *vm, read_as *read)
{
	struct heapclock c = { .known = false };
	uint64_t count_at = hotspot_at(vm, FIELD_HEAP_COLLECTIONS, vm->heap_at);
	uint64_t active_at = hotspot_at(vm, FIELD_HEAP_GC_ACTIVE, vm->heap_at);
	uint8_t active = 0;

	c.known = vm->heap_at && count_at &&
		  read(vm->memory, count_at, &c.collections, sizeof(c.collections), NULL);
	c.active = c.known && active_at &&
		   read(vm->memory, active_at, &active, sizeof(active), NULL) && active;
	return c;
}

struct heapclock heapclock_restart(const struct hotspot *vm)
{
	memory_forget(vm->memory);
	return read_clock(vm, memory_read);
}

static bool is_same(const struct heapclock *start, const struct heapclock *now)
{
	return !start->active && !now->active && start->known == now->known &&
	       start->collections == now->collections;
}

bool heapclock_held(const struct hotspot *vm, struct heapclock *clock)
{
	struct heapclock start = *clock;

	*clock = heapclock_restart(vm);
	return is_same(&start, clock);
}

bool heapclock_holds_on(const struct hotspot *vm, struct heapclock *clock)
{
	struct heapclock now = read_clock(vm, memory_ask);

	if (is_same(clock, &now))
		return true;
	*clock = heapclock_restart(vm);
	return false;
}
