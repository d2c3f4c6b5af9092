// SPDX-License-Identifier: Apache-2.0
#include "jvm/spaces.h"

#include <inttypes.h>

#include "base/fail.h"
#include "base/memory.h"
#include "base/units.h"
#include "jvm/hotspot.h"
#include "jvm/spaces_cms.h"
#include "jvm/spaces_g1.h"
#include "jvm/spaces_shenandoah.h"
#include "jvm/spaces_z.h"
#include "jvm/virtualspace.h"

enum { TRIES = 3 };

void spaces_add(struct spaces *s, struct spaces_row row)
{
	if (s->count < SPACES_LIMIT)
		s->at[s->count++] = row;
}

bool spaces_in_heap(const struct hotspot *vm, uint64_t start, uint64_t end)
{
	return start >= vm->heap_start && start <= end && end <= vm->heap_end;
}

// The members that bound a space; they differ by family of collectors.
struct bounds {
	enum field_id bottom, end, top;
};
static const struct bounds CONTIGUOUS = { FIELD_SPACE_BOTTOM, FIELD_SPACE_END, FIELD_SPACE_TOP };
static const struct bounds MUTABLE = { FIELD_MUTABLE_BOTTOM, FIELD_MUTABLE_END, FIELD_MUTABLE_TOP };

// Adds the space that `owner`'s member points at.
static bool add_space(const struct hotspot *vm, struct spaces *s, const struct bounds *b,
		      const char *name, enum field_id id, uint64_t owner, struct fail *why)
{
	uint64_t space, bottom, end, top;

	if (!hotspot_read_pointer(vm, id, owner, &space, why) ||
	    !hotspot_read_u64(vm, b->bottom, space, &bottom, why) ||
	    !hotspot_read_u64(vm, b->end, space, &end, why) ||
	    !hotspot_read_u64(vm, b->top, space, &top, why))
		return false;
	if (!spaces_in_heap(vm, bottom, end) || top < bottom || top > end || top % 8 ||
	    (bottom | end) % PAGE_SIZE_BYTES)
		return fail(why, FAIL_CORRUPT,
			    "layout unknown: %s space 0x%" PRIx64 "-0x%" PRIx64
			    " filled to 0x%" PRIx64,
			    name, bottom, end, top);
	spaces_add(s, (struct spaces_row){ .name = name,
					   .start = bottom,
					   .end = end,
					   .committed = end - bottom,
					   .used = top - bottom });
	if (s->used != SPACES_UNKNOWN)
		s->used += top - bottom;
	return true;
}

// Adds a generation's committed bytes; its spaces, the last `count` that were added, must lie
// there.
static bool add_committed(const struct hotspot *vm, struct spaces *s, const struct virtualspace *v,
			  size_t count, struct fail *why)
{
	bool inside = true;

	if (!virtualspace_check(vm, v, why))
		return false;
	for (size_t i = s->count - count; i < s->count; i++)
		inside = inside && s->at[i].start >= v->low && s->at[i].end <= v->high;
	if (!inside || !spaces_in_heap(vm, v->low_boundary, v->high_boundary))
		return fail(why, FAIL_CORRUPT,
			    "layout unknown: a generation without its spaces, or out of the heap");
	s->committed += v->high - v->low;
	return true;
}

static bool check_apart(const struct spaces *s, size_t count, struct fail *why)
{
	for (size_t i = s->count - count; i < s->count; i++)
		for (size_t k = s->count - count; k < i; k++)
			if (s->at[k].start < s->at[i].end && s->at[i].start < s->at[k].end)
				return fail(why, FAIL_CORRUPT, "layout unknown: spaces overlap");
	return true;
}

// The last `count` spaces fill their generation, in whatever order.
static bool check_full(const struct spaces *s, const struct virtualspace *v, size_t count,
		       struct fail *why)
{
	uint64_t sum = 0;

	if (!check_apart(s, count, why))
		return false;
	for (size_t i = s->count - count; i < s->count; i++)
		sum += s->at[i].end - s->at[i].start;
	return sum == v->high - v->low ||
	       fail(why, FAIL_CORRUPT, "layout unknown: spaces do not fill their generation");
}

static bool add_generation(const struct hotspot *vm, struct spaces *s, uint64_t generation,
			   size_t count, struct fail *why)
{
	struct virtualspace v = { 0 };

	if (!hotspot_has_offset(vm, FIELD_GENERATION_VIRTUAL))
		return fail(why, FAIL_ABSENT, "this VM does not export its generations' space");
	return virtualspace_read(vm, hotspot_at(vm, FIELD_GENERATION_VIRTUAL, generation), &v,
				 why) &&
	       add_committed(vm, s, &v, count, why) && check_full(s, &v, count, why);
}

// The two generations of Serial and CMS: members, or on JDK 8 an array.
static bool find_generations(const struct hotspot *vm, uint64_t *young, uint64_t *old,
			     struct fail *why)
{
	uint64_t gens;

	if (!hotspot_has_offset(vm, FIELD_GENS))
		return hotspot_read_pointer(vm, FIELD_GEN_YOUNG, vm->heap_at, young, why) &&
		       hotspot_read_pointer(vm, FIELD_GEN_OLD, vm->heap_at, old, why);
	gens = hotspot_at(vm, FIELD_GENS, vm->heap_at);
	if (!memory_read_u64(vm->memory, gens, young, why) ||
	    !memory_read_u64(vm->memory, gens + 8, old, why))
		return false;
	if (!hotspot_is_pointer(*young) || !hotspot_is_pointer(*old))
		return fail(why, FAIL_CORRUPT, "layout unknown: no generations");
	return true;
}

// A VM that does not export the free lists leaves open what is used.
static bool add_cms_old(const struct hotspot *vm, struct spaces *s, uint64_t old, struct fail *why)
{
	struct virtualspace v = { 0 };
	uint64_t free_bytes;

	if (!hotspot_has_offset(vm, FIELD_GENERATION_VIRTUAL))
		return fail(why, FAIL_ABSENT, "this VM does not export its generations' space");
	if (!virtualspace_read(vm, hotspot_at(vm, FIELD_GENERATION_VIRTUAL, old), &v, why) ||
	    !add_committed(vm, s, &v, 0, why))
		return false;
	if (!spaces_cms_free(vm, old, &free_bytes, why)) {
		s->used = SPACES_UNKNOWN;
		s->unknown = "what CMS uses of its old generation: it is spread over free lists";
		return why->kind == FAIL_ABSENT;
	}
	if (free_bytes > v.high - v.low)
		return fail(why, FAIL_CORRUPT,
			    "layout unknown: more of CMS's space free than there is");
	spaces_add(s, (struct spaces_row){ .name = "old",
					   .start = v.low,
					   .end = v.high,
					   .committed = v.high - v.low,
					   .used = v.high - v.low - free_bytes });
	s->used += v.high - v.low - free_bytes;
	return true;
}

static bool read_serial(const struct hotspot *vm, struct spaces *s, struct fail *why)
{
	uint64_t young, old;

	if (!find_generations(vm, &young, &old, why) ||
	    !add_space(vm, s, &CONTIGUOUS, "eden", FIELD_DEFNEW_EDEN, young, why) ||
	    !add_space(vm, s, &CONTIGUOUS, "from", FIELD_DEFNEW_FROM, young, why) ||
	    !add_space(vm, s, &CONTIGUOUS, "to", FIELD_DEFNEW_TO, young, why) ||
	    !add_generation(vm, s, young, 3, why))
		return false;
	if (vm->gc == GC_CMS)
		return add_cms_old(vm, s, old, why);
	return add_space(vm, s, &CONTIGUOUS, "old", FIELD_TENURED_SPACE, old, why) &&
	       add_generation(vm, s, old, 1, why);
}

static bool read_ps_virtual(const struct hotspot *vm, enum field_id id, uint64_t generation,
			    struct virtualspace *v, struct fail *why)
{
	uint64_t space;

	return hotspot_read_pointer(vm, id, generation, &space, why) &&
	       hotspot_read_u64(vm, FIELD_PS_RESERVED_LOW, space, &v->low_boundary, why) &&
	       hotspot_read_u64(vm, FIELD_PS_RESERVED_HIGH, space, &v->high_boundary, why) &&
	       hotspot_read_u64(vm, FIELD_PS_COMMITTED_LOW, space, &v->low, why) &&
	       hotspot_read_u64(vm, FIELD_PS_COMMITTED_HIGH, space, &v->high, why);
}

// From JDK 28 on one object bounds both: the old generation first, each filled from its start.
static bool read_ps_heap(const struct hotspot *vm, uint64_t young, struct virtualspace *y,
			 struct virtualspace *o, struct fail *why)
{
	uint64_t space;

	if (!hotspot_read_pointer(vm, FIELD_PS_HEAP_VIRTUAL, young, &space, why) ||
	    !hotspot_read_u64(vm, FIELD_PS_HEAP_LOW, space, &o->low, why) ||
	    !hotspot_read_u64(vm, FIELD_PS_HEAP_OLD_HIGH, space, &o->high, why) ||
	    !hotspot_read_u64(vm, FIELD_PS_HEAP_BOUNDARY, space, &y->low, why) ||
	    !hotspot_read_u64(vm, FIELD_PS_HEAP_YOUNG_HIGH, space, &y->high, why) ||
	    !hotspot_read_u64(vm, FIELD_PS_HEAP_HIGH, space, &y->high_boundary, why))
		return false;
	o->low_boundary = o->low;
	o->high_boundary = y->low_boundary = y->low;
	return (o->low == vm->heap_start && y->high_boundary == vm->heap_end) ||
	       fail(why, FAIL_CORRUPT, "layout unknown: generations of another heap");
}

// False in `known` where the VM does not export what is committed.
static bool read_ps_bounds(const struct hotspot *vm, const uint64_t generation[2],
			   struct virtualspace v[2], bool *known, struct fail *why)
{
	*known = true;
	if (hotspot_has(vm, FIELD_PSYOUNG_VIRTUAL) && hotspot_has(vm, FIELD_PSOLD_VIRTUAL))
		return read_ps_virtual(vm, FIELD_PSYOUNG_VIRTUAL, generation[0], &v[0], why) &&
		       read_ps_virtual(vm, FIELD_PSOLD_VIRTUAL, generation[1], &v[1], why);
	if (hotspot_has(vm, FIELD_PS_HEAP_VIRTUAL))
		return read_ps_heap(vm, generation[0], &v[0], &v[1], why);
	*known = false;
	return true;
}

static bool read_parallel(const struct hotspot *vm, struct spaces *s, struct fail *why)
{
	struct virtualspace v[2] = { { 0 }, { 0 } };
	uint64_t generation[2]; // young, old
	bool known;

	if (!hotspot_read_pointer(vm, FIELD_PS_YOUNG, vm->heap_at, &generation[0], why) ||
	    !hotspot_read_pointer(vm, FIELD_PS_OLD, vm->heap_at, &generation[1], why) ||
	    !read_ps_bounds(vm, generation, v, &known, why) ||
	    !add_space(vm, s, &MUTABLE, "eden", FIELD_PSYOUNG_EDEN, generation[0], why) ||
	    !add_space(vm, s, &MUTABLE, "from", FIELD_PSYOUNG_FROM, generation[0], why) ||
	    !add_space(vm, s, &MUTABLE, "to", FIELD_PSYOUNG_TO, generation[0], why) ||
	    (known && !add_committed(vm, s, &v[0], 3, why)) || !check_apart(s, 3, why) ||
	    !add_space(vm, s, &MUTABLE, "old", FIELD_PSOLD_SPACE, generation[1], why) ||
	    (known && !add_committed(vm, s, &v[1], 1, why)))
		return false;
	if (!known) {
		s->committed = SPACES_UNKNOWN;
		s->unknown = "what is committed: this VM does not export it";
	}
	return true;
}

static bool read_epsilon(const struct hotspot *vm, struct spaces *s, struct fail *why)
{
	struct virtualspace v = { 0 };

	if (!hotspot_has_offset(vm, FIELD_EPSILON_VIRTUAL))
		return fail(why, FAIL_ABSENT, "this VM does not export Epsilon's space");
	return add_space(vm, s, &CONTIGUOUS, "all", FIELD_EPSILON_SPACE, vm->heap_at, why) &&
	       virtualspace_read(vm, hotspot_at(vm, FIELD_EPSILON_VIRTUAL, vm->heap_at), &v, why) &&
	       add_committed(vm, s, &v, 1, why);
}

static bool read_once(const struct hotspot *vm, struct arena *mem, struct spaces *out,
		      struct fail *why)
{
	struct spaces s = { 0 };
	bool ok = false;

	switch (vm->gc) {
	case GC_SERIAL:
	case GC_CMS:
		ok = read_serial(vm, &s, why);
		break;
	case GC_PARALLEL:
		ok = read_parallel(vm, &s, why);
		break;
	case GC_G1:
		ok = spaces_g1_read(vm, mem, &s, why);
		break;
	case GC_EPSILON:
		ok = read_epsilon(vm, &s, why);
		break;
	case GC_Z:
		ok = spaces_z_read(vm, &s, why);
		break;
	case GC_SHENANDOAH:
		ok = spaces_shenandoah_read(vm, &s, why);
		break;
	case GC_UNKNOWN:
		return fail(why, FAIL_ABSENT, "this VM's collector is not known");
	}
	if (!ok)
		return false;
	if (vm->heap_end && s.committed != SPACES_UNKNOWN &&
	    s.committed > vm->heap_end - vm->heap_start)
		return fail(why, FAIL_CORRUPT, "layout unknown: more heap committed than reserved");
	if (s.used != SPACES_UNKNOWN && s.used > s.committed)
		return fail(why, FAIL_CORRUPT, "layout unknown: more heap used than committed");
	*out = s;
	return true;
}

bool spaces_read(const struct hotspot *vm, struct arena *mem, struct spaces *out, struct fail *why)
{
	struct fail own = { 0 };

	why = why ? why : &own;
	if (!vm->heap_at)
		return fail(why, FAIL_ABSENT, "the VM has no heap yet");
	for (int try = 0; try < TRIES; try++) {
		if (try)
			memory_forget(vm->memory);
		if (read_once(vm, mem, out, why))
			return true;
		if (why->kind != FAIL_CORRUPT)
			break;
	}
	return fail_while(why, "the %s heap", gc_name(vm->gc));
}
