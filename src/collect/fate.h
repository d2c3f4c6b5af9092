// SPDX-License-Identifier: Apache-2.0
// How processes end: held by a pidfd while they run, and asked about afterwards.
//
// Sources: the kernel's exit status, the container's count of OOM kills, the kernel's log, and the files
// that a JVM writes when it dies (hs_err_pidN.log, java_pidN.hprof).  Nothing of a process is touched.

#ifndef COLLECT_FATE_H
#define COLLECT_FATE_H

#include <stdbool.h>
#include <stdint.h>

#include "facts/past.h"

struct arena;
struct fail;
struct fate;
struct fates;
struct tree;

// Of all that are watched: the kernel's log.  Lives in `mem`; `files` must outlive it.
struct fates *fates_open(const struct tree *files, struct arena *mem);
// Why the kernel's log can't be read; NULL: it can.
const char *fates_log_denied(const struct fates *all);
void fates_close(struct fates *all);

// Begins to watch one; lives in `mem`.  GONE.
bool fate_begin(struct fates *all, int pid, int ns_pid, struct arena *mem, struct fate **out,
		struct fail *why);
int fate_fd(const struct fate *f); // readable when it has ended; -1: this kernel has none
bool fate_is_over(const struct fate *f);
// Since boot, by /proc/PID/stat: what tells it from another of its number.
uint64_t fate_started_ns(const struct fate *f);
// Whether its parent has reaped it, so that there is no more to wait for.
bool fate_is_settled(const struct fate *f);
// Fills what can be learned; sizes and counters of the latest tick are the caller's.  `dir` and `v2`:
// its container, as in struct container_facts.
void fate_learn(struct fates *all, const struct fate *f, const char *dir, bool v2,
		struct arena *mem, struct end_evidence *out);
void fate_end(struct fate *f);

#endif
