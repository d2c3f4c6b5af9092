// SPDX-License-Identifier: Apache-2.0
// The memory limit that counts for a process: of its cgroup and those above it, the smallest.
//
// One small file a level; what can't be read has no limit.

#ifndef COLLECT_CGROUP_LIMIT_H
#define COLLECT_CGROUP_LIMIT_H

#include <stdbool.h>
#include <stdint.h>

struct arena;
struct cgroup_dir;
struct tree;

enum { CGROUP_ANCESTORS = 32 }; // levels that are climbed

// The one number of a file in a cgroup's directory; UINT64_MAX: no limit.  False when it can't be
// read.  `mem` is scratch.
bool cgroup_limit_read(const struct tree *files, const char *dir, const char *name,
		       struct arena *mem, uint64_t *out);
// The directory whose limit is the smallest, the nearest of equal ones; `d`'s own where there is no
// limit, which is UINT64_MAX in `limit`.  Lives in `mem` or in `d`.
const char *cgroup_limit_find(const struct tree *files, const struct cgroup_dir *d,
			      struct arena *mem, uint64_t *limit);

#endif
