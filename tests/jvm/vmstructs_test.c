// SPDX-License-Identifier: Apache-2.0
#include "jvm/vmstructs.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#include "base/arena.h"
#include "base/fail.h"
#include "base/memory.h"

// A table's memory: 64 KB at BASE, and where each exported symbol lies in it.
#define BASE 0x10000u
static unsigned char bytes[65536];
static size_t used;
static struct {
	const char *name;
	uint64_t at;
} symbols[32];
static size_t symbol_count;
static struct arena mem;
static struct memory memory;

static bool read_bytes(void *self, uint64_t at, void *to, size_t len, struct fail *why)
{
	memcpy(to, bytes + (at - BASE), len);
	return true;
}
static const struct memory_source SOURCE = { .read = read_bytes };

static uint64_t put(const void *from, size_t len)
{
	uint64_t at = BASE + used;

	memcpy(bytes + used, from, len);
	used += (len + 7) & ~(size_t)7;
	return at;
}

static uint64_t text(const char *t)
{
	return put(t, strlen(t) + 1);
}

static void export(const char *name, uint64_t value)
{
	symbols[symbol_count].name = name;
	symbols[symbol_count++].at = put(&value, sizeof(value));
}

static void set(const char *name, uint64_t value)
{
	for (size_t i = 0; i < symbol_count; i++)
		if (!strcmp(symbols[i].name, name))
			memcpy(bytes + (symbols[i].at - BASE), &value, sizeof(value));
}

static uint64_t find(void *arg, const char *name)
{
	for (size_t i = 0; i < symbol_count; i++)
		if (!strcmp(symbols[i].name, name))
			return symbols[i].at;
	return 0;
}

struct row { // as the offsets below say
	uint64_t type, field, field_type;
	uint32_t is_static, pad;
	uint64_t offset, at;
};
static struct row *rows; // in `bytes`
enum { ROWS = 10 };

static void setup(void)
{
	struct row r[ROWS + 1] = { 0 };
	uint64_t types[2][5] = { { 0 } }, ints[2][2] = { { 0 } };
	char name[16];

	used = symbol_count = 0;
	memset(bytes, 0, sizeof(bytes));
	memory_init(&memory, &mem);
	memory_add_segment(&memory, BASE, BASE + sizeof(bytes), &SOURCE, NULL);
	for (int i = 0; i < ROWS; i++) {
		snprintf(name, sizeof(name), "_field%d", i);
		r[i] = (struct row){ .type = text("Thing"),
				     .field = text(name),
				     .field_type = text("int"),
				     .is_static = i == 9,
				     .offset = (uint64_t)i * 8,
				     .at = 0x4242 };
	}
	rows = (struct row *)(bytes + (put(r, sizeof(r)) - BASE));
	types[0][0] = text("Thing");
	types[0][4] = 80;
	ints[0][0] = text("LIMIT");
	ints[0][1] = (uint32_t)-5;
	export("gHotSpotVMStructs", BASE + (uint64_t)((unsigned char *)rows - bytes));
	export("gHotSpotVMStructEntryArrayStride", sizeof(struct row));
	export("gHotSpotVMStructEntryTypeNameOffset", 0);
	export("gHotSpotVMStructEntryFieldNameOffset", 8);
	export("gHotSpotVMStructEntryTypeStringOffset", 16);
	export("gHotSpotVMStructEntryIsStaticOffset", 24);
	export("gHotSpotVMStructEntryOffsetOffset", 32);
	export("gHotSpotVMStructEntryAddressOffset", 40);
	export("gHotSpotVMTypes", put(types, sizeof(types)));
	export("gHotSpotVMTypeEntryArrayStride", 40);
	export("gHotSpotVMTypeEntryTypeNameOffset", 0);
	export("gHotSpotVMTypeEntrySizeOffset", 32);
	export("gHotSpotVMIntConstants", put(ints, sizeof(ints)));
	export("gHotSpotVMIntConstantEntryArrayStride", 16);
	export("gHotSpotVMIntConstantEntryNameOffset", 0);
	export("gHotSpotVMIntConstantEntryValueOffset", 8);
	ints[0][0] = text("WIDE");
	ints[0][1] = (uint64_t)1 << 40;
	export("gHotSpotVMLongConstants", put(ints, sizeof(ints)));
	export("gHotSpotVMLongConstantEntryArrayStride", 16);
	export("gHotSpotVMLongConstantEntryNameOffset", 0);
	export("gHotSpotVMLongConstantEntryValueOffset", 8);
}

static void teardown(void)
{
	arena_drop(&mem);
}

TestSuite(vmstructs, .init = setup, .fini = teardown);

static struct vmstructs *read_tables(struct fail *why)
{
	struct vmstructs *s = NULL;

	return vmstructs_read(&memory, find, NULL, &mem, &s, why) ? s : NULL;
}

Test(vmstructs, finds_members_statics_types_and_constants_by_name)
{
	struct fail why;
	struct vmstructs *s = read_tables(&why);
	const struct vmstructs_field *f;
	int64_t value;

	cr_assert(s, "%s", why.text);
	cr_assert_eq(vmstructs_count(s), ROWS);
	f = vmstructs_find(s, "Thing", "_field3");
	cr_assert(f && !f->is_static && f->offset == 24);
	cr_assert_str_eq(f->field_type, "int");
	f = vmstructs_find(s, "Thing", "_field9");
	cr_assert(f && f->is_static && f->at == 0x4242);
	cr_assert_null(vmstructs_find(s, "Thing", "_field10"));
	cr_assert_eq(vmstructs_size(s, "Thing"), 80);
	cr_assert(vmstructs_constant(s, "LIMIT", &value) && value == -5);
	cr_assert(vmstructs_constant(s, "WIDE", &value) && value == (int64_t)1 << 40);
	cr_assert_not(vmstructs_has_type(s, "LIMIT"));
}

Test(vmstructs, says_absent_when_the_library_exports_no_tables)
{
	struct fail why;

	symbol_count = 0;
	cr_assert_null(read_tables(&why));
	cr_assert_eq(why.kind, FAIL_ABSENT);
}

Test(vmstructs, refuses_strides_and_offsets_that_no_row_can_have)
{
	static const struct {
		const char *symbol;
		uint64_t value;
	} WILD[] = {
		{ "gHotSpotVMStructEntryArrayStride", 0 },
		{ "gHotSpotVMStructEntryArrayStride", 8 },
		{ "gHotSpotVMStructEntryArrayStride", UINT64_MAX },
		{ "gHotSpotVMStructEntryArrayStride", 49 },
		{ "gHotSpotVMStructEntryOffsetOffset", 4096 },
		{ "gHotSpotVMStructEntryOffsetOffset", UINT64_MAX - 3 },
		{ "gHotSpotVMTypeEntrySizeOffset", 14 },
		{ "gHotSpotVMStructs", 0 },
		{ "gHotSpotVMStructs", 0x10003 },
	};

	for (size_t i = 0; i < sizeof(WILD) / sizeof(WILD[0]); i++) {
		struct fail why;

		setup();
		set(WILD[i].symbol, WILD[i].value);
		cr_assert_null(read_tables(&why), "%s = %lx", WILD[i].symbol, WILD[i].value);
		cr_assert_eq(why.kind, FAIL_CORRUPT);
	}
}

Test(vmstructs, refuses_a_table_whose_first_rows_have_no_names)
{
	struct fail why;

	rows[2].type = 0x99; // nowhere
	cr_assert_null(read_tables(&why));
	cr_assert_eq(why.kind, FAIL_CORRUPT);
}

Test(vmstructs, leaves_a_later_row_without_a_readable_name_out)
{
	struct fail why;
	struct vmstructs *s;

	rows[8].field = BASE + sizeof(bytes) - 2; // a text that runs out of the memory
	memset(bytes + sizeof(bytes) - 2, 'x', 2);
	s = read_tables(&why);
	cr_assert(s, "%s", why.text);
	cr_assert_eq(vmstructs_count(s), ROWS - 1);
	cr_assert_null(vmstructs_find(s, "Thing", "_field8"));
	cr_assert_not_null(vmstructs_find(s, "Thing", "_field7"));
}

Test(vmstructs, leaves_a_name_without_end_out)
{
	struct fail why;
	struct vmstructs *s;

	memset(bytes + 32768, 'x', 30000);
	rows[8].field = BASE + 32768;
	s = read_tables(&why);
	cr_assert(s, "%s", why.text);
	cr_assert_eq(vmstructs_count(s), ROWS - 1);
}

Test(vmstructs, does_not_export_a_member_beyond_its_type)
{
	struct fail why;
	struct vmstructs *s;

	rows[8].offset = 80;
	s = read_tables(&why);
	cr_assert(s, "%s", why.text);
	cr_assert_null(vmstructs_find(s, "Thing", "_field8"));
}

Test(vmstructs, ends_when_a_table_has_no_end)
{
	struct fail why;

	for (size_t i = 0; i + sizeof(struct row) <= sizeof(bytes) - 32768; i += sizeof(struct row))
		memcpy(bytes + 32768 + i, &rows[0], sizeof(struct row));
	set("gHotSpotVMStructs", BASE + 32768);
	cr_assert_null(read_tables(&why));
}

Test(vmstructs, sums_without_a_constant_s_value_are_the_same_whatever_it_is)
{
	enum { INTS = 2 };
	struct vmstructs_sum zero[VMSTRUCTS_TABLES], changed[VMSTRUCTS_TABLES];
	uint64_t at, value, seven = 7;
	struct fail why;

	cr_assert(vmstructs_sum_up(&memory, find, NULL, zero, &why), "%s", why.text);
	at = vmstructs_constant_at(&zero[INTS], INTS, 0);
	cr_assert(at && !vmstructs_constant_at(&zero[INTS], INTS, zero[INTS].rows));
	cr_assert_not(vmstructs_constant_at(&zero[0], 0, 0), "members are no constants");
	memcpy(&value, bytes + (at - BASE), sizeof(value));
	cr_assert(vmstructs_leave_out(&zero[INTS], INTS, at, value));
	memcpy(bytes + (at - BASE), &seven, 4);
	cr_assert(vmstructs_sum_up(&memory, find, NULL, changed, &why), "%s", why.text);
	cr_assert_neq(changed[INTS].all, zero[INTS].all);
	cr_assert(vmstructs_leave_out(&changed[INTS], INTS, at, seven));
	cr_assert_eq(changed[INTS].all, zero[INTS].all);
}
