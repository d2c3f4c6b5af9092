// SPDX-License-Identifier: Apache-2.0
#include "jvm/nmtregions.h"

#include <string.h>

#include "base/fail.h"
#include "base/memory.h"
#include "base/units.h"
#include "jvm/hotspot.h"
#include "jvm/nmtsummary.h"
#include "jvm/statics.h"

enum {
	NEAR_WORDS = 512,       // the list's head is a static of the same file as the counters
	REGION_LIMIT = 1 << 20, // a thread each, and some dozens
	TRIES = 12,
	COUNTER_WORDS = 3 * 64, // of all categories
};

enum layout { LIST, OLD_LIST, TREE, LAYOUTS };

bool nmtregions_add(struct nmtregions_walk *w, struct nmtregion r)
{
	const struct nmtregion *last =
		w->out->list.count ? &w->out->list.at[w->out->list.count - 1] : NULL;

	if (r.start % PAGE_SIZE_BYTES || r.end % PAGE_SIZE_BYTES || r.end <= r.start ||
	    r.end >> 47 || r.committed > r.end - r.start || (last && r.start < last->end) ||
	    r.category >= w->summary->count || w->out->list.count >= REGION_LIMIT)
		return false;
	vec_push(w->mem, &w->out->list, r);
	return true;
}

static bool walk(struct nmtregions_walk *w, uint64_t at, enum layout layout)
{
	w->out->list.count = 0;
	return layout == TREE ? nmtregions_walk_tree(w, at)
			      : nmtregions_walk_list(w, at, layout == OLD_LIST);
}

// Whether the ranges of each category hold the bytes that the counters say.
static bool agrees(const struct nmtregions_walk *w)
{
	const struct nmtsummary *s = w->summary;
	uint64_t counters[COUNTER_WORDS], sums[COUNTER_WORDS] = { 0 };

	if (s->count * s->mapping_words > COUNTER_WORDS ||
	    !memory_read(w->vm->memory, s->mappings_at, counters,
			 s->count * s->mapping_words * sizeof(*counters), NULL))
		return false;
	for (size_t i = 0; i < w->out->list.count; i++) {
		const struct nmtregion *r = &w->out->list.at[i];

		sums[r->category] += r->end - r->start;
	}
	for (size_t i = 0; i < s->count; i++)
		if (sums[i] != counters[i * s->mapping_words])
			return false;
	return w->out->list.count > 0;
}

// What the statics beside the counters point to; the nearest first, because most are nothing.
static bool find(struct nmtregions_walk *w, const struct statics *statics)
{
	size_t middle = (size_t)(w->summary->mappings_at - statics->start) / 8;
	size_t size = w->summary->count * w->summary->mapping_words;

	for (size_t i = 1; i <= NEAR_WORDS; i++) {
		const size_t places[] = { middle - i, middle + size + i - 1 };

		for (size_t k = 0; k < 2; k++) {
			uint64_t at;

			if (places[k] >= statics->count)
				continue;
			at = statics->at[places[k]];
			if (!hotspot_is_pointer(at))
				continue;
			for (int layout = LIST; layout < LAYOUTS; layout++)
				if (walk(w, at, (enum layout)layout) && agrees(w))
					return true;
		}
	}
	return false;
}

bool nmtregions_read(const struct hotspot *vm, const struct statics *statics,
		     const struct nmtsummary *summary, struct arena *mem, struct nmtregions *out,
		     struct fail *why)
{
	struct nmtregions got = { 0 };
	struct nmtregions_walk w = { vm, summary, mem, &got };

	if (!summary->mappings_known)
		return fail(why, FAIL_ABSENT, "%s", summary->mappings_why_not);
	for (int i = 0; i < TRIES; i++) {
		if (i) // the VM mapped something meanwhile
			memory_forget(vm->memory);
		if (find(&w, statics)) {
			*out = got;
			return true;
		}
	}
	return fail(why, FAIL_CORRUPT,
		    "layout unknown: the ranges that NMT knows of were not found");
}
