// SPDX-License-Identifier: Apache-2.0
// The bytes are the target's memory from BASE on; the exported symbols are its first words.
#include "jvm/vmstructs.h"

#include <string.h>

#include "base/arena.h"
#include "base/fail.h"
#include "base/memory.h"

#define BASE 0x10000u

struct bytes {
	const unsigned char *at;
	size_t len;
};

static bool read_bytes(void *self, uint64_t at, void *to, size_t len, struct fail *why)
{
	const struct bytes *b = self;

	memcpy(to, b->at + (at - BASE), len);
	return true;
}
static const struct memory_source SOURCE = { .read = read_bytes };

static uint64_t find(void *arg, const char *name)
{
	static const char *const NAMES[] = {
		"gHotSpotVMStructs",
		"gHotSpotVMStructEntryArrayStride",
		"gHotSpotVMStructEntryTypeNameOffset",
		"gHotSpotVMStructEntryFieldNameOffset",
		"gHotSpotVMStructEntryTypeStringOffset",
		"gHotSpotVMStructEntryIsStaticOffset",
		"gHotSpotVMStructEntryOffsetOffset",
		"gHotSpotVMStructEntryAddressOffset",
		"gHotSpotVMTypes",
		"gHotSpotVMTypeEntryArrayStride",
		"gHotSpotVMTypeEntryTypeNameOffset",
		"gHotSpotVMTypeEntrySizeOffset",
		"gHotSpotVMIntConstants",
		"gHotSpotVMIntConstantEntryArrayStride",
		"gHotSpotVMIntConstantEntryNameOffset",
		"gHotSpotVMIntConstantEntryValueOffset",
		"gHotSpotVMLongConstants",
		"gHotSpotVMLongConstantEntryArrayStride",
		"gHotSpotVMLongConstantEntryNameOffset",
		"gHotSpotVMLongConstantEntryValueOffset",
	};

	for (size_t i = 0; i < sizeof(NAMES) / sizeof(NAMES[0]); i++)
		if (!strcmp(NAMES[i], name))
			return BASE + i * 8;
	return 0;
}

int LLVMFuzzerTestOneInput(const unsigned char *bytes, size_t len);
int LLVMFuzzerTestOneInput(const unsigned char *bytes, size_t len)
{
	struct bytes b = { bytes, len };
	struct arena mem = { 0 };
	struct vmstructs *s;
	struct memory memory;
	struct fail why;
	int64_t value;

	memory_init(&memory, &mem);
	memory_add_segment(&memory, BASE, BASE + len, &SOURCE, &b);
	if (vmstructs_read(&memory, find, NULL, &mem, &s, &why)) {
		vmstructs_find(s, "Thing", "_field3");
		vmstructs_size(s, "Thing");
		vmstructs_constant(s, "LIMIT", &value);
	}
	arena_drop(&mem);
	return 0;
}
