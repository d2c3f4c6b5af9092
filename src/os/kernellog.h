// SPDX-License-Identifier: Apache-2.0
// What the kernel has to say from now on: /dev/kmsg, read without waiting.
//
// Who may not read it (dmesg_restrict, a container) goes without.

#ifndef OS_KERNELLOG_H
#define OS_KERNELLOG_H

#include <stdbool.h>

struct fail;

struct kernellog {
	int fd; // -1: closed
};

// From the end of the log on.  ABSENT, DENIED.
bool kernellog_open(struct kernellog *out, struct fail *why);
// Calls `line` with the text of each record since the last call; NUL-terminated, without the prefix.
void kernellog_read(struct kernellog *k, void (*line)(void *arg, const char *text), void *arg);
void kernellog_close(struct kernellog *k);

#endif
