// SPDX-License-Identifier: Apache-2.0
#include "parse/jcmd.h"

// Any text: no crash and no read behind its end.
int LLVMFuzzerTestOneInput(const unsigned char *bytes, size_t len)
{
	struct span text = { (const char *)bytes, len };
	uint64_t at[4], n;
	size_t offset;
	struct span rest = text;

	if (jcmd_take_addresses(&rest, at, 4) > 4)
		__builtin_trap();
	rest = text;
	while (rest.len) {
		if (!jcmd_take_size(&rest, &n))
			rest = (struct span){ rest.at + 1, rest.len - 1 };
	}
	jcmd_find_size(text, "used ", &n);
	if (jcmd_find_last(text, ",", &offset) && text.at[offset] != ',')
		__builtin_trap();
	if (jcmd_trim(text).len > len)
		__builtin_trap();
	return 0;
}
