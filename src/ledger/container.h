// SPDX-License-Identifier: Apache-2.0
// The container's ledger: its usage, cut as the kernel cuts it.
//
// Anonymous memory and files are split between this JVM, the other processes and what is left; the
// parts of each sum to what the cgroup counts.  A part that is not known is UNKNOWN_BYTES, and so
// is every part that would need it.

#ifndef LEDGER_CONTAINER_H
#define LEDGER_CONTAINER_H

#include <stdbool.h>
#include <stdint.h>

struct snapshot;

struct container_ledger {
	bool known;
	uint64_t limit, usage, working_set, swap, shmem;
	// Pages that the JVM maps may be charged to another cgroup (a library first read there), so
	// the JVM's part is at most what this cgroup counts.
	uint64_t anon_jvm, anon_others, anon_rest;
	uint64_t file_jvm, file_others; // mapped by them
	uint64_t file_unmapped_active, file_unmapped_inactive;
	// `kernel` is all of it, the others parts of it (v1 counts sockets beside it).
	uint64_t kernel, slab, page_tables, kernel_stacks, sockets, percpu;
};

// From the snapshot's container and the process's own Rss; `known` is false without a container.
void container_build(const struct snapshot *s, struct container_ledger *out);

#endif
