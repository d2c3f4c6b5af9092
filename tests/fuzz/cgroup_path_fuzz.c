// SPDX-License-Identifier: Apache-2.0
#include "parse/cgroup_path.h"

#include "base/arena.h"
#include "base/fail.h"

// Any text: no crash; every path is absolute.
int LLVMFuzzerTestOneInput(const unsigned char *bytes, size_t len)
{
	struct span text = { (const char *)bytes, len };
	struct arena mem = { 0 };
	struct fail why = { 0 };
	struct cgroup_paths got;

	if (cgroup_path_parse(text, &mem, &got, &why)) {
		for (size_t i = 0; i < got.count; i++) {
			if (got.at[i].path[0] != '/')
				__builtin_trap();
			cgroup_path_container(got.at[i].path, &mem);
		}
		cgroup_path_find(&got, "memory");
		cgroup_path_unified(&got);
	} else if (!why.text[0]) {
		__builtin_trap();
	}
	arena_drop(&mem);
	return 0;
}
