// SPDX-License-Identifier: Apache-2.0
#include "parse/codecache.h"

#include "base/arena.h"
#include "base/fail.h"

// Any text: no crash; heaps are ranges.
int LLVMFuzzerTestOneInput(const unsigned char *bytes, size_t len)
{
	struct span text = { (const char *)bytes, len };
	struct arena mem = { 0 };
	struct fail why = { 0 };
	struct codecache got;

	if (codecache_parse(text, &mem, &got, &why)) {
		for (size_t i = 0; i < got.count; i++)
			if (got.at[i].start >= got.at[i].end || got.at[i].high > got.at[i].end)
				__builtin_trap();
	} else if (!why.text[0]) {
		__builtin_trap();
	}
	arena_drop(&mem);
	return 0;
}
