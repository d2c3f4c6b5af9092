// SPDX-License-Identifier: Apache-2.0
#include "os/rights.h"

#include <string.h>

#include "base/arena.h"
#include "base/fail.h"

// Any bytes: no crash; what parses prints as a text that parses and prints alike.
int LLVMFuzzerTestOneInput(const unsigned char *bytes, size_t len)
{
	struct arena mem = { 0 };
	struct fail why = { 0 };
	struct rights got, again;

	if (rights_parse((struct span){ (const char *)bytes, len }, &mem, &got, &why)) {
		struct span text = rights_print(&got, &mem), second;

		if (!rights_parse(text, &mem, &again, &why))
			__builtin_trap();
		second = rights_print(&again, &mem);
		if (second.len != text.len || memcmp(second.at, text.at, text.len) != 0)
			__builtin_trap();
	} else if (!why.text[0]) {
		__builtin_trap();
	}
	arena_drop(&mem);
	return 0;
}
