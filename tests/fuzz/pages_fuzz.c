// SPDX-License-Identifier: Apache-2.0
#include "os/pages.h"

#include <string.h>

#include "base/arena.h"
#include "base/fail.h"

// Any bytes: no crash; what parses prints as a text that parses and prints alike.
int LLVMFuzzerTestOneInput(const unsigned char *bytes, size_t len)
{
	struct arena mem = { 0 };
	struct fail why = { 0 };
	struct pages got, again;

	if (pages_parse((struct span){ (const char *)bytes, len }, &mem, &got, &why)) {
		struct span text = pages_print(&got, &mem), second;

		if (!pages_parse(text, &mem, &again, &why))
			__builtin_trap();
		second = pages_print(&again, &mem);
		if (second.len != text.len || memcmp(second.at, text.at, text.len) != 0)
			__builtin_trap();
	} else if (!why.text[0]) {
		__builtin_trap();
	}
	arena_drop(&mem);
	return 0;
}
