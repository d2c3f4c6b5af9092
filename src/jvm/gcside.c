// SPDX-License-Identifier: Apache-2.0
#include "jvm/gcside.h"

#include <inttypes.h>
#include <string.h>

#include "base/fail.h"
#include "base/memory.h"
#include "base/units.h"
#include "jvm/hotspot.h"
#include "parse/maps.h"

enum {
	STATICS_LIMIT = 16 << 20, // libjvm's .data and .bss: 0.6 MB in release builds
	OBJECT_LIMIT = 1 << 20,
	NMT_CANARY = 0xe99e, // NMT's live block, JDK 17+
};

uint64_t gcside_word(const struct gcside_probe *p, uint64_t at)
{
	uint64_t word;

	return memory_read_u64(p->vm->memory, at, &word, NULL) ? word : 0;
}

static struct range heap_of(const struct gcside_probe *p)
{
	return (struct range){ p->vm->heap_start, p->vm->heap_end };
}

bool gcside_is_side(const struct gcside_probe *p, uint64_t at)
{
	const struct mapping *m;

	if (!at || at % PAGE_SIZE_BYTES || range_holds(heap_of(p), at))
		return false;
	m = maps_find(p->vm->maps, at);
	return m && mapping_is_anonymous(m) && !m->shared;
}

// Every byte in mappings without a file: what is committed is writable, the rest has no access.
static bool is_anonymous(const struct gcside_probe *p, uint64_t start, uint64_t end)
{
	const struct mapping *m = maps_find(p->vm->maps, start);
	const struct mapping *last = p->vm->maps->at + p->vm->maps->count;

	for (; m && m < last && mapping_is_anonymous(m) && !m->shared && !m->executable; m++) {
		if (m->end >= end)
			return true;
		if (m + 1 < last && m[1].start != m->end)
			return false;
	}
	return false;
}

static bool refuse(struct gcside_probe *p, uint64_t start, uint64_t end, const char *part,
		   const char *because)
{
	vec_push(p->mem, &p->out->refused,
		 arena_format(p->mem, "%s at 0x%" PRIx64 "-0x%" PRIx64 ": %s", part, start, end,
			      because));
	return false;
}

bool gcside_add(struct gcside_probe *p, uint64_t start, uint64_t end, const char *part, bool named)
{
	struct range r = { units_page_down(start), units_page_up(end) };
	struct range library = { p->vm->library_start, p->vm->library_end };
	size_t i = 0;

	if (r.end <= r.start || r.end > (uint64_t)1 << 47)
		return refuse(p, start, end, part, "no range");
	if (range_overlaps(r, heap_of(p)) || range_overlaps(r, library))
		return refuse(p, start, end, part, "inside the heap or libjvm");
	if (!is_anonymous(p, r.start, r.end))
		return refuse(p, start, end, part, "not in anonymous memory");
	for (; i < p->out->ranges.count && p->out->ranges.at[i].start < r.end; i++) {
		const struct gcside_range *other = &p->out->ranges.at[i];

		if (other->start == r.start && other->end == r.end)
			return true;
		if (other->end > r.start)
			return refuse(p, start, end, part, "overlaps another structure");
	}
	vec_push(p->mem, &p->out->ranges, (struct gcside_range){ 0 });
	memmove(&p->out->ranges.at[i + 1], &p->out->ranges.at[i],
		(p->out->ranges.count - 1 - i) * sizeof(*p->out->ranges.at));
	p->out->ranges.at[i] = (struct gcside_range){ r.start, r.end, part, named };
	return true;
}

uint64_t gcside_object_size(const struct gcside_probe *p, uint64_t at)
{
	uint64_t before[3]; // of JDK 11's NMT header: chunk size, NMT size, flags
	uint64_t chunk;

	if (!hotspot_is_pointer(at) || at < KIB(64) ||
	    !memory_read(p->vm->memory, at - sizeof(before), before, sizeof(before), NULL))
		return 0;
	if (before[2] >> 48 == NMT_CANARY)
		return before[1] < OBJECT_LIMIT ? before[1] : 0;
	chunk = before[2] & ~(uint64_t)7;
	if (chunk >= 32 && chunk < OBJECT_LIMIT)
		return chunk - 8;
	chunk = before[0] & ~(uint64_t)7;
	return chunk >= 48 && chunk < OBJECT_LIMIT ? chunk - 24 : 0;
}

bool gcside_ps_space(const struct gcside_probe *p, uint64_t at, struct range *out)
{
	static const enum field_id FIELDS[] = { FIELD_PS_RESERVED_LOW, FIELD_PS_RESERVED_HIGH,
						FIELD_PS_COMMITTED_LOW, FIELD_PS_COMMITTED_HIGH };
	uint64_t bound[4];

	if (!hotspot_is_pointer(at) || !hotspot_is_vtable(p->vm, gcside_word(p, at)))
		return false;
	for (size_t i = 0; i < 4; i++) {
		// Where vmStructs has it no more (28) the layout is still vtable, alignment, these.
		uint64_t field = hotspot_has_offset(p->vm, FIELDS[i])
					 ? hotspot_at(p->vm, FIELDS[i], at)
					 : at + 16 + 8 * i;

		bound[i] = gcside_word(p, field);
	}
	if (!bound[0] || bound[0] % PAGE_SIZE_BYTES || bound[1] <= bound[0] ||
	    bound[1] - bound[0] > p->heap_bytes || bound[2] < bound[0] || bound[3] < bound[2] ||
	    bound[3] > bound[1])
		return false;
	*out = (struct range){ bound[0], bound[1] };
	return true;
}

static void read_statics(struct gcside_probe *p)
{
	const struct hotspot *vm = p->vm;
	struct range r = { 0, 0 };
	char *copy;

	for (size_t i = 0; i < vm->maps->count; i++) {
		const struct mapping *m = &vm->maps->at[i];

		if (!m->writable || m->end <= vm->library_start || m->start >= vm->library_end)
			continue;
		if (!r.start)
			r.start = m->start;
		r.end = m->end < vm->library_end ? m->end : units_page_up(vm->library_end);
	}
	if (!r.start || r.end - r.start > STATICS_LIMIT)
		return;
	copy = arena_get(p->mem, (size_t)(r.end - r.start));
	memory_prefetch(vm->memory, r.start, r.end);
	for (uint64_t at = r.start; at < r.end; at += PAGE_SIZE_BYTES)
		if (!memory_read(vm->memory, at, copy + (at - r.start), PAGE_SIZE_BYTES, NULL))
			memset(copy + (at - r.start), 0, PAGE_SIZE_BYTES);
	p->statics = (const uint64_t *)(const void *)copy;
	p->static_count = (size_t)(r.end - r.start) / 8;
}

// All collectors but Z, Shenandoah and Epsilon have one card table that vmStructs leads to.
static void find_card_table(struct gcside_probe *p)
{
	const struct hotspot *vm = p->vm;
	uint64_t barrier = 0, table = 0, size;

	if (hotspot_has(vm, FIELD_CARD_TABLE)) {
		if (hotspot_read_pointer(vm, FIELD_BARRIER_SET, 0, &barrier, NULL))
			hotspot_read_pointer(vm, FIELD_CARD_TABLE, barrier, &table, NULL);
	} else {
		hotspot_read_pointer(vm, FIELD_OOPDESC_BS, 0, &table, NULL); // JDK 8
	}
	if (!table || !hotspot_read_u64(vm, FIELD_BYTE_MAP, table, &p->card_table, NULL))
		return;
	if (!hotspot_read_u64(vm, FIELD_BYTE_MAP_SIZE, table, &size, NULL) || !size ||
	    size < p->heap_bytes / 512 || size > p->heap_bytes / 512 + MIB(4) ||
	    !gcside_add(p, p->card_table, p->card_table + size, "card table", true))
		p->card_table = 0;
}

bool gcside_read(const struct hotspot *vm, struct arena *mem, struct gcside *out, struct fail *why)
{
	struct gcside found = { 0 };
	struct gcside_probe p = { .vm = vm, .mem = mem, .out = &found };

	if (vm->heap_end <= vm->heap_start)
		return fail(why, FAIL_ABSENT, "the heap has no reserved range");
	p.heap_bytes = vm->heap_end - vm->heap_start;
	switch (vm->gc) {
	case GC_G1:
		find_card_table(&p);
		read_statics(&p);
		gcside_g1_find(&p);
		break;
	case GC_PARALLEL:
		find_card_table(&p);
		read_statics(&p);
		gcside_parallel_find(&p);
		break;
	case GC_SERIAL:
	case GC_CMS:
		find_card_table(&p);
		gcside_serial_find(&p);
		break;
	case GC_EPSILON: // collects nothing and keeps nothing for it
		break;
	default:
		return fail(why, FAIL_ABSENT, "the structures of %s are not known here",
			    gc_name(vm->gc));
	}
	*out = found;
	return true;
}
