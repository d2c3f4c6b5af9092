// SPDX-License-Identifier: Apache-2.0
#include "jvm/serializepage.h"

#include "base/arena.h"
#include "base/units.h"
#include "jvm/hotspot.h"
#include "jvm/statics.h"
#include "parse/maps.h"

static const struct mapping *mapping_from(const struct hotspot *vm, uint64_t start)
{
	const struct mapping *m =
		start % PAGE_SIZE_BYTES || !start ? NULL : maps_find(vm->maps, start);

	return m && m->start == start && mapping_is_anonymous(m) ? m : NULL;
}

// A page of one mapping that may be written, right before one that may not, the polling page: each a
// variable's value, and the variables are neighbours, too.
static bool is_pair(const struct hotspot *vm, uint64_t page, uint64_t polling)
{
	const struct mapping *m, *p;

	if (polling != page + PAGE_SIZE_BYTES)
		return false;
	m = mapping_from(vm, page);
	p = mapping_from(vm, polling);
	return m && p && m->end == polling && m->readable && m->writable && !m->executable &&
	       !p->writable && p->end == polling + PAGE_SIZE_BYTES;
}

bool serializepage_find(const struct hotspot *vm, uint64_t *start)
{
	struct arena frame = { 0 };
	struct statics statics;
	uint64_t uses_barriers = true;
	size_t found = 0;

	if (!hotspot_flag(vm, "UseMembar", &uses_barriers) || uses_barriers ||
	    !statics_read(vm, &frame, &statics, NULL))
		goto out;
	for (size_t i = 0; i + 1 < statics.count; i++)
		if (is_pair(vm, statics.at[i], statics.at[i + 1])) {
			*start = statics.at[i];
			found++;
		}
out:
	arena_drop(&frame);
	return found == 1;
}
