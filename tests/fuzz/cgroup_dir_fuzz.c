// SPDX-License-Identifier: Apache-2.0
#include "parse/cgroup_dir.h"

#include <string.h>

#include "base/arena.h"

// Any two texts: no crash; the directory lies below its mount.
int LLVMFuzzerTestOneInput(const unsigned char *bytes, size_t len)
{
	struct span text = { (const char *)bytes, len };
	struct arena mem = { 0 };
	struct span cgroup = text, mounts = SPAN("");
	struct cgroup_paths paths;
	struct mountinfo info;
	struct cgroup_dir dir;
	size_t split;

	// The seeds hold both files, parted by a line "\\0".
	for (split = 0; split + 1 < len && bytes[split]; split++)
		;
	cgroup.len = split < len ? split : len;
	if (split + 2 < len)
		mounts = (struct span){ text.at + split + 2, len - split - 2 };
	if (cgroup_path_parse(cgroup, &mem, &paths, NULL) &&
	    mountinfo_parse(mounts, "cgroup", &mem, &info, NULL) &&
	    cgroup_dir_find(&paths, &info, "", "memory", &mem, &dir)) {
		const char *at = dir.dir;

		if (strncmp(dir.dir, dir.top, strlen(dir.top)) != 0)
			__builtin_trap();
		while (at)
			at = cgroup_dir_parent(&dir, at, &mem);
	}
	arena_drop(&mem);
	return 0;
}
