// SPDX-License-Identifier: Apache-2.0
// Finds JVMs (by PID, by name, all of them) and opens one as a target.
//
// Opening asks what may be read and whether this is a HotSpot JVM at all; the VM itself is opened
// by the look.  Never attaches, signals or writes.

#ifndef COLLECT_DISCOVER_H
#define COLLECT_DISCOVER_H

#include <stdbool.h>

struct arena;
struct fail;
struct jvm_rows;
struct memory;
struct target;
struct tree;

// The live machine's files (os/live.h); lives in `mem`.  For callers that may not see os/.
const struct tree *discover_live(struct arena *mem);

// The same for who runs for weeks: without the memory made ready that a single look wants.
const struct tree *discover_live_lean(struct arena *mem);

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
// What only a live machine can tell (tier, reasons) goes through tree_made("target/PID"), so that a
// second call with a recorder's tree in front puts it into the capture.  To look through a recorder
// copy the first target and replace its `files` and `memory`: the copy still has the reader
// (`remote`) that the recorder's memory stands on.
bool discover_open(const struct tree *files, int pid, struct arena *mem, struct target *out,
		   struct fail *why);
// The same of any process that has memory: `plain` is set for one that is no HotSpot JVM.
bool discover_open_any(const struct tree *files, int pid, struct arena *mem, struct target *out,
		       struct fail *why);
// The same of a capture: its seams instead of the live ones, tier and reasons as recorded.  Both
// must outlive the target; `live` is false.  ABSENT when the capture lacks what was recorded.
bool discover_open_recorded(const struct tree *files, struct memory *memory, int pid,
			    struct arena *mem, struct target *out, struct fail *why);
// Gives back what discover_open() holds: descriptors and copies of memory.  Not needed at the end
// of the program.
void discover_close(struct target *target);

#endif
