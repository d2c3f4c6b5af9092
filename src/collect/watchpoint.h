// SPDX-License-Identifier: Apache-2.0
// How near a container, or the machine, is to its limit: cheap enough for several times a second, and
// woken by the kernel where it can.
//
// Through the tree as far as files go; being woken needs the live machine.

#ifndef COLLECT_WATCHPOINT_H
#define COLLECT_WATCHPOINT_H

#include <poll.h>
#include <stdbool.h>
#include <stdint.h>

#include "os/pressure.h"

struct arena;
struct fail;
struct tree;

struct watchpoint_reading { // UNKNOWN_BYTES: not known
	uint64_t limit;     // of the machine: its memory
	uint64_t usage;
	uint64_t working_set; // less what the kernel can take back: that counts against the limit
	uint64_t oom_kills, limit_hits;
};

// Of the cgroup in directory `dir` (struct container_facts); NULL: of the machine.  False when
// neither limit nor usage can be read.
bool watchpoint_read(const struct tree *files, const char *dir, bool v2, struct arena *mem,
		     struct watchpoint_reading *out);
// To be woken at these shares of `limit`; see os/pressure.h.
bool watchpoint_arm(const char *dir, bool v2, uint64_t limit, const double *shares, size_t count,
		    struct pressure *out, struct fail *why);
// For callers that may not see os/.
size_t watchpoint_poll(const struct pressure *p, struct pollfd fds[PRESSURE_FDS]);
void watchpoint_clear(const struct pressure *p);
void watchpoint_disarm(struct pressure *p);

#endif
