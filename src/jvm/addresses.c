// SPDX-License-Identifier: Apache-2.0
#include "jvm/addresses.h"

#include "base/arena.h"

enum { FIRST_SIZE = 1024 };

void addresses_init(struct addresses *set, struct arena *mem)
{
	*set = (struct addresses){ .mem = mem };
}

// The slot of `at`, or the free slot where it belongs.
static size_t slot_of(const struct addresses *set, uint64_t at)
{
	size_t i = (size_t)((at >> 3) * UINT64_C(0x9E3779B97F4A7C15) >> 20) & (set->size - 1);

	while (set->keys[i] && set->keys[i] != at)
		i = (i + 1) & (set->size - 1);
	return i;
}

static void grow(struct addresses *set)
{
	struct addresses old = *set;

	set->size = old.size ? old.size * 4 : FIRST_SIZE;
	set->keys = arena_array(set->mem, uint64_t, set->size);
	set->values = arena_array(set->mem, uint32_t, set->size);
	for (size_t i = 0; i < old.size; i++) {
		size_t to;

		if (!old.keys[i])
			continue;
		to = slot_of(set, old.keys[i]);
		set->keys[to] = old.keys[i];
		set->values[to] = old.values[i];
	}
}

bool addresses_put(struct addresses *set, uint64_t at, uint32_t value, uint32_t *before)
{
	size_t i;

	if (set->count * 2 >= set->size)
		grow(set);
	i = slot_of(set, at);
	if (set->keys[i]) {
		if (before)
			*before = set->values[i];
		set->values[i] = value;
		return false;
	}
	set->keys[i] = at;
	set->values[i] = value;
	set->count++;
	return true;
}

bool addresses_find(const struct addresses *set, uint64_t at, uint32_t *value)
{
	size_t i;

	if (!set->size || !at)
		return false;
	i = slot_of(set, at);
	if (!set->keys[i])
		return false;
	*value = set->values[i];
	return true;
}
