// SPDX-License-Identifier: Apache-2.0
// Array<u2> and Array<u1> start with an int length and their elements at offset 4.  A constant pool's
// slots follow its header; the slot of a name holds a Symbol*, tagged in bit 0 on some versions.
#include "jvm/javafields.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/arena.h"
#include "base/fail.h"
#include "base/memory.h"
#include "jvm/hotspot.h"
#include "jvm/vmstructs.h"

enum {
	FIELDS_LIMIT = 65535, // of one class, by the class file format
	STREAM_LIMIT = 1 << 20,
	TUPLE_BYTES = 12, // six u2
	ARRAY_DATA = 4,
	STRING_LIMIT = 65536, // characters
	ACC_STATIC = 0x0008,
	NAME_ROOM = 256,
};

// One field as both layouts tell it.
struct field_info {
	uint32_t name_index, offset, access;
};

static bool name_is(const struct hotspot *vm, uint64_t constants, uint32_t index, const char *name)
{
	uint64_t header = vmstructs_size(vm->tables, "ConstantPool");
	uint64_t symbol;
	char text[NAME_ROOM];

	if (!header ||
	    !memory_read_u64(vm->memory, constants + header + 8 * (uint64_t)index, &symbol, NULL))
		return false;
	return hotspot_symbol_text(vm, symbol & ~UINT64_C(1), text, sizeof(text)) &&
	       !strcmp(text, name);
}

static bool found(struct field_info f, struct javafield *out)
{
	*out = (struct javafield){ f.offset, f.access & ACC_STATIC };
	return true;
}

static bool array_length(const struct hotspot *vm, uint64_t array, uint32_t limit, uint32_t *out,
			 struct fail *why)
{
	if (!memory_read_u32(vm->memory, array, out, why))
		return false;
	if (*out > limit)
		return fail(why, FAIL_CORRUPT, "layout unknown: %u fields in a class", *out);
	return true;
}

// {access, name, signature, initial value, low, high}: offset = high:low >> 2, the low bits are
// tags.
static bool find_in_tuples(const struct hotspot *vm, uint64_t klass, uint64_t constants,
			   const char *name, struct javafield *out, struct fail *why)
{
	uint64_t fields, count_at = hotspot_at(vm, FIELD_IK_JAVA_FIELDS, klass);
	uint32_t length;
	uint16_t count, t[6];

	if (!count_at)
		return fail(why, FAIL_ABSENT, "this VM exports no count of a class's fields");
	if (!hotspot_read_pointer(vm, FIELD_IK_FIELDS, klass, &fields, why) ||
	    !memory_read_u16(vm->memory, count_at, &count, why) ||
	    !array_length(vm, fields, 8 * FIELDS_LIMIT, &length, why))
		return false;
	if ((uint32_t)count * 6 > length)
		return fail(why, FAIL_CORRUPT, "layout unknown: %u fields in %u words", count,
			    length);
	for (uint32_t i = 0; i < count; i++) {
		if (!memory_read(vm->memory, fields + ARRAY_DATA + (uint64_t)i * TUPLE_BYTES, t,
				 sizeof(t), why))
			return false;
		if (name_is(vm, constants, t[1], name))
			return found((struct field_info){ t[1], ((uint32_t)t[5] << 16 | t[4]) >> 2,
							  t[0] },
				     out);
	}
	return fail(why, FAIL_ABSENT, "the class has no field %s", name);
}

struct stream {
	const uint8_t *at, *end;
};

// UNSIGNED5: up to five bytes, each above 0; a byte below 192 ends the number.
static bool take_number(struct stream *s, uint32_t *out)
{
	uint32_t sum = 0;

	for (unsigned shift = 0; shift < 30; shift += 6) {
		uint8_t b;

		if (s->at == s->end || !*s->at)
			return false;
		b = *s->at++;
		sum += (uint32_t)(b - 1) << shift;
		if (b < 192)
			break;
	}
	*out = sum;
	return true;
}

// Which flag bits of a field bring one more number along; 28 renumbered them.
static uint32_t extra_flags(const struct hotspot *vm)
{
	static const char *const NAMES[] = { "initialized", "generic", "contended", "flat",
					     "null_marker" };
	enum { BEFORE_EXPORT = 1 << 0 | 1 << 2 | 1 << 4 };
	uint32_t mask = 0;

	for (size_t i = 0; i < sizeof(NAMES) / sizeof(*NAMES); i++) {
		char name[64];
		int64_t bit;

		snprintf(name, sizeof(name), "FieldInfo::FieldFlags::_ff_%s", NAMES[i]);
		if (vmstructs_constant(vm->tables, name, &bit) && bit >= 0 && bit < 32)
			mask |= UINT32_C(1) << bit;
	}
	return mask ? mask : BEFORE_EXPORT;
}

static bool take_field(struct stream *s, uint32_t extra, struct field_info *out)
{
	uint32_t signature, flags, ignored;

	if (!take_number(s, &out->name_index) || !take_number(s, &signature) ||
	    !take_number(s, &out->offset) || !take_number(s, &out->access) ||
	    !take_number(s, &flags))
		return false;
	for (flags &= extra; flags; flags &= flags - 1)
		if (!take_number(s, &ignored))
			return false;
	return true;
}

static bool find_in_stream(const struct hotspot *vm, uint64_t klass, uint64_t constants,
			   const char *name, struct javafield *out, struct fail *why)
{
	struct arena frame = { 0 };
	uint64_t array;
	uint32_t length, count = 0, injected;
	struct stream s;
	uint8_t *bytes;
	uint32_t extra = extra_flags(vm);
	bool ok = false;

	if (!hotspot_read_pointer(vm, FIELD_IK_FIELD_STREAM, klass, &array, why) ||
	    !array_length(vm, array, STREAM_LIMIT, &length, why))
		return false;
	bytes = arena_get(&frame, length);
	if (!memory_read(vm->memory, array + ARRAY_DATA, bytes, length, why))
		goto out;
	s = (struct stream){ bytes, bytes + length };
	if (!take_number(&s, &count) || !take_number(&s, &injected) || count > FIELDS_LIMIT) {
		fail(why, FAIL_CORRUPT, "layout unknown: a class's field stream");
		goto out;
	}
	for (uint32_t i = 0; i < count && !ok; i++) {
		struct field_info f;

		if (!take_field(&s, extra, &f)) {
			fail(why, FAIL_CORRUPT, "layout unknown: a class's field stream");
			goto out;
		}
		ok = name_is(vm, constants, f.name_index, name) && found(f, out);
	}
	if (!ok)
		fail(why, FAIL_ABSENT, "the class has no field %s", name);
out:
	arena_drop(&frame);
	return ok;
}

bool javafields_find(const struct hotspot *vm, uint64_t klass, const char *name,
		     struct javafield *out, struct fail *why)
{
	uint64_t constants;

	if (!hotspot_read_pointer(vm, FIELD_IK_CONSTANTS, klass, &constants, why))
		return false;
	if (hotspot_has_offset(vm, FIELD_IK_FIELDS))
		return find_in_tuples(vm, klass, constants, name, out, why);
	if (hotspot_has_offset(vm, FIELD_IK_FIELD_STREAM))
		return find_in_stream(vm, klass, constants, name, out, why);
	return fail(why, FAIL_ABSENT, "layout unknown: this VM exports no fields of classes");
}

uint64_t javafields_mirror(const struct hotspot *vm, uint64_t klass)
{
	uint64_t at = hotspot_at(vm, FIELD_KLASS_MIRROR, klass), value;

	if (!at || !memory_read_u64(vm->memory, at, &value, NULL) || !value)
		return 0;
	// A handle from JDK 10 on, an oop before.
	if (strstr(vm->field[FIELD_KLASS_MIRROR]->field_type, "Handle"))
		return hotspot_handle(vm, value);
	return hotspot_is_pointer(value) ? value : 0;
}

uint64_t javafields_oop(const struct hotspot *vm, uint64_t object, struct javafield field)
{
	return object ? hotspot_oop_at(vm, object + field.offset) : 0;
}

bool javafields_u32(const struct hotspot *vm, uint64_t object, struct javafield field, uint32_t *to,
		    struct fail *why)
{
	return memory_read_u32(vm->memory, object + field.offset, to, why);
}

bool javafields_u64(const struct hotspot *vm, uint64_t object, struct javafield field, uint64_t *to,
		    struct fail *why)
{
	return memory_read_u64(vm->memory, object + field.offset, to, why);
}

size_t javafields_oop_size(const struct hotspot *vm)
{
	return vm->compressed_oops ? 4 : 8;
}

bool javafields_array(const struct hotspot *vm, uint64_t array, struct java_array *out,
		      struct fail *why)
{
	uint64_t klass = hotspot_klass_of(vm, array);
	uint64_t length_at = array + (vm->compact_headers ? 8 : vm->compressed_klasses ? 12 : 16);
	uint32_t layout, length, header;

	if (!klass)
		return fail(why, FAIL_ABSENT, "the object at 0x%" PRIx64 " can't be read", array);
	if (!hotspot_read_u32(vm, FIELD_KLASS_LAYOUT, klass, &layout, why) ||
	    !memory_read_u32(vm->memory, length_at, &length, why))
		return false;
	// Bit 31 marks arrays; bits 16..23 are the bytes before element 0.
	header = layout >> 16 & 0xff;
	if (!(layout >> 31) || header < 12 || header > 24 || length > INT32_MAX)
		return fail(why, FAIL_CORRUPT, "the object at 0x%" PRIx64 " is no array", array);
	*out = (struct java_array){ array + header, length };
	return true;
}

bool javafields_strings(const struct hotspot *vm, uint64_t klass, struct java_strings *out,
			struct fail *why)
{
	struct java_strings s = { .klass = klass };

	if (!javafields_find(vm, klass, "value", &s.value, why))
		return false;
	s.has_coder = javafields_find(vm, klass, "coder", &s.coder, NULL);
	*out = s;
	return true;
}

static size_t put_utf8(char *to, uint32_t c)
{
	if (c < 0x80) {
		to[0] = (char)c;
		return 1;
	}
	if (c < 0x800) {
		to[0] = (char)(0xc0 | c >> 6);
		to[1] = (char)(0x80 | (c & 0x3f));
		return 2;
	}
	if (c < 0x10000) {
		to[0] = (char)(0xe0 | c >> 12);
		to[1] = (char)(0x80 | (c >> 6 & 0x3f));
		to[2] = (char)(0x80 | (c & 0x3f));
		return 3;
	}
	to[0] = (char)(0xf0 | c >> 18);
	to[1] = (char)(0x80 | (c >> 12 & 0x3f));
	to[2] = (char)(0x80 | (c >> 6 & 0x3f));
	to[3] = (char)(0x80 | (c & 0x3f));
	return 4;
}

// `units` UTF-16 units; each takes at most three bytes of `to`.
static size_t from_utf16(const uint8_t *bytes, size_t units, char *to)
{
	size_t len = 0;

	for (size_t i = 0; i < units; i++) {
		uint32_t c = (uint32_t)bytes[2 * i] | (uint32_t)bytes[2 * i + 1] << 8;

		if (c >= 0xd800 && c < 0xdc00 && i + 1 < units) {
			uint32_t low = (uint32_t)bytes[2 * i + 2] | (uint32_t)bytes[2 * i + 3] << 8;

			if (low >= 0xdc00 && low < 0xe000) {
				len += put_utf8(to + len,
						0x10000 + ((c - 0xd800) << 10) + (low - 0xdc00));
				i++;
				continue;
			}
		}
		len += put_utf8(to + len, c >= 0xd800 && c < 0xe000 ? 0xfffd : c);
	}
	return len;
}

bool javafields_text(const struct hotspot *vm, const struct java_strings *strings, uint64_t string,
		     struct arena *mem, const char **out, struct fail *why)
{
	struct java_array chars = { 0 };
	uint64_t value;
	uint8_t coder = 1, *bytes;
	size_t units, len = 0;
	char *text;

	if (!strings->klass || hotspot_klass_of(vm, string) != strings->klass)
		return fail(why, FAIL_CORRUPT, "the object at 0x%" PRIx64 " is no String", string);
	value = javafields_oop(vm, string, strings->value);
	if (!value)
		return fail(why, FAIL_ABSENT, "a String without characters");
	if (!javafields_array(vm, value, &chars, why))
		return false;
	if (strings->has_coder &&
	    !memory_read_u8(vm->memory, string + strings->coder.offset, &coder, why))
		return false;
	units = strings->has_coder && coder == 1 ? chars.length / 2 : chars.length;
	if (coder > 1 || units > STRING_LIMIT)
		return fail(why, FAIL_CORRUPT, "the String at 0x%" PRIx64 " makes no sense",
			    string);
	bytes = arena_get(mem, units * (coder + 1u));
	if (!memory_read(vm->memory, chars.first, bytes, units * (coder + 1u), why))
		return false;
	text = arena_get(mem, units * 3 + 1);
	if (coder)
		len = from_utf16(bytes, units, text);
	else
		for (size_t i = 0; i < units; i++)
			len += put_utf8(text + len, bytes[i]);
	text[len] = '\0';
	*out = text;
	return true;
}
