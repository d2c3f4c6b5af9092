// SPDX-License-Identifier: Apache-2.0
#include "jvm/classsizes.h"

#include "jvm/classes.h"
#include "jvm/hotspot.h"

enum {
	ARRAY_BYTES = 500,    // an array class: its Klass with a small vtable
	INSTANCE_BYTES = 700, // the least of an InstanceKlass with its methods' arrays
	PER_CONSTANT = 32,    // a constant: slot, tag, and its share of methods and caches
	POOL_LIMIT = 65536,
};

uint64_t classsizes_weigh(const struct hotspot *vm, const struct hotspot_class *c)
{
	uint64_t start, end, pool;
	uint32_t length = 0;

	if (hotspot_read_u64(vm, FIELD_CDS_BASE, 0, &start, NULL) &&
	    hotspot_read_u64(vm, FIELD_CDS_TOP, 0, &end, NULL) && c->at >= start && c->at < end)
		return 0;
	if (c->kind != CLASS_INSTANCE)
		return ARRAY_BYTES;
	if (!hotspot_read_pointer(vm, FIELD_IK_CONSTANTS, c->at, &pool, NULL) ||
	    !hotspot_read_u32(vm, FIELD_CP_LENGTH, pool, &length, NULL) || length > POOL_LIMIT)
		length = 0;
	return INSTANCE_BYTES + (uint64_t)length * PER_CONSTANT;
}
