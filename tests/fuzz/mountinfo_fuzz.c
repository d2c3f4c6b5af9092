// SPDX-License-Identifier: Apache-2.0
#include "parse/mountinfo.h"

#include "base/arena.h"
#include "base/fail.h"

// Any text: no crash, and every failure has a text.
int LLVMFuzzerTestOneInput(const unsigned char *bytes, size_t len)
{
	struct span text = { (const char *)bytes, len };
	struct arena mem = { 0 };
	struct fail why = { 0 };
	struct mountinfo got;

	if (mountinfo_parse(text, "", &mem, &got, &why)) {
		for (size_t i = 0; i < got.count; i++)
			mountinfo_has_option(&got.at[i], "memory");
	} else if (!why.text[0]) {
		__builtin_trap();
	}
	arena_drop(&mem);
	return 0;
}
