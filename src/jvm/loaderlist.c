// SPDX-License-Identifier: Apache-2.0
#include "jvm/loaderlist.h"

#include "base/arena.h"
#include "base/memory.h"
#include "jvm/classes.h"
#include "jvm/hotspot.h"

enum { NEW_LIMIT = 10000 };

static uint64_t ask(const struct hotspot *vm, uint64_t at)
{
	uint64_t value;

	return at && memory_ask(vm->memory, at, &value, sizeof(value), NULL) ? value : 0;
}

// New loaders are put in front.
static bool leads_to(const struct hotspot *vm, uint64_t first)
{
	uint64_t at = ask(vm, hotspot_at(vm, FIELD_CLD_HEAD, 0));

	for (unsigned i = 0; i < NEW_LIMIT && hotspot_is_pointer(at) && at != first; i++)
		at = ask(vm, hotspot_at(vm, FIELD_CLD_NEXT, at));
	return at == first;
}

bool loaderlist_kept(const struct hotspot *vm, const struct hotspot_classes *c)
{
	struct arena frame = { 0 };
	size_t count = c->loaders.count;
	uint64_t *at = arena_array(&frame, uint64_t, count + 1);
	uint64_t *next = arena_array(&frame, uint64_t, count + 1);
	const struct memory_objects nexts = {
		.at = at, .count = count, .len = sizeof(*next), .anew = true
	};
	bool kept;

	for (size_t i = 0; i < count; i++)
		at[i] = hotspot_at(vm, FIELD_CLD_NEXT, c->loaders.at[i].at);
	kept = count && memory_gather(vm->memory, &nexts, next, NULL) && !next[count - 1] &&
	       leads_to(vm, c->loaders.at[0].at);
	for (size_t i = 0; kept && i + 1 < count; i++)
		kept = next[i] == c->loaders.at[i + 1].at;
	arena_drop(&frame);
	return kept;
}
