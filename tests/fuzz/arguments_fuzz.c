// SPDX-License-Identifier: Apache-2.0
// The VM's lists of options in memory that is the input: two counts (u32) and two addresses (u64), then what
// they lead to.
#include "jvm/arguments.h"

#include <string.h>

#include "base/arena.h"
#include "base/fail.h"
#include "base/memory.h"
#include "jvm/hotspot.h"
#include "jvm/vmstructs.h"

#define START UINT64_C(0x10000)

struct bytes {
	const unsigned char *at;
	size_t len;
};

static bool read_bytes(void *self, uint64_t at, void *to, size_t len, struct fail *why)
{
	const struct bytes *b = self;

	if (at - START > b->len || len > b->len - (at - START))
		return fail(why, FAIL_ABSENT, "beyond the input");
	memcpy(to, b->at + (at - START), len);
	return true;
}

static struct vmstructs_field field_at(uint64_t at, const char *type)
{
	return (struct vmstructs_field){ .field_type = type, .is_static = true, .at = at };
}

int LLVMFuzzerTestOneInput(const unsigned char *bytes, size_t len)
{
	static const struct memory_source SOURCE = { .read = read_bytes };
	struct vmstructs_field fields[] = { field_at(START, ""), field_at(START + 4, ""),
					    field_at(START + 8, "char**"),
					    field_at(START + 16, "char**") };
	struct bytes input = { bytes, len };
	struct arena mem = { 0 };
	struct memory memory;
	struct hotspot vm = { .memory = &memory, .mem = &mem };
	struct arguments list;

	memory_init(&memory, &mem);
	memory_add_segment(&memory, START, START + len + 1, &SOURCE, &input);
	vm.field[FIELD_ARGUMENTS_FLAG_COUNT] = &fields[0];
	vm.field[FIELD_ARGUMENTS_COUNT] = &fields[1];
	vm.field[FIELD_ARGUMENTS_FLAGS] = &fields[2];
	vm.field[FIELD_ARGUMENTS] = &fields[3];
	if (arguments_read(&vm, &mem, &list, NULL)) {
		for (size_t i = 0; i < list.flags.count; i++)
			if (strlen(list.flags.at[i]) >= MEMORY_TEXT_LIMIT)
				__builtin_trap();
		for (size_t i = 0; i < list.options.count; i++)
			if (strlen(list.options.at[i]) >= MEMORY_TEXT_LIMIT)
				__builtin_trap();
	}
	arena_drop(&mem);
	return 0;
}
