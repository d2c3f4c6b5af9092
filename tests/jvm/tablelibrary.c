// SPDX-License-Identifier: Apache-2.0
// A library with the tables of a VM, for tests that load one and compare it with its file.
#include <stddef.h>
#include <stdint.h>

struct field {
	const char *type, *name, *field_type;
	int32_t is_static;
	uint64_t offset;
	void *at;
};
struct type {
	const char *name, *super;
	int32_t flags[3];
	uint64_t size;
};
struct int_constant {
	const char *name;
	int32_t value;
};
struct long_constant {
	const char *name;
	uint64_t value;
};

static uint64_t heap[1024]; // behind the tables, as much lies in a VM

static struct field fields[] = {
	{ "Klass", "_name", "Symbol*", 0, 24, NULL },
	{ "Klass", "_next_link", "Klass*", 0, 120, NULL },
	{ "Universe", "_collectedHeap", "CollectedHeap*", 1, 0, heap },
	{ NULL, NULL, NULL, 0, 0, NULL },
};
static struct type types[] = { { "Klass", "Metadata", { 0, 0, 0 }, 208 },
			       { "Universe", NULL, { 0, 0, 0 }, 1 },
			       { NULL, NULL, { 0, 0, 0 }, 0 } };
static struct int_constant ints[] = { { "oopSize", 8 }, { NULL, 0 } };
static struct long_constant longs[] = { { "markWord::lock_mask", 3 }, { NULL, 0 } };

extern struct field *gHotSpotVMStructs;
extern struct type *gHotSpotVMTypes;
extern struct int_constant *gHotSpotVMIntConstants;
extern struct long_constant *gHotSpotVMLongConstants;
struct field *gHotSpotVMStructs = fields;
struct type *gHotSpotVMTypes = types;
struct int_constant *gHotSpotVMIntConstants = ints;
struct long_constant *gHotSpotVMLongConstants = longs;

#define NUMBER(name, value)                                                                        \
	extern uint64_t name;                                                                      \
	uint64_t name = value
NUMBER(gHotSpotVMStructEntryTypeNameOffset, offsetof(struct field, type));
NUMBER(gHotSpotVMStructEntryFieldNameOffset, offsetof(struct field, name));
NUMBER(gHotSpotVMStructEntryTypeStringOffset, offsetof(struct field, field_type));
NUMBER(gHotSpotVMStructEntryIsStaticOffset, offsetof(struct field, is_static));
NUMBER(gHotSpotVMStructEntryOffsetOffset, offsetof(struct field, offset));
NUMBER(gHotSpotVMStructEntryAddressOffset, offsetof(struct field, at));
NUMBER(gHotSpotVMStructEntryArrayStride, sizeof(struct field));
NUMBER(gHotSpotVMTypeEntryTypeNameOffset, offsetof(struct type, name));
NUMBER(gHotSpotVMTypeEntrySizeOffset, offsetof(struct type, size));
NUMBER(gHotSpotVMTypeEntryArrayStride, sizeof(struct type));
NUMBER(gHotSpotVMIntConstantEntryNameOffset, offsetof(struct int_constant, name));
NUMBER(gHotSpotVMIntConstantEntryValueOffset, offsetof(struct int_constant, value));
NUMBER(gHotSpotVMIntConstantEntryArrayStride, sizeof(struct int_constant));
NUMBER(gHotSpotVMLongConstantEntryNameOffset, offsetof(struct long_constant, name));
NUMBER(gHotSpotVMLongConstantEntryValueOffset, offsetof(struct long_constant, value));
NUMBER(gHotSpotVMLongConstantEntryArrayStride, sizeof(struct long_constant));
