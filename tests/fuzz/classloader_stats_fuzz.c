// SPDX-License-Identifier: Apache-2.0
#include "parse/classloader_stats.h"

#include "base/arena.h"
#include "base/fail.h"

// Any text: no crash; a table that parses sums up.
int LLVMFuzzerTestOneInput(const unsigned char *bytes, size_t len)
{
	struct span text = { (const char *)bytes, len };
	struct arena mem = { 0 };
	struct fail why = { 0 };
	struct classloader_stats got;

	if (classloader_stats_parse(text, &mem, &got, &why)) {
		uint64_t classes = 0;

		for (size_t i = 0; i < got.count; i++)
			classes += got.at[i].classes;
		if (classes != got.classes)
			__builtin_trap();
	} else if (!why.text[0]) {
		__builtin_trap();
	}
	arena_drop(&mem);
	return 0;
}
