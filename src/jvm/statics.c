// SPDX-License-Identifier: Apache-2.0
#include "jvm/statics.h"

#include <string.h>

#include "base/arena.h"
#include "base/fail.h"
#include "base/memory.h"
#include "base/range.h"
#include "base/units.h"
#include "jvm/hotspot.h"
#include "parse/maps.h"

enum { STATICS_LIMIT = 16 << 20 }; // 0.6 MB in release builds

static struct range writable_range(const struct hotspot *vm)
{
	struct range r = { 0, 0 };

	for (size_t i = 0; i < vm->maps->count; i++) {
		const struct mapping *m = &vm->maps->at[i];

		if (!m->writable || m->end <= vm->library_start || m->start >= vm->library_end)
			continue;
		if (!r.start)
			r.start = m->start;
		r.end = m->end < vm->library_end ? m->end : units_page_up(vm->library_end);
	}
	return r;
}

bool statics_read(const struct hotspot *vm, struct arena *mem, struct statics *out,
		  struct fail *why)
{
	struct range r = writable_range(vm);
	char *copy;

	if (r.end <= r.start)
		return fail(why, FAIL_ABSENT, "nothing of %s is writable", vm->library);
	if (r.end - r.start > STATICS_LIMIT)
		return fail(why, FAIL_CORRUPT, "layout unknown: libjvm has %zu MB of variables",
			    (size_t)(r.end - r.start) >> 20);
	copy = arena_get(mem, (size_t)(r.end - r.start));
	memory_prefetch(vm->memory, r.start, r.end);
	for (uint64_t at = r.start; at < r.end; at += PAGE_SIZE_BYTES)
		if (!memory_survey(vm->memory, at, copy + (at - r.start), PAGE_SIZE_BYTES, NULL))
			memset(copy + (at - r.start), 0, PAGE_SIZE_BYTES);
	*out = (struct statics){ r.start, (const uint64_t *)(const void *)copy,
				 (size_t)(r.end - r.start) / 8 };
	return true;
}
