// SPDX-License-Identifier: Apache-2.0
#include "parse/vm_metaspace.h"

#include "base/arena.h"
#include "base/fail.h"

// Any text: no crash; nodes are ranges.
int LLVMFuzzerTestOneInput(const unsigned char *bytes, size_t len)
{
	struct span text = { (const char *)bytes, len };
	struct arena mem = { 0 };
	struct fail why = { 0 };
	struct vm_metaspace got;

	if (vm_metaspace_parse(text, &mem, &got, &why)) {
		for (size_t i = 0; i < got.node_count; i++)
			if (got.nodes[i].start >= got.nodes[i].end ||
			    got.nodes[i].committed > got.nodes[i].end - got.nodes[i].start)
				__builtin_trap();
	} else if (!why.text[0]) {
		__builtin_trap();
	}
	arena_drop(&mem);
	return 0;
}
