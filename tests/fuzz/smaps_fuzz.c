// SPDX-License-Identifier: Apache-2.0
#include "parse/smaps.h"

#include "base/arena.h"
#include "base/fail.h"

// Any bytes: no crash, no endless loop, rising addresses, and every failure has a text.
int LLVMFuzzerTestOneInput(const unsigned char *bytes, size_t len)
{
	struct arena mem = { 0 };
	struct fail why = { 0 };
	struct smaps got;

	if (smaps_parse((struct span){ (const char *)bytes, len }, &mem, &got, &why)) {
		for (size_t i = 1; i < got.count; i++)
			if (got.at[i].start < got.at[i - 1].end)
				__builtin_trap();
	} else if (!why.text[0]) {
		__builtin_trap();
	}
	arena_drop(&mem);
	return 0;
}
