// SPDX-License-Identifier: Apache-2.0
#include "parse/mangled.h"

#include <string.h>

#include "base/arena.h"

int LLVMFuzzerTestOneInput(const unsigned char *bytes, size_t len);
// Any text: an answer that is no longer than a name may be.
int LLVMFuzzerTestOneInput(const unsigned char *bytes, size_t len)
{
	struct arena mem = { 0 };
	const char *symbol = arena_copy(&mem, (const char *)bytes, len);
	const char *name = mangled_name(symbol, &mem);

	if (!name || (strlen(name) > strlen(symbol) && strlen(name) >= 1024))
		__builtin_trap();
	arena_drop(&mem);
	return 0;
}
