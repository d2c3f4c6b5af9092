// SPDX-License-Identifier: Apache-2.0
#include "collect/cgroup_limit.h"

#include "base/arena.h"
#include "base/tree.h"
#include "parse/cgroup_dir.h"
#include "parse/keyvalue.h"

bool cgroup_limit_read(const struct tree *files, const char *dir, const char *name,
		       struct arena *mem, uint64_t *out)
{
	struct span text;

	return tree_read(files, arena_format(mem, "%s/%s", dir, name), mem, &text, NULL) &&
	       keyvalue_parse_limit(text, out);
}

const char *cgroup_limit_find(const struct tree *files, const struct cgroup_dir *d,
			      struct arena *mem, uint64_t *limit)
{
	const char *name = d->v2 ? "memory.max" : "memory.limit_in_bytes";
	const char *found = d->dir, *dir = d->dir;
	uint64_t here;

	*limit = UINT64_MAX;
	for (int i = 0; dir && i < CGROUP_ANCESTORS; i++) {
		if (cgroup_limit_read(files, dir, name, mem, &here) && here < *limit) {
			*limit = here;
			found = dir;
		}
		dir = cgroup_dir_parent(d, dir, mem);
	}
	return found;
}
