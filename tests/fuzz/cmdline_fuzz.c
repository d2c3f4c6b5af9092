// SPDX-License-Identifier: Apache-2.0
#include "parse/cmdline.h"

#include <string.h>

#include "base/arena.h"

// Any bytes: no crash, and texts without control characters that are no longer than what came in.
int LLVMFuzzerTestOneInput(const unsigned char *bytes, size_t len)
{
	struct span input = { (const char *)bytes, len };
	struct arena mem = { 0 };
	const char *text = cmdline_text(input, &mem);

	if (strlen(cmdline_main(input, &mem)) > len || strlen(text) > len)
		__builtin_trap();
	for (; *text; text++)
		if ((unsigned char)*text < ' ')
			__builtin_trap();
	arena_drop(&mem);
	return 0;
}
