// SPDX-License-Identifier: Apache-2.0
// Parser for "VM.metaspace scale=1 vslist" (JDK 16+): totals in bytes and every node's range.
// Opens nothing.  Format notes: docs/formats/vm_metaspace.md.

#ifndef PARSE_VM_METASPACE_H
#define PARSE_VM_METASPACE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/span.h"

struct arena;
struct fail;

struct vm_metaspace_node {
	uint64_t start, end; // reserved
	uint64_t committed;  // rounded as printed (0.01 KB)
	bool class_space;
};

struct vm_metaspace_part { // bytes
	uint64_t used, committed, reserved;
};

struct vm_metaspace {
	struct vm_metaspace_part nonclass,
		class_space; // committed: of the nodes, free chunks included
	struct vm_metaspace_node *nodes;
	size_t node_count;
};

// FAIL_ABSENT: another JDK's text (without nodes); CORRUPT: the nodes are not what the totals say.
bool vm_metaspace_parse(struct span text, struct arena *mem, struct vm_metaspace *out,
			struct fail *why);

#endif
