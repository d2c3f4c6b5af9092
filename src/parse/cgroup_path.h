// SPDX-License-Identifier: Apache-2.0
// Parser for /proc/PID/cgroup: in which cgroup of each hierarchy a process is.  Opens nothing.
// Paths are as the reader's cgroup namespace sees them, so they may start with "/..".
// Format notes: docs/formats/cgroup_path.md.

#ifndef PARSE_CGROUP_PATH_H
#define PARSE_CGROUP_PATH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/span.h"

struct arena;
struct fail;

struct cgroup_path {
	uint64_t hierarchy;      // 0: the unified one (v2)
	const char *controllers; // "cpu,cpuacct", "name=systemd"; "" for v2
	const char *path;        // "/docker/4f..."; the kernel's " (deleted)" is cut off
	bool deleted;
};

struct cgroup_paths {
	struct cgroup_path *at;
	size_t count;
};

// FAIL_CORRUPT, naming the line, when a line is not "N:CONTROLLERS:/PATH".
bool cgroup_path_parse(struct span text, struct arena *mem, struct cgroup_paths *out,
		       struct fail *why);
// The entry of a v1 controller by name ("memory"), NULL when no v1 hierarchy has it.
const struct cgroup_path *cgroup_path_find(const struct cgroup_paths *paths,
					   const char *controller);
const struct cgroup_path *cgroup_path_unified(const struct cgroup_paths *paths); // v2, or NULL
// The container's id in a cgroup path: the last run of 64 hex digits (docker, containerd, CRI-O,
// podman), else NULL.
const char *cgroup_path_container(const char *path, struct arena *mem);
// That of the first path that names one, else NULL.
const char *cgroup_path_find_container(const struct cgroup_paths *paths, struct arena *mem);

#endif
