// SPDX-License-Identifier: Apache-2.0
#include "parse/optiontext.h"

#include <string.h>

#include "base/arena.h"

// Any bytes: no crash; the words together are no longer than what came in, and each is a text.
int LLVMFuzzerTestOneInput(const unsigned char *bytes, size_t len)
{
	for (int kind = OPTIONTEXT_VM; kind <= OPTIONTEXT_FLAGS; kind++) {
		struct span rest = { (const char *)bytes, len };
		struct arena mem = { 0 };
		const char *word;
		size_t sum = 0;

		while (optiontext_take(&rest, (enum optiontext_kind)kind, &mem, &word))
			sum += strlen(word);
		if (sum > len || rest.len)
			__builtin_trap();
		arena_drop(&mem);
	}
	return 0;
}
