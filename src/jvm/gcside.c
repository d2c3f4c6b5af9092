// SPDX-License-Identifier: Apache-2.0
#include "jvm/gcside.h"

#include <inttypes.h>
#include <string.h>

#include "base/fail.h"
#include "base/memory.h"
#include "base/units.h"
#include "jvm/hotspot.h"
#include "jvm/statics.h"
#include "parse/maps.h"

enum {
	OBJECT_LIMIT = 1 << 20,
	TRIES = 3,           // a stack may be on its way to a larger place
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

// A reserved page has no access until the VM commits it.
static uint64_t committed_in(const struct gcside_probe *p, struct range r)
{
	const struct mapping *m = maps_find(p->vm->maps, r.start);
	const struct mapping *last = p->vm->maps->at + p->vm->maps->count;
	uint64_t sum = 0;

	for (; m && m < last && m->start < r.end; m++) {
		uint64_t start = m->start > r.start ? m->start : r.start;
		uint64_t end = m->end < r.end ? m->end : r.end;

		if (m->writable)
			sum += end - start;
	}
	return sum;
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
	p->out->ranges.at[i] = (struct gcside_range){ .start = r.start,
						      .end = r.end,
						      .committed = committed_in(p, r),
						      .part = part,
						      .named = named };
	return true;
}

bool gcside_virtual_space(const struct gcside_probe *p, uint64_t at, struct range *out)
{
	static const enum field_id FIELDS[] = { FIELD_VIRTUAL_LOW_BOUNDARY,
						FIELD_VIRTUAL_HIGH_BOUNDARY, FIELD_VIRTUAL_LOW,
						FIELD_VIRTUAL_HIGH };
	uint64_t w[4];

	for (size_t i = 0; i < 4; i++) {
		if (!hotspot_has_offset(p->vm, FIELDS[i]))
			return false;
		w[i] = gcside_word(p, hotspot_at(p->vm, FIELDS[i], at));
	}
	if (!gcside_is_side(p, w[0]) || w[1] <= w[0] || w[1] % PAGE_SIZE_BYTES || w[2] != w[0] ||
	    w[3] <= w[2] || w[3] > w[1])
		return false;
	*out = (struct range){ w[0], w[1] };
	return true;
}

uint64_t gcside_old_generation(const struct gcside_probe *p)
{
	uint64_t old = 0;

	if (hotspot_has(p->vm, FIELD_GEN_OLD))
		hotspot_read_pointer(p->vm, FIELD_GEN_OLD, p->vm->heap_at, &old, NULL);
	else if (hotspot_has(p->vm, FIELD_GENS)) // JDK 8: young, old
		old = gcside_word(p, hotspot_at(p->vm, FIELD_GENS, p->vm->heap_at) + 8);
	return hotspot_is_pointer(old) ? old : 0;
}

// The slot at `at` of musl's malloc: 8 bytes before it tell where its group begins, which names its
// record and is named by it (docs/formats/musl.md).
static uint64_t musl_slot_size(const struct gcside_probe *p, uint64_t at, uint64_t before)
{
	static const uint16_t SIZES[] = { 1,    2,    3,    4,    5,    6,    7,    8,
					  9,    10,   12,   15,   18,   20,   25,   31,
					  36,   42,   50,   63,   72,   84,   102,  127,
					  146,  170,  204,  255,  292,  340,  409,  511,
					  584,  682,  818,  1023, 1169, 1364, 1637, 2047,
					  2340, 2730, 3276, 4095, 4680, 5460, 6552, 8191 };
	enum { UNIT = 16, TAIL = 4, LARGE = 63 };
	uint64_t offset = before >> 48, index = before >> 40 & 31, group, record, rest, start, slot;

	if (before >> 32 & 0xff)
		offset = before & UINT32_MAX;
	group = at - UNIT * (offset + 1);
	record = gcside_word(p, group);
	if (at % UNIT || group > at || !hotspot_is_pointer(record) ||
	    gcside_word(p, record + 16) != group)
		return 0;
	rest = gcside_word(p, record + 32);
	slot = rest >> 6 & 63;
	if (slot == LARGE)
		slot = (rest >> 12) * 4096 - UNIT;
	else if (slot < sizeof(SIZES) / sizeof(*SIZES))
		slot = (uint64_t)SIZES[slot] * UNIT;
	else
		return 0;
	start = group + UNIT + index * slot;
	return at >= start && at < start + slot - TAIL && slot < OBJECT_LIMIT
		       ? start + slot - TAIL - at
		       : 0;
}

uint64_t gcside_object_size(const struct gcside_probe *p, uint64_t at)
{
	uint64_t before[3]; // of JDK 11's NMT header: chunk size, NMT size, flags
	uint64_t chunk, slot;

	if (!hotspot_is_pointer(at) || at < KIB(64) ||
	    !memory_read(p->vm->memory, at - sizeof(before), before, sizeof(before), NULL))
		return 0;
	if (before[2] >> 48 == NMT_CANARY)
		return before[1] < OBJECT_LIMIT ? before[1] : 0;
	slot = musl_slot_size(p, at, before[2]);
	if (slot)
		return slot;
	slot = musl_slot_size(p, at - 16, before[0]);
	if (slot > 16)
		return slot - 16;
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
	struct statics all;

	if (!statics_read(p->vm, p->mem, &all, NULL))
		return;
	p->statics = all.at;
	p->static_count = all.count;
}

static uint64_t find_card_bytes(const struct hotspot *vm)
{
	uint64_t bytes;

	if (!hotspot_flag(vm, "GCCardSizeInBytes", &bytes) || bytes < 64 || bytes > 4096 ||
	    bytes & (bytes - 1))
		return 512; // before JDK 18 always
	return bytes;
}

static uint64_t find_card_table_object(const struct hotspot *vm)
{
	uint64_t barrier = 0, table = 0;

	if (hotspot_has(vm, FIELD_CARD_TABLE)) {
		if (hotspot_read_pointer(vm, FIELD_BARRIER_SET, 0, &barrier, NULL))
			hotspot_read_pointer(vm, FIELD_CARD_TABLE, barrier, &table, NULL);
	} else {
		hotspot_read_pointer(vm, FIELD_OOPDESC_BS, 0, &table, NULL); // JDK 8
	}
	return table;
}

// All collectors but Z, Shenandoah and Epsilon have one card table that vmStructs leads to.
static void find_card_table(struct gcside_probe *p)
{
	const struct hotspot *vm = p->vm;
	uint64_t table = find_card_table_object(vm), least = p->heap_bytes / p->card_bytes;
	uint64_t start, size;

	if (!table || !hotspot_read_u64(vm, FIELD_BYTE_MAP, table, &start, NULL) ||
	    !hotspot_read_u64(vm, FIELD_BYTE_MAP_SIZE, table, &size, NULL) || !size ||
	    size < least || size > least + MIB(4))
		vec_push(p->mem, &p->out->refused, "the card table was not found");
	else if (gcside_add(p, start, start + size, "card table", true))
		p->card_table = start;
}

static void find_all(struct gcside_probe *p)
{
	switch (p->vm->gc) {
	case GC_G1:
		find_card_table(p);
		read_statics(p);
		gcside_g1_find(p);
		break;
	case GC_PARALLEL:
		find_card_table(p);
		read_statics(p);
		gcside_parallel_find(p);
		break;
	case GC_SERIAL:
		find_card_table(p);
		gcside_serial_find(p);
		break;
	case GC_CMS:
		find_card_table(p);
		gcside_serial_find(p);
		gcside_cms_find(p);
		break;
	case GC_SHENANDOAH:
		gcside_shenandoah_find(p);
		break;
	case GC_Z:
		gcside_z_find(p);
		break;
	case GC_EPSILON: // collects nothing and keeps nothing for it
	case GC_UNKNOWN:
		break;
	}
}

bool gcside_read(const struct hotspot *vm, struct arena *mem, struct gcside *out, struct fail *why)
{
	struct gcside_probe p = { .vm = vm, .mem = mem };
	struct gcside found = { 0 };

	if (vm->gc == GC_UNKNOWN)
		return fail(why, FAIL_ABSENT, "the structures of %s are not known here",
			    gc_name(vm->gc));
	if (vm->heap_end <= vm->heap_start && vm->gc != GC_Z)
		return fail(why, FAIL_ABSENT, "the heap has no reserved range");
	p.heap_bytes = vm->heap_end - vm->heap_start;
	p.card_bytes = find_card_bytes(vm);
	p.out = &found;
	for (int try = 0; try < TRIES; try++) {
		if (try)
			memory_forget(vm->memory);
		found = (struct gcside){ 0 };
		p.card_table = 0;
		find_all(&p);
		if (!found.refused.count)
			break;
	}
	*out = found;
	return true;
}
