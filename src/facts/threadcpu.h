// SPDX-License-Identifier: Apache-2.0
// What each thread of a process has used of the CPU so far.

#ifndef FACTS_THREADCPU_H
#define FACTS_THREADCPU_H

#include <stddef.h>

struct thread_cpu {
	int tid;    // the host's
	double s;   // on a CPU since it began
	char state; // the kernel's letter: R, S, D, T ...; '?' not known
};

struct thread_cpus {
	struct thread_cpu *at; // rising tid
	size_t count;
	double process_s; // of the whole process, ended threads too, in steps of 10 ms
	double at_s;      // when: seconds since boot
};

// That of thread `tid`; NULL: it was not there.
const struct thread_cpu *thread_cpus_find(const struct thread_cpus *t, int tid);

#endif
