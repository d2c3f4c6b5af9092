// SPDX-License-Identifier: Apache-2.0
// Mark stacks that were too small.  G1 of JDK 8 and CMS double a stack that overflowed: they reserve
// another and mean to give the old one back, but VirtualSpace::release() only forgets it.  Nothing
// points to it any more, and it stays resident, because a stack that overflowed was full.
//
// So it is known by its content, a place in the heap in every word, and by its length: all runs of such
// pages must be made of the lengths that the stack had before, each once.
#include "jvm/gcside.h"

#include "base/memory.h"
#include "base/units.h"
#include "jvm/hotspot.h"
#include "parse/maps.h"

enum {
	PAGE_WORDS = PAGE_SIZE_BYTES / 8,
	UNFILLED = 16,         // words that may be left over: entries come in groups of so many
	PAGES_LIMIT = 1 << 20, // looked at
};

struct search {
	struct gcside_probe *p;
	uint64_t unit;  // bytes of the first stack
	uint64_t sizes; // bit i: unit << i is not found yet
	uint64_t pages; // looked at so far
};

static bool is_place(const struct gcside_probe *p, uint64_t word)
{
	return word % 8 == 0 && word >= p->vm->heap_start && word < p->vm->heap_end;
}

static bool is_known(const struct gcside_probe *p, uint64_t at)
{
	for (size_t i = 0; i < p->out->ranges.count; i++)
		if (at >= p->out->ranges.at[i].start && at < p->out->ranges.at[i].end)
			return true;
	return false;
}

static bool is_full(struct search *s, uint64_t at)
{
	uint64_t w[PAGE_WORDS];

	s->pages++;
	if (!is_place(s->p, gcside_word(s->p, at)) || is_known(s->p, at) ||
	    !memory_read(s->p->vm->memory, at, w, sizeof(w), NULL))
		return false;
	for (size_t i = 0; i < PAGE_WORDS; i++)
		if (!is_place(s->p, w[i]) && (w[i] || i < PAGE_WORDS - UNFILLED))
			return false;
	return true;
}

static void take_run(struct search *s, struct range run)
{
	uint64_t sizes = (run.end - run.start) / s->unit;

	if (!sizes || (run.end - run.start) % s->unit || sizes & ~s->sizes ||
	    !gcside_add(s->p, run.start, run.end, "outgrown mark stack", false))
		return;
	s->sizes &= ~sizes;
	for (size_t i = 0; i < s->p->out->ranges.count; i++)
		if (s->p->out->ranges.at[i].start == run.start)
			s->p->out->ranges.at[i].unreferenced = true;
}

static void search_mapping(struct search *s, const struct mapping *m)
{
	struct range run = { 0, 0 };

	for (uint64_t at = m->start; at < m->end && s->pages < PAGES_LIMIT; at += PAGE_SIZE_BYTES) {
		bool full = is_full(s, at);

		if (full && !run.start)
			run.start = at;
		if (full)
			run.end = at + PAGE_SIZE_BYTES;
		if (run.start && (!full || run.end == m->end)) {
			take_run(s, run);
			run.start = 0;
		}
	}
}

void gcside_outgrown_find(struct gcside_probe *p, uint64_t entries)
{
	const struct maps *maps = p->vm->maps;
	struct search s = { .p = p };
	uint64_t first, largest, now;

	if (!hotspot_flag(p->vm, "MarkStackSize", &first) ||
	    !hotspot_flag(p->vm, "MarkStackSizeMax", &largest) || !first || entries <= first ||
	    entries > largest || largest > (uint64_t)1 << 32 || first * 8 % PAGE_SIZE_BYTES)
		return;
	s.unit = first * 8;
	for (now = first; now < entries; now *= 2)
		s.sizes = s.sizes << 1 | 1;
	if (now != entries && entries != largest)
		return; // it did not become what it is by doubling
	for (size_t i = 0; i < maps->count && s.sizes; i++) {
		const struct mapping *m = &maps->at[i];

		if (mapping_is_anonymous(m) && !m->shared && m->writable && !m->executable &&
		    m->end - m->start >= s.unit &&
		    (m->end <= p->vm->heap_start || m->start >= p->vm->heap_end))
			search_mapping(&s, m);
	}
}
