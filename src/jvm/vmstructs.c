// SPDX-License-Identifier: Apache-2.0
// Four tables, each an array of rows that ends with a row whose name pointer is null.  How long a
// row is and where its parts lie is told by exported integers, so no C struct stands for a row.
// All names of all tables go into one open hash keyed by (kind, name, second name).  Strings are
// interned by their address: the VM's compiler has merged equal ones, and the same few type names
// stand in hundreds of rows.

#include "jvm/vmstructs.h"

#include <inttypes.h>
#include <string.h>

#include "base/arena.h"
#include "base/fail.h"
#include "base/memory.h"
#include "base/units.h"

enum {
	ROW_LIMIT = 16384,  // of one table; real ones have at most 1,500
	STRIDE_LIMIT = 256, // bytes of a row; real ones have 16 to 48
	NAME_LIMIT = 256,
	PART_LIMIT = 6, // parts of a row
};

enum kind { KIND_FIELD, KIND_TYPE, KIND_CONSTANT, KIND_NONE };

struct entry {
	enum kind kind;
	uint32_t hash;
	const char *name, *second; // second: the field's name, else ""
	union {
		struct vmstructs_field field;
		uint64_t size;
		int64_t value;
	};
};

struct text { // an interned string
	uint64_t at;
	const char *text; // NULL: not readable as a name
};

struct vmstructs {
	const struct memory *memory;
	struct arena *mem;
	VEC(struct entry) entries;
	uint32_t *slots; // index + 1 into entries
	size_t slot_count;
	struct text *texts; // open hash by address
	size_t text_count, text_room;
	size_t field_count;
	struct vmstructs_sum sums[VMSTRUCTS_TABLES];
};

// What the exported integers say of one table.
struct table {
	const char *base;              // symbol of the pointer to the first row
	const char *stride;            // symbol of the length of a row
	const char *parts[PART_LIMIT]; // symbols of the offsets within a row
	// What these integers are in every HotSpot from JDK 6 on: the rows are plain C structs.
	uint64_t usual_stride, usual[PART_LIMIT];
	unsigned char width[PART_LIMIT]; // bytes of the parts
	unsigned pointers;               // how many of the first parts are pointers to names
};

enum { FIELDS, TYPES, INTS, LONGS };
enum { PART_IS_STATIC = 3, PART_OFFSET, PART_ADDRESS }; // of FIELDS

static const struct table TABLES[VMSTRUCTS_TABLES] = {
	[FIELDS] = { "gHotSpotVMStructs",
		     "gHotSpotVMStructEntryArrayStride",
		     { "gHotSpotVMStructEntryTypeNameOffset",
		       "gHotSpotVMStructEntryFieldNameOffset",
		       "gHotSpotVMStructEntryTypeStringOffset",
		       "gHotSpotVMStructEntryIsStaticOffset", "gHotSpotVMStructEntryOffsetOffset",
		       "gHotSpotVMStructEntryAddressOffset" },
		     48,
		     { 0, 8, 16, 24, 32, 40 },
		     { 8, 8, 8, 4, 8, 8 },
		     3 },
	[TYPES] = { "gHotSpotVMTypes",
		    "gHotSpotVMTypeEntryArrayStride",
		    { "gHotSpotVMTypeEntryTypeNameOffset", "gHotSpotVMTypeEntrySizeOffset" },
		    40,
		    { 0, 32 },
		    { 8, 8 },
		    1 },
	[INTS] = { "gHotSpotVMIntConstants",
		   "gHotSpotVMIntConstantEntryArrayStride",
		   { "gHotSpotVMIntConstantEntryNameOffset",
		     "gHotSpotVMIntConstantEntryValueOffset" },
		   16,
		   { 0, 8 },
		   { 8, 4 },
		   1 },
	[LONGS] = { "gHotSpotVMLongConstants",
		    "gHotSpotVMLongConstantEntryArrayStride",
		    { "gHotSpotVMLongConstantEntryNameOffset",
		      "gHotSpotVMLongConstantEntryValueOffset" },
		    16,
		    { 0, 8 },
		    { 8, 8 },
		    1 },
};

// A table on its way: where its next row lies, and the bytes of the rows around it.
struct cursor {
	uint64_t row_at, stride;
	uint64_t part[PART_LIMIT];
	uint64_t have_start, have_end;
	unsigned char have[PAGE_SIZE_BYTES + STRIDE_LIMIT];
	struct vmstructs_sum sum;
};

static uint32_t hash_text(const char *text, uint32_t h)
{
	for (const unsigned char *c = (const unsigned char *)text; *c; c++)
		h = (h ^ *c) * 16777619u;
	return h;
}

static uint32_t hash_key(enum kind kind, const char *name, const char *second)
{
	return hash_text(second, hash_text(name, 2166136261u + kind) * 31);
}

static struct entry *find(const struct vmstructs *s, enum kind kind, const char *name,
			  const char *second)
{
	uint32_t hash = hash_key(kind, name, second);

	for (size_t i = hash; s->slot_count; i++) {
		uint32_t slot = s->slots[i & (s->slot_count - 1)];
		struct entry *e;

		if (!slot)
			return NULL;
		e = &s->entries.at[slot - 1];
		if (e->hash == hash && e->kind == kind && !strcmp(e->name, name) &&
		    !strcmp(e->second, second))
			return e;
	}
	return NULL;
}

static void index_entries(struct vmstructs *s)
{
	s->slot_count = 64;
	while (s->slot_count < s->entries.count * 2)
		s->slot_count *= 2;
	s->slots = arena_array(s->mem, uint32_t, s->slot_count);
	for (size_t n = 0; n < s->entries.count; n++) {
		size_t i = s->entries.at[n].hash & (s->slot_count - 1);

		while (s->slots[i])
			i = (i + 1) & (s->slot_count - 1);
		s->slots[i] = (uint32_t)n + 1;
	}
}

static bool is_name(const char *text)
{
	for (const unsigned char *c = (const unsigned char *)text; *c; c++)
		if (*c < ' ' || *c >= 0x7f)
			return false;
	return *text;
}

static struct text *text_slot(struct text *texts, size_t room, uint64_t at)
{
	size_t i = (size_t)(at * 0x9e3779b97f4a7c15u >> 32);

	while (texts[i & (room - 1)].at && texts[i & (room - 1)].at != at)
		i++;
	return &texts[i & (room - 1)];
}

static void grow_texts(struct vmstructs *s)
{
	size_t room = s->text_room ? s->text_room * 2 : 2048;
	struct text *now = arena_array(s->mem, struct text, room);

	for (size_t i = 0; i < s->text_room; i++)
		if (s->texts[i].at)
			*text_slot(now, room, s->texts[i].at) = s->texts[i];
	s->texts = now;
	s->text_room = room;
}

// The name at `at`, or NULL when there is none.
static const char *intern(struct vmstructs *s, uint64_t at)
{
	char got[NAME_LIMIT];
	struct text *slot;

	if (!at)
		return NULL;
	if (s->text_count * 2 >= s->text_room)
		grow_texts(s);
	slot = text_slot(s->texts, s->text_room, at);
	if (slot->at)
		return slot->text;
	slot->at = at;
	s->text_count++;
	if (memory_read_text(s->memory, at, got, sizeof(got), NULL) && is_name(got))
		slot->text = arena_text(s->mem, got);
	return slot->text;
}

static bool read_exported(const struct memory *memory, vmstructs_symbol *symbol, void *arg,
			  const char *name, uint64_t *value, struct fail *why)
{
	uint64_t at = symbol(arg, name);

	if (!at)
		return fail(why, FAIL_ABSENT, "%s is not exported", name);
	return memory_read_u64(memory, at, value, why);
}

static bool cursor_open(struct cursor *c, const struct memory *memory, const struct table *t,
			vmstructs_symbol *symbol, void *arg, struct fail *why)
{
	c->have_start = c->have_end = 0;
	if (!read_exported(memory, symbol, arg, t->base, &c->row_at, why) ||
	    !read_exported(memory, symbol, arg, t->stride, &c->stride, why))
		return false;
	for (size_t i = 0; i < PART_LIMIT && t->parts[i]; i++) {
		if (!read_exported(memory, symbol, arg, t->parts[i], &c->part[i], why))
			return false;
		if (c->part[i] != t->usual[i])
			return fail(why, FAIL_CORRUPT, "layout unknown: %s is %" PRIu64,
				    t->parts[i], c->part[i]);
	}
	if (!c->row_at || c->row_at % 8 || c->stride != t->usual_stride)
		return fail(why, FAIL_CORRUPT, "layout unknown: %s at 0x%" PRIx64 " by %" PRIu64,
			    t->base, c->row_at, c->stride);
	c->sum = (struct vmstructs_sum){ .at = c->row_at };
	return true;
}

static uint64_t mix(uint64_t place, uint64_t value)
{
	uint64_t h = (value + place * 0x9e3779b97f4a7c15u) * 0xff51afd7ed558ccdu;

	h ^= h >> 32;
	return (h + place) * 0xc4ceb9fe1a85ec53u;
}

// What a part adds to the sums; `place` is its distance from the table.
static void add_part(struct vmstructs_sum *sum, size_t table, size_t part, uint64_t place,
		     uint64_t value, bool leave_out)
{
	const struct table *t = &TABLES[table];
	uint64_t h;

	if (t->width[part] == 4)
		value &= UINT32_MAX;
	if (value && (part < t->pointers || (table == FIELDS && part == PART_ADDRESS)))
		value -= sum->at;
	h = mix(place, value);
	sum->all += leave_out ? -h : h;
	if (table != FIELDS || part != PART_OFFSET)
		sum->but_offsets += leave_out ? -h : h;
}

bool vmstructs_leave_out(struct vmstructs_sum *sum, size_t table, uint64_t place, uint64_t value)
{
	const struct table *t = &TABLES[table];
	uint64_t distance = place - sum->at;

	for (size_t i = 0; i < PART_LIMIT && t->parts[i]; i++)
		if (distance / t->usual_stride < sum->rows &&
		    distance % t->usual_stride == t->usual[i]) {
			add_part(sum, table, i, distance, value, true);
			return true;
		}
	return false;
}

uint64_t vmstructs_constant_at(const struct vmstructs_sum *sum, size_t table, uint64_t row)
{
	if ((table != INTS && table != LONGS) || row >= sum->rows)
		return 0;
	return sum->at + row * TABLES[table].usual_stride + TABLES[table].usual[1];
}

// Has the bytes of the row at hand: whole pages at a time, but never a page beyond the row's last.
static bool cursor_fill(struct cursor *c, const struct memory *memory, struct fail *why)
{
	uint64_t end = units_page_up(c->row_at + c->stride);

	if (c->row_at >= c->have_start && c->row_at + c->stride <= c->have_end)
		return true;
	if (end - c->row_at > sizeof(c->have))
		end = c->row_at + c->stride;
	if (!memory_read(memory, c->row_at, c->have, end - c->row_at, why))
		return false;
	c->have_start = c->row_at;
	c->have_end = end;
	return true;
}

static uint64_t cursor_u64(const struct cursor *c, size_t part)
{
	uint64_t value = 0;
	size_t room = c->stride - c->part[part];

	memcpy(&value, c->have + (c->row_at - c->have_start) + c->part[part],
	       room < sizeof(value) ? room : sizeof(value));
	return value;
}

// Adds the row at hand to the table's sum.
static void add_up(struct cursor *c, const struct table *t)
{
	struct vmstructs_sum *sum = &c->sum;
	size_t table = (size_t)(t - TABLES);

	for (size_t i = 0; i < PART_LIMIT && t->parts[i]; i++)
		add_part(sum, table, i, sum->rows * t->usual_stride + t->usual[i], cursor_u64(c, i),
			 false);
	if (table == FIELDS && !cursor_u64(c, PART_OFFSET) &&
	    !(cursor_u64(c, PART_IS_STATIC) & UINT32_MAX))
		sum->zero++;
	sum->rows++;
}

static void add(struct vmstructs *s, struct entry e)
{
	e.hash = hash_key(e.kind, e.name, e.second);
	vec_push(s->mem, &s->entries, e);
}

// A row whose strings are not readable is left out: the member counts as not exported.
static bool take_field(struct vmstructs *s, const struct cursor *c)
{
	const char *type = intern(s, cursor_u64(c, 0)), *name = intern(s, cursor_u64(c, 1));
	const char *field_type = intern(s, cursor_u64(c, 2));
	uint32_t is_static = (uint32_t)cursor_u64(c, 3);
	struct entry e = { .kind = KIND_FIELD, .name = type, .second = name };

	if (!type || !name || is_static > 1)
		return false;
	e.field = (struct vmstructs_field){ .type = type,
					    .field = name,
					    .field_type = field_type ? field_type : "",
					    .is_static = is_static };
	if (is_static)
		e.field.at = cursor_u64(c, 5);
	else
		e.field.offset = cursor_u64(c, 4);
	add(s, e);
	s->field_count++;
	return true;
}

static bool take_type(struct vmstructs *s, const struct cursor *c)
{
	const char *name = intern(s, cursor_u64(c, 0));

	if (!name)
		return false;
	add(s, (struct entry){
		       .kind = KIND_TYPE, .name = name, .second = "", .size = cursor_u64(c, 1) });
	return true;
}

static bool take_constant(struct vmstructs *s, const struct cursor *c, int64_t value)
{
	const char *name = intern(s, cursor_u64(c, 0));

	if (!name)
		return false;
	add(s, (struct entry){ .kind = KIND_CONSTANT, .name = name, .second = "", .value = value });
	return true;
}

static bool take_int(struct vmstructs *s, const struct cursor *c)
{
	return take_constant(s, c, (int32_t)cursor_u64(c, 1));
}

static bool take_long(struct vmstructs *s, const struct cursor *c)
{
	return take_constant(s, c, (int64_t)cursor_u64(c, 1));
}

// All rows of one table.  Refused as a whole when its first rows, or more than a few, make no
// sense: then it is no such table, or its description is wrong.
static bool read_table(struct vmstructs *s, const struct table *t, vmstructs_symbol *symbol,
		       void *arg, bool (*take)(struct vmstructs *, const struct cursor *),
		       struct fail *why)
{
	enum { FIRST_ROWS = 8, BAD_LIMIT = 16 };
	struct cursor c;
	size_t rows = 0, bad = 0;

	if (!cursor_open(&c, s->memory, t, symbol, arg, why))
		return false;
	for (;; rows++, c.row_at += c.stride) {
		if (!cursor_fill(&c, s->memory, why)) {
			if (why && why->kind == FAIL_ABSENT) // it leads nowhere
				why->kind = FAIL_CORRUPT;
			return fail_while(why, "layout unknown: %s", t->base);
		}
		if (!cursor_u64(&c, 0))
			break;
		add_up(&c, t);
		if (!take(s, &c))
			bad++;
		if (rows >= ROW_LIMIT || bad > BAD_LIMIT || (bad && rows < FIRST_ROWS))
			return fail(why, FAIL_CORRUPT,
				    "layout unknown: %s makes no sense at row %zu", t->base, rows);
	}
	if (!rows)
		return fail(why, FAIL_CORRUPT, "layout unknown: %s is empty", t->base);
	s->sums[t - TABLES] = c.sum;
	return true;
}

// An instance field lies within its type.
static void drop_wild_fields(struct vmstructs *s)
{
	for (size_t i = 0; i < s->entries.count; i++) {
		struct entry *e = &s->entries.at[i];
		uint64_t size;

		if (e->kind != KIND_FIELD || e->field.is_static)
			continue;
		size = vmstructs_size(s, e->name);
		if (e->field.offset >= (size ? size : MIB(1)))
			e->kind = KIND_NONE;
	}
}

bool vmstructs_read(const struct memory *memory, vmstructs_symbol *symbol, void *arg,
		    struct arena *mem, struct vmstructs **out, struct fail *why)
{
	struct vmstructs *s = arena_new(mem, struct vmstructs);

	s->memory = memory;
	s->mem = mem;
	if (!read_table(s, &TABLES[FIELDS], symbol, arg, take_field, why) ||
	    !read_table(s, &TABLES[TYPES], symbol, arg, take_type, why) ||
	    !read_table(s, &TABLES[INTS], symbol, arg, take_int, why) ||
	    !read_table(s, &TABLES[LONGS], symbol, arg, take_long, why))
		return false;
	index_entries(s);
	drop_wild_fields(s);
	*out = s;
	return true;
}

const struct vmstructs_field *vmstructs_find(const struct vmstructs *s, const char *type,
					     const char *field)
{
	const struct entry *e = find(s, KIND_FIELD, type, field);

	return e ? &e->field : NULL;
}

uint64_t vmstructs_size(const struct vmstructs *s, const char *type)
{
	const struct entry *e = find(s, KIND_TYPE, type, "");

	return e ? e->size : 0;
}

bool vmstructs_has_type(const struct vmstructs *s, const char *type)
{
	return find(s, KIND_TYPE, type, "");
}

bool vmstructs_constant(const struct vmstructs *s, const char *name, int64_t *value)
{
	const struct entry *e = find(s, KIND_CONSTANT, name, "");

	if (e)
		*value = e->value;
	return e;
}

size_t vmstructs_count(const struct vmstructs *s)
{
	return s->field_count;
}

const struct vmstructs_sum *vmstructs_sums(const struct vmstructs *s)
{
	return s->sums;
}

bool vmstructs_sum_up(const struct memory *memory, vmstructs_symbol *symbol, void *arg,
		      struct vmstructs_sum out[VMSTRUCTS_TABLES], struct fail *why)
{
	for (size_t i = 0; i < VMSTRUCTS_TABLES; i++) {
		const struct table *t = &TABLES[i];
		struct cursor c = { .stride = t->usual_stride };

		memcpy(c.part, t->usual, sizeof(c.part));
		if (!read_exported(memory, symbol, arg, t->base, &c.row_at, why))
			return false;
		c.sum.at = c.row_at;
		for (;; c.row_at += c.stride) {
			if (!cursor_fill(&c, memory, why))
				return false;
			if (!cursor_u64(&c, 0) || c.sum.rows == ROW_LIMIT)
				break;
			add_up(&c, t);
		}
		out[i] = c.sum;
	}
	return true;
}

const char *vmstructs_table_name(size_t table)
{
	return TABLES[table].base;
}
