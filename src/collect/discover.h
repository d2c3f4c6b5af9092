// SPDX-License-Identifier: Apache-2.0
// Finds JVMs: by PID, by name, all of them; and opens one as a target.

#ifndef COLLECT_DISCOVER_H
#define COLLECT_DISCOVER_H

#include <stdbool.h>

struct arena;
struct fail;
struct jvm_rows;
struct target;
struct tree;

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
