// SPDX-License-Identifier: Apache-2.0
#include "record/ring.h"

#include "base/arena.h"
#include "base/fail.h"

// Any bytes: no crash, and no more rows than slots are there.
int LLVMFuzzerTestOneInput(const unsigned char *bytes, size_t len)
{
	struct arena mem = { 0 };
	struct fail why = { 0 };
	ring_rows rows;

	if (ring_parse((struct span){ (const char *)bytes, len }, "b1", &mem, &rows, &why)) {
		if (rows.count > len / 600)
			__builtin_trap();
	} else if (!why.text[0]) {
		__builtin_trap();
	}
	arena_drop(&mem);
	return 0;
}
