// SPDX-License-Identifier: Apache-2.0
// The jvmstat buffer of a target: where it lies, and what it says for `ps`.
//
// The file is /tmp/hsperfdata_USER/PID inside the target's mount namespace, named by the innermost
// PID; a JVM without a passwd entry or with -XX:+PerfDisableSharedMem has the buffer in its memory
// only.  A file counts only when it is a regular one and the target's user owns it: /tmp is
// everyone's.

#ifndef COLLECT_HSPERF_H
#define COLLECT_HSPERF_H

#include <stdbool.h>
#include <stdint.h>

#include "parse/hsperf.h"

struct arena;
struct fail;
struct look;
struct tree;

// Reads and checks the file of process `pid` (host's), called `ns_pid` in its innermost namespace
// and running as `uid`.  The bytes live in `mem`.  ABSENT: it has no file; DENIED; CORRUPT.
bool hsperf_read_file(const struct tree *files, int pid, int ns_pid, uint32_t uid,
		      struct arena *mem, struct hsperf *out, struct fail *why);
// Where that lies, in `mem`; NULL: it has none.  For targets that are looked at again and again.
const char *hsperf_find_file(const struct tree *files, int pid, int ns_pid, uint32_t uid,
			     struct arena *mem);
// The target's buffer: its file, else PerfMemory in the VM's memory when that is open.
// `source` says which: "hsperf file" or "hsperf memory".
bool hsperf_read_target(const struct look *look, struct hsperf *out, const char **source,
			struct fail *why);

// What a list of JVMs shows.  Bytes; UINT64_MAX where the buffer does not say.  Used and committed
// are those of the last sample or collection, not of this moment.
struct hsperf_heap {
	uint64_t used, committed, max;
};
// Over the generations that there are; all UINT64_MAX when there is none.
void hsperf_sum_heap(const struct hsperf *h, struct hsperf_heap *out);
// "G1", or NULL when the collector is not a known one.
const char *hsperf_collector_name(const struct hsperf *h);
// The JDK's version as java -version prints it ("17.0.15"), copied; NULL when it is not there.
const char *hsperf_jdk_version(const struct hsperf *h, struct arena *mem);

#endif
