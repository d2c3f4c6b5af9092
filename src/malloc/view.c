// SPDX-License-Identifier: Apache-2.0
#include "malloc/view.h"

#include <inttypes.h>
#include <string.h>

#include "base/fail.h"
#include "base/memory.h"
#include "base/units.h"
#include "os/pages.h"
#include "parse/maps.h"

static bool was_touched(const struct malloc_view *v, uint64_t at, size_t len)
{
	if (!v->pages)
		return true;
	for (uint64_t p = units_page_down(at); p < at + len;) {
		const struct page_run *run = pages_find(v->pages, p);

		if (run && run->flags & (PAGE_PRESENT | PAGE_SWAPPED))
			p = run->end;
		else if (!maps_find(v->maps, p))
			p += PAGE_SIZE_BYTES;
		else
			return false;
	}
	return true;
}

bool view_read(const struct malloc_view *v, uint64_t at, void *to, size_t len, struct fail *why)
{
	if (at + len < at || !was_touched(v, at, len))
		return fail(why, FAIL_ABSENT, "no page at 0x%" PRIx64, at);
	return memory_read(v->memory, at, to, len, why);
}

bool view_read_u64(const struct malloc_view *v, uint64_t at, uint64_t *to, struct fail *why)
{
	return view_read(v, at, to, sizeof(*to), why);
}

uint64_t view_next_present(const struct malloc_view *v, uint64_t at, uint64_t end)
{
	if (!v->pages || at >= end)
		return at < end ? at : end;
	for (size_t i = pages_above(v->pages, at); i < v->pages->count; i++) {
		const struct page_run *run = &v->pages->at[i];

		if (run->start >= end)
			break;
		if (run->flags & PAGE_PRESENT)
			return run->start > at ? run->start : at;
	}
	return end;
}

const struct range *view_find_taken(const struct malloc_view *v, uint64_t start, uint64_t end)
{
	size_t low = 0, high = v->taken_count;

	while (low < high) {
		size_t mid = low + (high - low) / 2;

		if (v->taken[mid].end <= start)
			low = mid + 1;
		else
			high = mid;
	}
	return low < v->taken_count && v->taken[low].start < end ? &v->taken[low] : NULL;
}

bool view_is_anonymous(const struct mapping *m)
{
	return m->readable && m->writable && !m->executable && !m->shared &&
	       (mapping_is_anonymous(m) || !strncmp(m->path, "[anon:", 6));
}

uint64_t view_anonymous_end(const struct malloc_view *v, uint64_t at)
{
	const struct mapping *m = maps_find(v->maps, at);
	const struct mapping *last = v->maps->at + v->maps->count;
	uint64_t end = 0;

	for (; m && m < last && view_is_anonymous(m) && (!end || m->start == end); m++)
		end = m->end;
	return end;
}

uint64_t view_grown_end(const struct malloc_view *v, uint64_t at, uint64_t limit)
{
	uint64_t end = view_anonymous_end(v, at);
	const struct mapping *m = end ? maps_find(v->maps, end) : NULL;

	if (end >= limit)
		return limit;
	return m && mapping_is_anonymous(m) && !m->shared && !m->readable && m->end >= limit ? limit
											     : end;
}

bool view_is_chunk_pointer(uint64_t value)
{
	return !(value & 15) && value >= KIB(64) && value < (uint64_t)1 << 47;
}
