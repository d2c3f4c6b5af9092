// SPDX-License-Identifier: Apache-2.0
#include "jvm/arguments.h"

#include <inttypes.h>

#include "base/arena.h"
#include "base/fail.h"
#include "base/memory.h"
#include "jvm/hotspot.h"

enum { COUNT_LIMIT = 8192 }; // no command line that people or scripts write has as many

// A text that is longer than a reader takes is of no flag: an empty one stands for it.
static bool read_text(const struct hotspot *vm, uint64_t at, struct arena *mem, const char **out,
		      struct fail *why)
{
	char text[MEMORY_TEXT_LIMIT];
	struct fail here;

	if (memory_read_text(vm->memory, at, text, sizeof(text), &here)) {
		*out = arena_text(mem, text);
		return true;
	}
	if (here.kind != FAIL_CORRUPT)
		return fail(why, here.kind, "%s", here.text);
	*out = "";
	return true;
}

static bool read_list(const struct hotspot *vm, enum field_id array, enum field_id count,
		      struct arena *mem, struct arguments_list *out, struct fail *why)
{
	struct arguments_list list = { 0 };
	uint64_t at, n = 0;

	if (!hotspot_read_u64(vm, count, 0, &n, why))
		return false;
	n &= UINT32_MAX; // an int
	if (n > COUNT_LIMIT)
		return fail(why, FAIL_CORRUPT, "layout unknown: the VM has %" PRIu64 " options", n);
	if (n && !hotspot_read_pointer(vm, array, 0, &at, why))
		return false;
	list.at = arena_array(mem, const char *, n ? n : 1);
	for (; list.count < n; list.count++) {
		uint64_t text_at;

		if (!memory_read_u64(vm->memory, at + list.count * 8, &text_at, why) ||
		    !read_text(vm, text_at, mem, &list.at[list.count], why))
			return false;
	}
	*out = list;
	return true;
}

bool arguments_read(const struct hotspot *vm, struct arena *mem, struct arguments *out,
		    struct fail *why)
{
	struct arguments a = { 0 };

	if (!read_list(vm, FIELD_ARGUMENTS_FLAGS, FIELD_ARGUMENTS_FLAG_COUNT, mem, &a.flags, why) ||
	    !read_list(vm, FIELD_ARGUMENTS, FIELD_ARGUMENTS_COUNT, mem, &a.options, why))
		return fail_while(why, "reading the VM's list of its options");
	*out = a;
	return true;
}
