// SPDX-License-Identifier: Apache-2.0
// Threads of a target whose memory can't be read: the kernel's list, the VM's names where it was
// asked, stacks by the shapes of mappings.

#ifndef COLLECT_SHAPE_THREADS_H
#define COLLECT_SHAPE_THREADS_H

#include <stdbool.h>

struct fail;
struct look;

// Rows and claims of all threads.  GONE, DENIED, CORRUPT as tasks_read().
bool shape_threads_read(struct look *look, struct fail *why);

#endif
