// SPDX-License-Identifier: Apache-2.0
#include "jvm/hotspot.h"

#include <inttypes.h>
#include <string.h>

#include "base/arena.h"
#include "base/fail.h"
#include "base/memory.h"
#include "base/units.h"
#include "jvm/flags.h"
#include "jvm/vmstructs.h"
#include "jvm/zheap.h"

enum {
	SPELLING_LIMIT = 8,       // strings of a row: four spellings
	COMPACT_KLASS_SHIFT = 42, // of the narrow klass in a compact header's mark word
	MARK_BITS = 3,            // of a mark word that tell what it holds
	MARK_FORWARDED = 3,
};
static const uint64_t ADDRESS_LIMIT = (uint64_t)1 << 47;

// The spellings of each member, in the order of preference.
static const char *const SPELLINGS[FIELD_COUNT][SPELLING_LIMIT] = {
#define FIELD(id, ...) [FIELD_##id] = { __VA_ARGS__ },
#include "jvm/fields.def"
#undef FIELD
};

const char *gc_name(enum gc_kind gc)
{
	static const char *const NAMES[] = {
		[GC_UNKNOWN] = "unknown",
		[GC_SERIAL] = "Serial",
		[GC_PARALLEL] = "Parallel",
		[GC_CMS] = "CMS",
		[GC_G1] = "G1",
		[GC_Z] = "Z",
		[GC_SHENANDOAH] = "Shenandoah",
		[GC_EPSILON] = "Epsilon",
	};

	return NAMES[gc];
}

bool hotspot_has(const struct hotspot *vm, enum field_id id)
{
	return vm->field[id];
}

bool hotspot_has_offset(const struct hotspot *vm, enum field_id id)
{
	return vm->field[id] && !vm->field[id]->is_static;
}

uint64_t hotspot_at(const struct hotspot *vm, enum field_id id, uint64_t object)
{
	const struct vmstructs_field *f = vm->field[id];

	if (!f)
		return 0;
	return f->is_static ? f->at : object + f->offset;
}

// Bytes of the member's own type, or 0 where the tables have no such number.
static uint64_t own_width(const struct hotspot *vm, const struct vmstructs_field *f)
{
	const char *type = f->field_type;
	uint64_t size;

	if (!strncmp(type, "volatile ", 9))
		type += 9;
	if (!strncmp(type, "const ", 6))
		type += 6;
	if (!*type || strchr(type, '*'))
		return 0;
	size = vmstructs_size(vm->tables, type);
	return size == 1 || size == 2 || size == 4 || size == 8 ? size : 0;
}

// Statics lie in the library, members in one place each, both as their type is aligned.
static bool is_placed(const struct hotspot *vm, const struct vmstructs_field *f)
{
	uint64_t width = own_width(vm, f), align = width ? width : 1;

	if (strchr(f->field_type, '*'))
		align = 8;
	if (!f->is_static)
		return f->offset % align == 0;
	return f->at >= vm->library_start && f->at <= vm->library_end - 8 && f->at % align == 0;
}

static bool is_same_place(const struct vmstructs_field *a, const struct vmstructs_field *b)
{
	if (a == b || a->is_static != b->is_static)
		return false;
	return a->is_static ? a->at == b->at : a->offset == b->offset && !strcmp(a->type, b->type);
}

// Two members in one place: one of the rows lies, and there is no telling which.
static void drop_doubles(struct hotspot *vm)
{
	bool drop[FIELD_COUNT] = { false };

	for (size_t i = 0; i < FIELD_COUNT; i++)
		for (size_t k = i + 1; k < FIELD_COUNT && vm->field[i]; k++)
			if (vm->field[k] && is_same_place(vm->field[i], vm->field[k]))
				drop[i] = drop[k] = true;
	for (size_t i = 0; i < FIELD_COUNT; i++)
		if (drop[i])
			vm->field[i] = NULL;
}

void hotspot_resolve_fields(struct hotspot *vm)
{
	for (size_t id = 0; id < FIELD_COUNT; id++) {
		const char *const *names = SPELLINGS[id];

		for (size_t i = 0; i + 1 < SPELLING_LIMIT && names[i] && !vm->field[id]; i += 2) {
			const struct vmstructs_field *f =
				vmstructs_find(vm->tables, names[i], names[i + 1]);

			vm->field[id] = f && is_placed(vm, f) ? f : NULL;
		}
	}
	drop_doubles(vm);
}

static bool read_member(const struct hotspot *vm, enum field_id id, uint64_t object, size_t width,
			uint64_t *to, struct fail *why)
{
	const struct vmstructs_field *f = vm->field[id];
	uint64_t value = 0, own;

	if (!f)
		return fail(why, FAIL_ABSENT, "this VM does not export %s::%s", SPELLINGS[id][0],
			    SPELLINGS[id][1]);
	own = own_width(vm, f);
	if (own && own < width)
		width = (size_t)own;
	if (!memory_read(vm->memory, hotspot_at(vm, id, object), &value, width, why))
		return fail_while(why, "reading %s::%s", f->type, f->field);
	*to = value;
	return true;
}

bool hotspot_read_u64(const struct hotspot *vm, enum field_id id, uint64_t object, uint64_t *to,
		      struct fail *why)
{
	return read_member(vm, id, object, sizeof(*to), to, why);
}

bool hotspot_read_u32(const struct hotspot *vm, enum field_id id, uint64_t object, uint32_t *to,
		      struct fail *why)
{
	uint64_t value = 0;

	if (!read_member(vm, id, object, sizeof(*to), &value, why))
		return false;
	*to = (uint32_t)value;
	return true;
}

bool hotspot_read_pointer(const struct hotspot *vm, enum field_id id, uint64_t object, uint64_t *to,
			  struct fail *why)
{
	uint64_t value = 0;

	if (!read_member(vm, id, object, sizeof(value), &value, why))
		return false;
	if (!hotspot_is_pointer(value))
		return fail(why, FAIL_CORRUPT, "%s::%s is 0x%" PRIx64 ", not an object",
			    vm->field[id]->type, vm->field[id]->field, value);
	*to = value;
	return true;
}

bool hotspot_is_pointer(uint64_t value)
{
	return value >= PAGE_SIZE_BYTES && value < ADDRESS_LIMIT && value % 8 == 0;
}

bool hotspot_is_vtable(const struct hotspot *vm, uint64_t value)
{
	// Before the first function stand the offset to the top, 0 in all but second bases, and the
	// type's description, which libjvm is built without.
	uint64_t w[3];

	return value % 8 == 0 && value >= vm->library_start + 16 && value < vm->library_end &&
	       memory_read(vm->memory, value - 16, w, sizeof(w), NULL) && !w[0] && !w[1] &&
	       w[2] > vm->library_start && w[2] < vm->library_end;
}

bool hotspot_flag(const struct hotspot *vm, const char *name, uint64_t *value)
{
	const struct flags_entry *flag = flags_find(vm->flags, name);
	struct flags_value v;

	if (!flag || flag->kind == FLAGS_DOUBLE || flag->kind == FLAGS_STRING ||
	    !flags_read(vm, flag, vm->mem, &v, NULL))
		return false;
	*value = v.number;
	return true;
}

// Shenandoah leaves the new address in the mark word of an object that it moved, until all references
// to the old one are gone.
static uint64_t evacuated(const struct hotspot *vm, uint64_t oop)
{
	uint64_t mark, to;

	if (!hotspot_is_pointer(oop) || !memory_read_u64(vm->memory, oop, &mark, NULL) ||
	    (mark & MARK_BITS) != MARK_FORWARDED)
		return oop;
	to = mark & ~(uint64_t)MARK_BITS;
	return to % 8 == 0 && to >= vm->heap_start && to < vm->heap_end ? to : oop;
}

// Where the object is now that a full-width reference names.
static uint64_t followed(const struct hotspot *vm, uint64_t raw)
{
	if (vm->gc == GC_Z || vm->coloured_oops)
		raw = zheap_address(vm, raw);
	else if (vm->gc == GC_SHENANDOAH)
		raw = evacuated(vm, raw);
	return hotspot_is_pointer(raw) ? raw : 0;
}

uint64_t hotspot_klass_of(const struct hotspot *vm, uint64_t oop)
{
	uint64_t word = 0, klass;
	uint32_t narrow;

	if (!hotspot_is_pointer(oop))
		return 0;
	if (vm->compact_headers) {
		if (!memory_read_u64(vm->memory, oop, &word, NULL))
			return 0;
		word >>= COMPACT_KLASS_SHIFT;
		klass = vm->narrow_klass_base + (word << vm->narrow_klass_shift);
	} else if (vm->compressed_klasses) {
		if (!memory_read_u32(vm->memory, oop + 8, &narrow, NULL))
			return 0;
		word = narrow;
		klass = vm->narrow_klass_base + (word << vm->narrow_klass_shift);
	} else {
		if (!memory_read_u64(vm->memory, oop + 8, &word, NULL))
			return 0;
		klass = word;
	}
	return word && hotspot_is_pointer(klass) ? klass : 0;
}

uint64_t hotspot_oop_at(const struct hotspot *vm, uint64_t slot)
{
	uint64_t oop;
	uint32_t narrow;

	if (vm->compressed_oops) {
		if (!memory_read_u32(vm->memory, slot, &narrow, NULL) || !narrow)
			return 0;
		oop = vm->narrow_oop_base + ((uint64_t)narrow << vm->narrow_oop_shift);
	} else if (!memory_read_u64(vm->memory, slot, &oop, NULL)) {
		return 0;
	}
	return followed(vm, oop);
}

uint64_t hotspot_handle(const struct hotspot *vm, uint64_t handle)
{
	uint64_t oop;

	if (!hotspot_is_pointer(handle) || !memory_read_u64(vm->memory, handle, &oop, NULL))
		return 0;
	return followed(vm, oop);
}

bool hotspot_symbol_text(const struct hotspot *vm, uint64_t symbol, char *to, size_t room)
{
	uint64_t len = 0;

	if (!hotspot_is_pointer(symbol) || !hotspot_has_offset(vm, FIELD_SYMBOL_BODY) || !room ||
	    !hotspot_read_u64(vm, FIELD_SYMBOL_LENGTH, symbol, &len, NULL))
		return false;
	len &= 0xffff;
	if (!len)
		return false;
	if (len > room - 1)
		len = room - 1;
	if (!memory_read(vm->memory, hotspot_at(vm, FIELD_SYMBOL_BODY, symbol), to, len, NULL))
		return false;
	to[len] = '\0';
	for (size_t i = 0; i < len; i++)
		if ((unsigned char)to[i] < ' ')
			return false;
	return true;
}
