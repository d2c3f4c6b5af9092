// SPDX-License-Identifier: Apache-2.0
#include "jvm/flags.h"

#include <inttypes.h>
#include <string.h>

#include "base/arena.h"
#include "base/fail.h"
#include "base/memory.h"
#include "jvm/hotspot.h"
#include "jvm/vmstructs.h"

enum {
	COUNT_LIMIT = 8192, // real tables have 1,250 to 1,450
	ROW_BYTES_LIMIT = 128,
	NAME_LIMIT = 128,
	ORIGIN_MASK = 15,
};

// In the order of JVMFlag's type numbers since JDK 17; before, the row has the name itself.
static const struct flag_type {
	const char *name;
	enum flags_kind kind;
	uint32_t width;
} TYPES[] = {
	{ "bool", FLAGS_BOOL, 1 },    { "int", FLAGS_INT, 4 },
	{ "uint", FLAGS_UINT, 4 },    { "intx", FLAGS_INT, 8 },
	{ "uintx", FLAGS_UINT, 8 },   { "uint64_t", FLAGS_UINT, 8 },
	{ "size_t", FLAGS_UINT, 8 },  { "double", FLAGS_DOUBLE, 8 },
	{ "ccstr", FLAGS_STRING, 8 }, { "ccstrlist", FLAGS_STRING, 8 },
};
enum { TYPE_COUNT = sizeof(TYPES) / sizeof(TYPES[0]) };

// JVMFlagOrigin; JDK 8 to 28 agree.
static const char *const ORIGINS[] = { "default",    "command line", "environment", "config file",
				       "management", "ergonomic",    "attach",      "internal" };
enum { ORIGIN_COUNT = sizeof(ORIGINS) / sizeof(ORIGINS[0]) };

static uint32_t hash_name(const char *name)
{
	uint32_t h = 2166136261u;

	for (const unsigned char *c = (const unsigned char *)name; *c; c++)
		h = (h ^ *c) * 16777619u;
	return h;
}

static bool is_flag_name(const char *name)
{
	for (const char *c = name; *c; c++)
		if (!(*c >= 'a' && *c <= 'z') && !(*c >= 'A' && *c <= 'Z') &&
		    !(*c >= '0' && *c <= '9') && *c != '_')
			return false;
	return *name;
}

static bool is_in_library(const struct hotspot *vm, uint64_t at, uint64_t size)
{
	return at >= vm->library_start && at < vm->library_end && size <= vm->library_end - at;
}

// The table as bytes, and how to cut it.
struct rows {
	const unsigned char *bytes;
	uint64_t at, size;
	size_t count;
	uint64_t name, address, flags, type; // offsets within a row
	bool type_is_text;
};

static bool read_rows(const struct hotspot *vm, struct rows *out, struct fail *why)
{
	struct rows r = { 0 };
	unsigned char *bytes;
	uint64_t count;

	if (!hotspot_read_pointer(vm, FIELD_FLAGS, 0, &r.at, why) ||
	    !hotspot_read_u64(vm, FIELD_FLAG_COUNT, 0, &count, why))
		return false;
	if (!hotspot_has_offset(vm, FIELD_FLAG_NAME) || !hotspot_has_offset(vm, FIELD_FLAG_ADDR) ||
	    !hotspot_has_offset(vm, FIELD_FLAG_FLAGS) || !hotspot_has_offset(vm, FIELD_FLAG_TYPE))
		return fail(why, FAIL_ABSENT, "the members of a flag are not exported");
	r.size = vmstructs_size(vm->tables, vm->field[FIELD_FLAG_NAME]->type);
	r.name = vm->field[FIELD_FLAG_NAME]->offset;
	r.address = vm->field[FIELD_FLAG_ADDR]->offset;
	r.flags = vm->field[FIELD_FLAG_FLAGS]->offset;
	r.type = vm->field[FIELD_FLAG_TYPE]->offset;
	r.type_is_text = strchr(vm->field[FIELD_FLAG_TYPE]->field_type, '*');
	if (!count || count > COUNT_LIMIT || r.size > ROW_BYTES_LIMIT || r.name + 8 > r.size ||
	    r.address + 8 > r.size || r.flags + 4 > r.size ||
	    r.type + (r.type_is_text ? 8 : 4) > r.size || !is_in_library(vm, r.at, count * r.size))
		return fail(why, FAIL_CORRUPT,
			    "layout unknown: %" PRIu64 " flags of %" PRIu64 " bytes at 0x%" PRIx64,
			    count, r.size, r.at);
	r.count = (size_t)count;
	bytes = arena_get(vm->mem, r.count * r.size);
	if (!memory_read(vm->memory, r.at, bytes, r.count * r.size, why))
		return false;
	r.bytes = bytes;
	*out = r;
	return true;
}

static uint64_t row_u64(const struct rows *r, size_t index, uint64_t offset)
{
	uint64_t value;

	memcpy(&value, r->bytes + index * r->size + offset, sizeof(value));
	return value;
}

static uint32_t row_u32(const struct rows *r, size_t index, uint64_t offset)
{
	uint32_t value;

	memcpy(&value, r->bytes + index * r->size + offset, sizeof(value));
	return value;
}

static const struct flag_type *find_type(const struct hotspot *vm, const struct rows *r,
					 size_t index)
{
	char name[NAME_LIMIT];

	if (!r->type_is_text) {
		uint32_t number = row_u32(r, index, r->type);

		return number < TYPE_COUNT ? &TYPES[number] : NULL;
	}
	if (!memory_read_text(vm->memory, row_u64(r, index, r->type), name, sizeof(name), NULL))
		return NULL;
	for (size_t i = 0; i < TYPE_COUNT; i++)
		if (!strcmp(TYPES[i].name, name))
			return &TYPES[i];
	return NULL;
}

static bool take_row(const struct hotspot *vm, const struct rows *r, size_t index,
		     struct flags_entry *out)
{
	const struct flag_type *type = find_type(vm, r, index);
	uint32_t origin = row_u32(r, index, r->flags) & ORIGIN_MASK;
	struct flags_entry e = { .at = row_u64(r, index, r->address) };
	char name[NAME_LIMIT];

	if (!type || origin >= ORIGIN_COUNT || !is_in_library(vm, e.at, type->width) ||
	    e.at % type->width)
		return false;
	if (!memory_read_text(vm->memory, row_u64(r, index, r->name), name, sizeof(name), NULL) ||
	    !is_flag_name(name))
		return false;
	e.name = arena_text(vm->mem, name);
	e.type = type->name;
	e.kind = type->kind;
	e.width = type->width;
	e.hash = hash_name(name);
	e.origin = ORIGINS[origin];
	*out = e;
	return true;
}

// Which bytes of which aligned eight are taken by which flag.
struct claim {
	uint64_t eight; // address / 8; 0: free
	unsigned char bytes;
	uint32_t flag; // the last one that took some
};

// Every flag has a variable of its own: where two rows name the same bytes (a wrong address, or a
// type that is too wide), one lies, and both go.
static void drop_overlaps(const struct hotspot *vm, struct flags *flags)
{
	size_t room = 64, kept = 0;
	struct claim *claims;

	while (room < flags->count * 2)
		room *= 2;
	claims = arena_array(vm->mem, struct claim, room);
	for (size_t i = 0; i < flags->count; i++) {
		uint64_t at = flags->at[i].at, width = flags->at[i].width;
		unsigned char bytes = (unsigned char)(((1u << width) - 1) << at % 8);
		size_t slot = (size_t)(at / 8 * 0x9e3779b97f4a7c15u >> 40) & (room - 1);

		while (claims[slot].eight && claims[slot].eight != at / 8)
			slot = (slot + 1) & (room - 1);
		if (claims[slot].bytes & bytes)
			flags->at[claims[slot].flag].name = flags->at[i].name = NULL;
		claims[slot].eight = at / 8;
		claims[slot].bytes |= bytes;
		claims[slot].flag = (uint32_t)i;
	}
	for (size_t i = 0; i < flags->count; i++)
		if (flags->at[i].name)
			flags->at[kept++] = flags->at[i];
	flags->count = kept;
}

bool flags_open(const struct hotspot *vm, struct flags **out, struct fail *why)
{
	enum { FIRST_ROWS = 8, BAD_LIMIT = 16 };
	struct flags *flags = arena_new(vm->mem, struct flags);
	struct rows r = { 0 };
	size_t bad = 0;

	if (!read_rows(vm, &r, why))
		return fail_while(why, "reading the flag table");
	if (row_u64(&r, r.count - 1, r.name))
		return fail(why, FAIL_CORRUPT, "layout unknown: the flag table has no end");
	flags->at = arena_array(vm->mem, struct flags_entry, r.count);
	for (size_t i = 0; i < r.count - 1; i++) {
		if (take_row(vm, &r, i, &flags->at[flags->count]))
			flags->count++;
		else if (++bad > BAD_LIMIT || i < FIRST_ROWS)
			return fail(why, FAIL_CORRUPT,
				    "layout unknown: the flag table makes no sense at row %zu", i);
	}
	drop_overlaps(vm, flags);
	*out = flags;
	return true;
}

const struct flags_entry *flags_find(const struct flags *flags, const char *name)
{
	uint32_t hash = hash_name(name);

	for (size_t i = 0; i < flags->count; i++)
		if (flags->at[i].hash == hash && !strcmp(flags->at[i].name, name))
			return &flags->at[i];
	return NULL;
}

bool flags_read(const struct hotspot *vm, const struct flags_entry *flag, struct arena *mem,
		struct flags_value *out, struct fail *why)
{
	struct flags_value v = { 0 };
	char text[MEMORY_TEXT_LIMIT];

	if (!memory_read(vm->memory, flag->at, &v.number, flag->width, why))
		return fail_while(why, "reading flag %s", flag->name);
	switch (flag->kind) {
	case FLAGS_BOOL:
		if (v.number > 1)
			return fail(why, FAIL_CORRUPT, "flag %s is %" PRIu64 ", not a bool",
				    flag->name, v.number);
		break;
	case FLAGS_INT:
		if (flag->width == 4)
			v.number = (uint64_t)(int64_t)(int32_t)v.number;
		break;
	case FLAGS_UINT:
		break;
	case FLAGS_DOUBLE:
		memcpy(&v.real, &v.number, sizeof(v.real));
		v.number = 0;
		break;
	case FLAGS_STRING:
		if (v.number) {
			if (!memory_read_text(vm->memory, v.number, text, sizeof(text), why))
				return fail_while(why, "reading flag %s", flag->name);
			v.text = arena_text(mem, text);
		}
		v.number = 0;
		break;
	}
	*out = v;
	return true;
}
