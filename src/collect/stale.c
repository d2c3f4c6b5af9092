// SPDX-License-Identifier: Apache-2.0
#include "collect/stale.h"

#include "base/units.h"
#include "collect/collector.h"
#include "malloc/view.h"

// Of the resident set: less than what may stay unaccounted at most (0.02 %) is not worth another look.
enum { PART = 5000, LEAST = 32 << 10 };

struct rest {
	const struct look *look;
	const struct malloc_view *view;
	const struct range *own; // sorted
	size_t own_count;
	const struct maps *now; // NULL: all that is unexplained counts
	uint64_t bytes;
};

// Adds what is not mapped now, a mapping at a time.
static void add(struct rest *r, uint64_t start, uint64_t end)
{
	while (r->now && start < end) {
		const struct mapping *m = maps_find(r->now, start);
		uint64_t until = start + PAGE_SIZE_BYTES;

		if (m && m->readable)
			until = m->end;
		else
			r->bytes += pages_between(&r->look->pages, start, until, PAGE_PRESENT);
		start = until;
	}
	if (!r->now)
		r->bytes += pages_between(&r->look->pages, start, end, PAGE_PRESENT);
}

// The first of malloc's ranges that ends above `at`, or NULL.
static const struct range *first_own(const struct rest *r, uint64_t at)
{
	size_t low = 0, high = r->own_count;

	while (low < high) {
		size_t mid = low + (high - low) / 2;

		if (r->own[mid].end <= at)
			low = mid + 1;
		else
			high = mid;
	}
	return low < r->own_count ? &r->own[low] : NULL;
}

static void add_unexplained(struct rest *r, uint64_t start, uint64_t end)
{
	while (start < end) {
		const struct range *taken = view_find_taken(r->view, start, end);
		const struct range *piece = first_own(r, start);
		uint64_t until = end, next = end;

		if (taken && taken->start < until) {
			until = taken->start;
			next = taken->end;
		}
		if (piece && piece->start < until) {
			until = piece->start;
			next = piece->end;
		}
		if (until > start)
			add(r, units_page_up(start), units_page_down(until));
		start = next;
	}
}

static uint64_t unexplained(struct rest *r)
{
	r->bytes = 0;
	for (size_t i = 0; i < r->look->maps.count; i++)
		if (view_is_anonymous(&r->look->maps.at[i]))
			add_unexplained(r, r->look->maps.at[i].start, r->look->maps.at[i].end);
	return r->bytes;
}

uint64_t stale_bytes(const struct look *look, const struct malloc_view *view,
		     const struct range *own, size_t own_count)
{
	struct rest r = { look, view, own, own_count, NULL, 0 };
	uint64_t least = snapshot_get(look->out, F_RSS, 0) / PART;
	struct maps now;

	if (least < LEAST)
		least = LEAST;
	if (!look->has_pages || !view->read_maps || unexplained(&r) < least ||
	    !view->read_maps(view->read_maps_arg, &now))
		return 0;
	r.now = &now;
	return unexplained(&r) < least ? 0 : r.bytes;
}
