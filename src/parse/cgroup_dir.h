// SPDX-License-Identifier: Apache-2.0
// From the texts of /proc/PID/cgroup and a mountinfo to the directory of a process's cgroup.  Pure.
// Format notes: docs/formats/cgroup_dir.md.
//
// Both texts are relative to the reader's cgroup namespace, so a mount of the reader's, of the
// target's or of PID 1 may be the one in which the directory is reachable.  A path that would climb
// out of its mount ("..") is refused.

#ifndef PARSE_CGROUP_DIR_H
#define PARSE_CGROUP_DIR_H

#include <stdbool.h>

#include "parse/cgroup_path.h"
#include "parse/mountinfo.h"

struct cgroup_dir {
	const char *dir;  // directory of the cgroup, below `top`
	const char *top;  // mount point, the highest that can be read
	const char *path; // as /proc/PID/cgroup names it
	bool v2;
};

// The directory that holds `controller`'s files: in the v1 hierarchy that has it, else in the
// unified one.  `prefix` ("", "/proc/4711/root") is put in front of mount points.  False: no such
// mount, or the cgroup lies outside what it shows.
bool cgroup_dir_find(const struct cgroup_paths *paths, const struct mountinfo *mounts,
		     const char *prefix, const char *controller, struct arena *mem,
		     struct cgroup_dir *out);
// The directory above, or NULL at `top`.
const char *cgroup_dir_parent(const struct cgroup_dir *d, const char *dir, struct arena *mem);

#endif
