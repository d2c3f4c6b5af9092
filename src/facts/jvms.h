// SPDX-License-Identifier: Apache-2.0
// What `jledger ps` shows of each JVM: one row a process, without a look inside.
//
// Plain data, filled by collect/jvms.c.

#ifndef FACTS_JVMS_H
#define FACTS_JVMS_H

#include <stddef.h>
#include <stdint.h>

#include "facts/snapshot.h"

// What runs in the process.  Of HotSpot alone there is a ledger.
enum jvm_kind { JVM_UNKNOWN, JVM_HOTSPOT, JVM_OPENJ9, JVM_NATIVE_IMAGE };

struct jvm_row {
	int pid, ns_pid;
	enum jvm_kind kind; // JVM_UNKNOWN where its mappings may not be read
	const char *main;   // main class or jar; NULL when the command line is not readable
	const char *jdk;    // version, NULL unknown
	uint64_t rss;
	uint64_t limit;                               // of the container, UNKNOWN_BYTES none
	uint64_t heap_used, heap_committed, heap_max; // UNKNOWN_BYTES unknown
	const char *container;                        // id, NULL none
	enum tier tier;
	// One word: "ok", "stopped", "exiting", "denied", "near-limit", "unsupported".
	const char *state;
};

struct jvm_rows {
	struct jvm_row *at; // sorted by pid
	size_t count;
};

#endif
