// SPDX-License-Identifier: Apache-2.0
// Threads by the CPU that they used in a window, and by kind.

#ifndef PRESENT_THREADS_H
#define PRESENT_THREADS_H

#include <stdio.h>

#include "facts/snapshot.h"
#include "facts/threadcpu.h"

struct threads_report {
	const struct snapshot *now;
	const struct thread_cpus *first, *last;
	size_t top; // rows of text; 0: all
};

void threads_print_text(const struct threads_report *r, FILE *to);
void threads_print_json(const struct threads_report *r, FILE *to);

#endif
