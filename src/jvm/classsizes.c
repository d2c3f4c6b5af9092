// SPDX-License-Identifier: Apache-2.0
#include "jvm/classsizes.h"

#include "base/arena.h"
#include "base/memory.h"
#include "jvm/classes.h"
#include "jvm/hotspot.h"

enum {
	ARRAY_BYTES = 500,    // an array class: its Klass with a small vtable
	INSTANCE_BYTES = 700, // the least of an InstanceKlass with its methods' arrays
	PER_CONSTANT = 32,    // a constant: slot, tag, and its share of methods and caches
	POOL_LIMIT = 65536,
};

// Where the lengths of the classes' constant pools stand, and whose they are.
struct pools {
	uint64_t *length_at;
	size_t *of, count;
};

static void add_pool(const struct hotspot *vm, uint64_t pool_at, size_t index, struct pools *pools)
{
	uint64_t length_at = hotspot_at(vm, FIELD_CP_LENGTH, pool_at);

	if (!hotspot_is_pointer(pool_at) || !length_at)
		return;
	pools->length_at[pools->count] = length_at;
	pools->of[pools->count++] = index;
}

// The pools lie all over Metaspace, a few bytes of interest in each: they are gathered.  One that
// can't be read costs itself alone.
static void add_lengths(const struct hotspot *vm, const struct pools *pools, struct arena *frame,
			uint64_t *weights)
{
	uint32_t *lengths = arena_array(frame, uint32_t, pools->count + 1);
	const struct memory_objects objects = { .at = pools->length_at,
						.count = pools->count,
						.len = sizeof(*lengths) };
	bool all = memory_gather(vm->memory, &objects, lengths, NULL);

	for (size_t i = 0; i < pools->count; i++) {
		if (!all && !memory_read_u32(vm->memory, pools->length_at[i], &lengths[i], NULL))
			continue;
		if (lengths[i] <= POOL_LIMIT)
			weights[pools->of[i]] += (uint64_t)lengths[i] * PER_CONSTANT;
	}
}

// Bounds of the archives by the VM's own word; JDK 8 and 11 have none, but map a file there.
struct archive {
	uint64_t start, end;
	const struct mapping *last; // where the class before lay
};

static bool is_archived(const struct hotspot *vm, struct archive *a, uint64_t at)
{
	if (a->end)
		return at >= a->start && at < a->end;
	if (!a->last || at < a->last->start || at >= a->last->end)
		a->last = maps_find(vm->maps, at);
	return a->last && a->last->inode;
}

void classsizes_weigh(const struct hotspot *vm, const struct hotspot_class *classes, size_t count,
		      uint64_t *weights)
{
	struct arena frame = { 0 };
	struct pools pools = { arena_array(&frame, uint64_t, count + 1),
			       arena_array(&frame, size_t, count + 1), 0 };
	struct archive archive = { 0 };

	if (!hotspot_read_u64(vm, FIELD_CDS_BASE, 0, &archive.start, NULL) ||
	    !hotspot_read_u64(vm, FIELD_CDS_TOP, 0, &archive.end, NULL))
		archive.end = 0;
	for (size_t i = 0; i < count; i++) {
		const struct hotspot_class *c = &classes[i];

		weights[i] = c->kind == CLASS_INSTANCE ? INSTANCE_BYTES : ARRAY_BYTES;
		if (is_archived(vm, &archive, c->at))
			weights[i] = 0;
		else if (c->kind == CLASS_INSTANCE)
			add_pool(vm, c->constants_at, i, &pools);
	}
	add_lengths(vm, &pools, &frame, weights);
	arena_drop(&frame);
}
