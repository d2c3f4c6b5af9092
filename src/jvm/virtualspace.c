// SPDX-License-Identifier: Apache-2.0
#include "jvm/virtualspace.h"

#include <inttypes.h>

#include "base/fail.h"
#include "base/units.h"
#include "jvm/hotspot.h"

bool virtualspace_check(const struct hotspot *vm, const struct virtualspace *v, struct fail *why)
{
	if (v->low_boundary < PAGE_SIZE_BYTES || v->low_boundary >= v->high_boundary ||
	    v->low < v->low_boundary || v->high < v->low || v->high > v->high_boundary ||
	    (v->low_boundary | v->high_boundary | v->low | v->high) % PAGE_SIZE_BYTES ||
	    !maps_find(vm->maps, v->low_boundary) || !maps_find(vm->maps, v->high_boundary - 1))
		return fail(why, FAIL_CORRUPT,
			    "layout unknown: a virtual space of 0x%" PRIx64 "-0x%" PRIx64
			    " in 0x%" PRIx64 "-0x%" PRIx64,
			    v->low, v->high, v->low_boundary, v->high_boundary);
	return true;
}

bool virtualspace_read(const struct hotspot *vm, uint64_t at, struct virtualspace *out,
		       struct fail *why)
{
	struct virtualspace v;

	if (!hotspot_read_u64(vm, FIELD_VIRTUAL_LOW_BOUNDARY, at, &v.low_boundary, why) ||
	    !hotspot_read_u64(vm, FIELD_VIRTUAL_HIGH_BOUNDARY, at, &v.high_boundary, why) ||
	    !hotspot_read_u64(vm, FIELD_VIRTUAL_LOW, at, &v.low, why) ||
	    !hotspot_read_u64(vm, FIELD_VIRTUAL_HIGH, at, &v.high, why) ||
	    !virtualspace_check(vm, &v, why))
		return false;
	if (v.low != v.low_boundary) // it only grows upwards
		return fail(why, FAIL_CORRUPT, "layout unknown: a virtual space that starts late");
	*out = v;
	return true;
}
