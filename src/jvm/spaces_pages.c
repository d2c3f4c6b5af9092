// SPDX-License-Identifier: Apache-2.0
#include "jvm/spaces_pages.h"

#include <inttypes.h>

#include "base/fail.h"
#include "base/memory.h"
#include "base/units.h"
#include "jvm/hotspot.h"
#include "jvm/spaces.h"
#include "jvm/vmstructs.h"

enum { NODE_LIMIT = 64 }; // NUMA nodes

static bool finish(struct spaces *out, uint64_t committed, uint64_t used, const char *unknown,
		   struct fail *why)
{
	if (committed % PAGE_SIZE_BYTES || committed >= (uint64_t)1 << 47 || used > committed)
		return fail(why, FAIL_CORRUPT,
			    "layout unknown: %" PRIu64 " of %" PRIu64 " heap bytes used", used,
			    committed);
	out->committed = committed;
	out->used = used;
	out->unknown = unknown;
	return true;
}

// JDK 25 and later: one partition a NUMA node.
static bool sum_partitions(const struct hotspot *vm, uint64_t allocator, uint64_t *capacity,
			   uint64_t *used, struct fail *why)
{
	uint64_t partitions, nodes, stride, c, u;

	if (!hotspot_has_offset(vm, FIELD_Z_PARTITION_USED))
		return fail(why, FAIL_ABSENT, "this VM does not export ZGC's partitions");
	stride = vmstructs_size(vm->tables, vm->field[FIELD_Z_PARTITION_USED]->type);
	if (!hotspot_read_pointer(vm, FIELD_Z_PARTITIONS_ADDR,
				  hotspot_at(vm, FIELD_Z_PARTITIONS, allocator), &partitions,
				  why) ||
	    !hotspot_read_u64(vm, FIELD_Z_NODE_COUNT, 0, &nodes, why))
		return false;
	if (!nodes || nodes > NODE_LIMIT || stride < 16 || stride > MIB(1))
		return fail(why, FAIL_CORRUPT, "layout unknown: %" PRIu64 " NUMA nodes", nodes);
	for (uint64_t i = 0; i < nodes; i++) {
		uint64_t at = partitions + i * stride;

		if (!hotspot_read_u64(vm, FIELD_Z_PARTITION_CAPACITY, at, &c, why) ||
		    !hotspot_read_u64(vm, FIELD_Z_PARTITION_USED, at, &u, why))
			return false;
		if (c >= (uint64_t)1 << 47 || u > c)
			return fail(why, FAIL_CORRUPT, "layout unknown: a ZGC partition");
		*capacity += c;
		*used += u;
	}
	return true;
}

// Until JDK 24: totals in the allocator, the capacity on JDK 11 in a member of it.
static bool read_totals(const struct hotspot *vm, uint64_t allocator, uint64_t *capacity,
			uint64_t *used, struct fail *why)
{
	if (!hotspot_read_u64(vm, FIELD_Z_USED, allocator, used, why))
		return false;
	if (hotspot_has_offset(vm, FIELD_Z_CAPACITY))
		return hotspot_read_u64(vm, FIELD_Z_CAPACITY, allocator, capacity, why);
	if (!hotspot_has_offset(vm, FIELD_Z_PHYSICAL))
		return fail(why, FAIL_ABSENT, "this VM does not export ZGC's capacity");
	return hotspot_read_u64(vm, FIELD_Z_PHYSICAL_CAPACITY,
				hotspot_at(vm, FIELD_Z_PHYSICAL, allocator), capacity, why);
}

bool spaces_pages_read_z(const struct hotspot *vm, struct spaces *out, struct fail *why)
{
	uint64_t heap, allocator, capacity = 0, used = 0;
	bool ok;

	// JDK 21 has two ZGCs; the old one is called X there.
	if (!vm->coloured_oops && hotspot_has_offset(vm, FIELD_X_HEAP)) {
		heap = hotspot_at(vm, FIELD_X_HEAP, vm->heap_at);
		allocator = hotspot_at(vm, FIELD_X_ALLOCATOR, heap);
		ok = hotspot_read_u64(vm, FIELD_X_USED, allocator, &used, why) &&
		     hotspot_read_u64(vm, FIELD_X_CAPACITY, allocator, &capacity, why);
	} else {
		if (!hotspot_has_offset(vm, FIELD_Z_HEAP) ||
		    !hotspot_has_offset(vm, FIELD_Z_ALLOCATOR))
			return fail(why, FAIL_ABSENT, "this VM does not export ZGC's heap");
		heap = hotspot_at(vm, FIELD_Z_HEAP, vm->heap_at);
		allocator = hotspot_at(vm, FIELD_Z_ALLOCATOR, heap);
		ok = hotspot_has_offset(vm, FIELD_Z_PARTITIONS)
			     ? sum_partitions(vm, allocator, &capacity, &used, why)
			     : read_totals(vm, allocator, &capacity, &used, why);
	}
	return ok && finish(out, capacity, used, "ZGC's heap by kind of page", why);
}

bool spaces_pages_read_shenandoah(const struct hotspot *vm, struct spaces *out, struct fail *why)
{
	uint64_t committed, used, owner;

	if (!hotspot_read_u64(vm, FIELD_SHENANDOAH_COMMITTED, vm->heap_at, &committed, why))
		return false;
	if (hotspot_has_offset(vm, FIELD_SHENANDOAH_USED)) {
		if (!hotspot_read_u64(vm, FIELD_SHENANDOAH_USED, vm->heap_at, &used, why))
			return false;
	} else if (hotspot_has_offset(vm, FIELD_SHENANDOAH_FREE_SET)) {
		if (!hotspot_read_pointer(vm, FIELD_SHENANDOAH_FREE_SET, vm->heap_at, &owner,
					  why) ||
		    !hotspot_read_u64(vm, FIELD_SHENANDOAH_TOTAL_USED, owner, &used, why))
			return false;
	} else {
		if (!hotspot_read_pointer(vm, FIELD_SHENANDOAH_GLOBAL, vm->heap_at, &owner, why) ||
		    !hotspot_read_u64(vm, FIELD_SHENANDOAH_GENERATION_USED, owner, &used, why))
			return false;
	}
	return finish(out, committed, used, "Shenandoah's heap by kind of region", why);
}
