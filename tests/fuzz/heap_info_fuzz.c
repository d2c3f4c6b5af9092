// SPDX-License-Identifier: Apache-2.0
#include "parse/heap_info.h"

#include "base/arena.h"
#include "base/fail.h"

// Any text: no crash; a heap that parses is a range that holds its spaces.
int LLVMFuzzerTestOneInput(const unsigned char *bytes, size_t len)
{
	struct span text = { (const char *)bytes, len };
	struct arena mem = { 0 };
	struct fail why = { 0 };
	struct heap_info got;

	if (heap_info_parse(text, &mem, &got, &why)) {
		if (got.start >= got.end || got.used > got.committed ||
		    got.committed > got.end - got.start)
			__builtin_trap();
		for (size_t i = 0; i < got.space_count; i++)
			if (got.spaces[i].start < got.start || got.spaces[i].end > got.end ||
			    got.spaces[i].used > got.spaces[i].end - got.spaces[i].start)
				__builtin_trap();
	} else if (!why.text[0]) {
		__builtin_trap();
	}
	arena_drop(&mem);
	return 0;
}
