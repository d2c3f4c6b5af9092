// SPDX-License-Identifier: Apache-2.0
#include "parse/vm_flags.h"

#include "base/arena.h"
#include "base/fail.h"

// Any text: no crash; no row has a gap.
int LLVMFuzzerTestOneInput(const unsigned char *bytes, size_t len)
{
	struct span text = { (const char *)bytes, len };
	struct arena mem = { 0 };
	struct fail why = { 0 };
	struct vm_flags got;

	if (vm_flags_parse(text, &mem, &got, &why)) {
		for (size_t i = 0; i < got.count; i++)
			if (!got.at[i].name || !got.at[i].type || !got.at[i].value ||
			    !got.at[i].origin)
				__builtin_trap();
	} else if (!why.text[0]) {
		__builtin_trap();
	}
	arena_drop(&mem);
	return 0;
}
