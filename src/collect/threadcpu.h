// SPDX-License-Identifier: Apache-2.0
// Reads what the threads of a process have used of the CPU: /proc/PID/task/TID/schedstat (proc(5),
// nanoseconds), where the kernel keeps none the ticks of task/TID/stat.

#ifndef COLLECT_THREADCPU_H
#define COLLECT_THREADCPU_H

#include <stdbool.h>

#include "facts/threadcpu.h"

struct arena;
struct fail;
struct target;

// Records live in `mem`.  GONE, DENIED; CORRUPT: more threads than any process has.
bool threadcpu_read(const struct target *t, struct arena *mem, struct thread_cpus *out,
		    struct fail *why);

#endif
