// SPDX-License-Identifier: Apache-2.0
// Finds JVMs: by PID, by name, all of them; and opens one as a target.

#ifndef COLLECT_DISCOVER_H
#define COLLECT_DISCOVER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "facts/snapshot.h"

struct arena;
struct fail;
struct target;
struct tree;

struct jvm_row {
	int pid, ns_pid;
	const char *main; // main class or jar; NULL when the command line is not readable
	const char *jdk;  // version, NULL unknown
	uint64_t rss;
	uint64_t limit; // of the container, UNKNOWN_BYTES none
	uint64_t heap_used, heap_committed, heap_max; // UNKNOWN_BYTES unknown
	const char *container; // id, NULL none
	enum tier tier;
	const char *state; // one word: "ok", "stopped", "exiting", "denied", "near-limit"
};

struct jvm_rows {
	struct jvm_row *at; // sorted by pid
	size_t count;
};

// Every JVM that this machine's /proc shows: processes that map libjvm.so, and those of others
// (tier D) whose command is java.
bool discover_all(const struct tree *files, struct arena *mem, struct jvm_rows *out,
		  struct fail *why);
// `text` is a PID, a substring of a main class or jar, or a container id prefix.  ABSENT: none
// (the text lists what runs); CORRUPT: ambiguous (the text lists the candidates).
bool discover_find(const struct tree *files, const char *text, struct arena *mem, int *pid,
		   struct fail *why);
// Opens a live process: tier, memory segments, namespaces.  `files` must outlive the target.
// GONE; DENIED in tier D, with what would help; ABSENT when it is not a HotSpot JVM.
bool discover_open(const struct tree *files, int pid, struct arena *mem, struct target *out,
		   struct fail *why);

#endif
