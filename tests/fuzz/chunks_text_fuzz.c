// SPDX-License-Identifier: Apache-2.0
// What is parsed and printed is parsed again, to the same text.
#include "collect/chunks_text.h"

#include <string.h>

#include "base/arena.h"
#include "base/fail.h"
#include "facts/malloc.h"

int LLVMFuzzerTestOneInput(const unsigned char *bytes, size_t len)
{
	struct malloc_facts m, again;
	struct arena mem = { 0 };
	struct fail why = { 0 };
	struct span text = { (const char *)bytes, len };

	if (chunks_text_parse(text, &mem, &m, &why)) {
		struct span one = chunks_text_print(&m, &mem), two;

		if (!m.known || m.certainty > MALLOC_UNSURE)
			__builtin_trap();
		if (!memchr(bytes, 0, len)) { // a NUL ends the reason
			if (!chunks_text_parse(one, &mem, &again, &why))
				__builtin_trap();
			two = chunks_text_print(&again, &mem);
			if (one.len != two.len || memcmp(one.at, two.at, one.len) != 0)
				__builtin_trap();
		}
	} else if (!why.text[0]) {
		__builtin_trap();
	}
	arena_drop(&mem);
	return 0;
}
