// SPDX-License-Identifier: Apache-2.0
// The collector of a running JVM: the heap by space as it is now, collections so far and within a
// window, and whose CPU it is.

#ifndef PRESENT_GC_LIVE_H
#define PRESENT_GC_LIVE_H

#include <jansson.h>
#include <stdio.h>

#include "facts/snapshot.h"
#include "facts/threadcpu.h"

struct gc_live {
	const struct snapshot *now, *first; // the same: no window
	const struct thread_cpus *cpu, *first_cpu;
};

void gc_live_print(const struct gc_live *g, FILE *to);
json_t *gc_live_json(const struct gc_live *g, double since_s); // a member of "samples"

#endif
