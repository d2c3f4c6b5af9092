// SPDX-License-Identifier: Apache-2.0
// Parser for /proc/PID/mountinfo.  Opens nothing.  Octal escapes (\040) are undone.
// Format notes: docs/formats/mountinfo.md (proc_pid_mountinfo(5)).

#ifndef PARSE_MOUNTINFO_H
#define PARSE_MOUNTINFO_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/span.h"

struct arena;
struct fail;

struct mount {
	uint64_t id, parent;
	uint32_t dev_major, dev_minor;
	const char *root;          // of the mount within its filesystem: "/", "/docker/4f.."
	const char *point;         // where it is mounted, relative to the process's root
	const char *type;          // "cgroup", "cgroup2", "ext4"
	const char *super_options; // "rw,memory"
};

struct mountinfo {
	struct mount *at; // in file order: a later mount covers an earlier one at the same point
	size_t count;
};

// Only mounts whose type starts with `type` ("" for all).  FAIL_CORRUPT names the line.
bool mountinfo_parse(struct span text, const char *type, struct arena *mem, struct mountinfo *out,
		     struct fail *why);
// Whether `option` is one of the comma-separated super options.
bool mountinfo_has_option(const struct mount *m, const char *option);

#endif
