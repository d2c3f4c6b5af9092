// SPDX-License-Identifier: Apache-2.0
// ZGC: tables with an entry for each granule of the heap's addresses, and the space of mark stacks.
//
// All else that it keeps (pages, live maps, forwardings, remembered sets) is malloc'd.
#include "jvm/gcside.h"

#include "base/memory.h"
#include "base/units.h"
#include "jvm/hotspot.h"
#include "jvm/zheap.h"
#include "parse/maps.h"

#define EXPANSION MIB(32) // what a space of mark stacks grows by

static void refuse(struct gcside_probe *p, const char *what)
{
	vec_push(p->mem, &p->out->refused, what);
}

static void find_tables(struct gcside_probe *p)
{
	const struct zheap *z = p->vm->z;

	gcside_add(p, z->pages.at, z->pages.at + z->pages.count * 8, "page table", true);
	for (int i = 0; i < ZHEAP_GENERATIONS; i++)
		if (z->forwardings[i].count)
			gcside_add(p, z->forwardings[i].at,
				   z->forwardings[i].at + z->forwardings[i].count * 8,
				   "forwarding table", !z->coloured);
	if (!z->forwardings[0].count && !hotspot_has_offset(p->vm, FIELD_Z_PAGE_FORWARDING))
		refuse(p, "ZGC's forwarding tables were not found");
}

// {entries, map} of 4 bytes each in the allocator, right before the heap's limits (25+): what memory
// stands behind each granule.  It is as long as a forwarding table.
static void find_backing(struct gcside_probe *p)
{
	const struct zheap *z = p->vm->z;
	uint64_t limit_at = hotspot_at(p->vm, FIELD_Z_MAX_CAPACITY, z->allocator);

	if (!hotspot_has_offset(p->vm, FIELD_Z_PARTITIONS))
		return;
	for (uint64_t at = z->allocator; at + 16 <= limit_at && at < z->end; at += 8) {
		uint64_t count = gcside_word(p, at), map = gcside_word(p, at + 8);

		if (count && count == z->forwardings[0].count && gcside_is_side(p, map) &&
		    gcside_add(p, map, map + count * 4, "table of backing memory", false))
			return;
	}
	refuse(p, "ZGC's table of backing memory was not found");
}

static const struct mapping *anonymous_at(const struct gcside_probe *p, uint64_t at)
{
	const struct mapping *m = maps_find(p->vm->maps, at);

	return m && mapping_is_anonymous(m) && !m->shared ? m : NULL;
}

static bool is_written(const struct gcside_probe *p, uint64_t at)
{
	const struct mapping *m = anonymous_at(p, at);

	return m && m->writable;
}

// Where the writable memory from `at` on ends; `at` when there is none, 0 when the reservation doesn't
// go on from there.
static uint64_t written_end(const struct gcside_probe *p, uint64_t at, uint64_t end)
{
	const struct mapping *m = anonymous_at(p, at);

	if (m && m->writable)
		at = m->end;
	if (at >= end)
		return end;
	m = anonymous_at(p, at);
	return m && !m->readable && m->end >= end ? at : 0;
}

// {start, top, end}: what is committed of a reservation as long as the flag says.  It comes and goes in
// pieces of one size, also after the mappings were listed.
static bool take_mark_space(struct gcside_probe *p, const uint64_t *w, uint64_t limit)
{
	uint64_t committed = w[2] - w[0], written;

	if (!w[0] || w[0] % PAGE_SIZE_BYTES || w[1] < w[0] || w[2] < w[1] || committed > limit ||
	    committed % EXPANSION || w[0] >> 47)
		return false;
	written = written_end(p, w[0], w[0] + limit);
	if (!limit || !written || (written - w[0]) % EXPANSION)
		return false;
	return gcside_add(p, w[0], w[0] + limit, "mark stacks", false);
}

// JDK 11 has {top, end} alone; the space starts at a fixed address, a multiple of 1 TB.
static bool take_early_mark_space(struct gcside_probe *p, const uint64_t *w, uint64_t limit)
{
	const struct mapping *m = w[1] ? maps_find(p->vm->maps, w[1] - 1) : NULL;

	if (!m || !is_written(p, m->start) || m->end != w[1] || m->start % (GIB(1) << 10) ||
	    w[0] < m->start || w[0] > w[1] || (w[1] - m->start) % EXPANSION ||
	    w[1] - m->start > limit)
		return false;
	return gcside_add(p, m->start, m->end, "mark stacks", false);
}

static void find_mark_spaces(struct gcside_probe *p)
{
	const struct zheap *z = p->vm->z;
	bool early = hotspot_has_offset(p->vm, FIELD_Z_PAGE_FORWARDING);
	int wanted = z->coloured ? ZHEAP_GENERATIONS : 1;
	uint64_t limit, w[3];

	if (!hotspot_flag(p->vm, early ? "ZMarkStacksMax" : "ZMarkStackSpaceLimit", &limit))
		return; // since 25 stacks are malloc'd
	for (uint64_t at = z->at; at + sizeof(w) <= z->end && wanted; at += 8) {
		if (!memory_read(p->vm->memory, at, w, sizeof(w), NULL))
			break;
		if (early ? take_early_mark_space(p, w, limit) : take_mark_space(p, w, limit)) {
			at += sizeof(w) - 8;
			wanted--;
		}
	}
	if (wanted)
		refuse(p, "ZGC's mark stacks were not found");
}

void gcside_z_find(struct gcside_probe *p)
{
	if (!p->vm->z) {
		refuse(p, "ZGC's tables were not found");
		return;
	}
	find_tables(p);
	find_backing(p);
	find_mark_spaces(p);
}
