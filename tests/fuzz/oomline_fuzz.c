// SPDX-License-Identifier: Apache-2.0
#include "parse/oomline.h"

// Any text: no crash; what is accepted names a process.
int LLVMFuzzerTestOneInput(const unsigned char *bytes, size_t len)
{
	struct oomline got;

	if (oomline_parse((struct span){ (const char *)bytes, len }, &got) && got.pid <= 0)
		__builtin_trap();
	return 0;
}
