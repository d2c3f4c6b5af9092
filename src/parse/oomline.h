// SPDX-License-Identifier: Apache-2.0
// The kernel's line about a process that it killed for memory: docs/formats/oomline.md.

#ifndef PARSE_OOMLINE_H
#define PARSE_OOMLINE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/span.h"

struct oomline {
	bool cgroup;                            // a cgroup's limit; else the machine's memory
	int pid;                                // the host's
	uint64_t anon_rss, file_rss, shmem_rss; // bytes; UINT64_MAX: not said
};

// False when the line is another.
bool oomline_parse(struct span line, struct oomline *out);

#endif
