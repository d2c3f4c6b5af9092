// SPDX-License-Identifier: Apache-2.0
#include "jvm/spaces_z.h"

#include <inttypes.h>

#include "base/fail.h"
#include "base/memory.h"
#include "base/units.h"
#include "jvm/hotspot.h"
#include "jvm/spaces.h"
#include "jvm/vmstructs.h"
#include "jvm/zheap.h"

enum { NODE_LIMIT = 64 }; // NUMA nodes

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

static bool read_capacity(const struct hotspot *vm, uint64_t *capacity, uint64_t *used,
			  struct fail *why)
{
	uint64_t heap, allocator;

	// JDK 21 has two ZGCs; the old one is called X there.
	if (!vm->coloured_oops && hotspot_has_offset(vm, FIELD_X_HEAP)) {
		heap = hotspot_at(vm, FIELD_X_HEAP, vm->heap_at);
		allocator = hotspot_at(vm, FIELD_X_ALLOCATOR, heap);
		return hotspot_read_u64(vm, FIELD_X_USED, allocator, used, why) &&
		       hotspot_read_u64(vm, FIELD_X_CAPACITY, allocator, capacity, why);
	}
	if (!hotspot_has_offset(vm, FIELD_Z_HEAP) || !hotspot_has_offset(vm, FIELD_Z_ALLOCATOR))
		return fail(why, FAIL_ABSENT, "this VM does not export ZGC's heap");
	heap = hotspot_at(vm, FIELD_Z_HEAP, vm->heap_at);
	allocator = hotspot_at(vm, FIELD_Z_ALLOCATOR, heap);
	return hotspot_has_offset(vm, FIELD_Z_PARTITIONS)
		       ? sum_partitions(vm, allocator, capacity, used, why)
		       : read_totals(vm, allocator, capacity, used, why);
}

struct rows {
	struct spaces_row of[ZHEAP_LARGE + 1];
	uint64_t mapped, used;
};

// The pages of a part of the heap that is mapped; what no page has is free.
static void add_mapping(const struct hotspot *vm, const struct mapping *m, struct rows *r)
{
	uint64_t base = vm->z->offset_mask + 1, end = m->end - base;

	r->mapped += m->end - m->start;
	for (uint64_t offset = m->start - base; offset < end;) {
		struct zheap_page p;

		if (!zheap_page(vm, offset, &p)) {
			offset += UINT64_C(1) << ZHEAP_GRANULE_SHIFT;
			continue;
		}
		if (p.start == offset) {
			r->of[p.type].regions++;
			r->of[p.type].committed += p.end - p.start;
			r->used += p.end - p.start;
		}
		offset = p.end;
	}
}

// By the mappings of the heap's memory file at its lowest addresses (other views show the same).
static void add_rows(const struct hotspot *vm, uint64_t capacity, uint64_t used, struct spaces *out)
{
	struct rows r = { .of = { { .name = "small pages" },
				  { .name = "medium pages" },
				  { .name = "large pages" } } };
	uint64_t base;

	if (!vm->z)
		return;
	base = vm->z->offset_mask + 1;
	for (size_t i = 0; i < vm->maps->count; i++) {
		const struct mapping *m = &vm->maps->at[i];

		if (m->start >= base && m->end <= base * 2 && zheap_is_memory(vm, m))
			add_mapping(vm, m, &r);
	}
	// JDK 11 maps memory when a page needs it.
	if (r.mapped > capacity || r.used != used)
		return;
	for (int i = 0; i <= ZHEAP_LARGE; i++) {
		r.of[i].used = r.of[i].committed;
		if (r.of[i].regions)
			spaces_add(out, r.of[i]);
	}
	spaces_add(out, (struct spaces_row){ .name = "free", .committed = capacity - used });
}

bool spaces_z_read(const struct hotspot *vm, struct spaces *out, struct fail *why)
{
	uint64_t capacity = 0, used = 0;

	if (!read_capacity(vm, &capacity, &used, why))
		return false;
	if (capacity % PAGE_SIZE_BYTES || capacity >= (uint64_t)1 << 47 || used > capacity)
		return fail(why, FAIL_CORRUPT,
			    "layout unknown: %" PRIu64 " of %" PRIu64 " heap bytes used", used,
			    capacity);
	out->committed = capacity;
	out->used = used;
	add_rows(vm, capacity, used, out);
	return true;
}
