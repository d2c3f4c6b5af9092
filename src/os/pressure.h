// SPDX-License-Identifier: Apache-2.0
// Being woken when a memory cgroup nears its limit, rather than asking again and again.
//
// v1: thresholds on memory.usage_in_bytes by cgroup.event_control (memcg_test.rst, "Memory thresholds"),
// which needs the right to write there and changes nothing for the group.  v2: memory.events, whose
// counters of limits that were hit wake who polls them, and a PSI trigger on memory.pressure: a tenth of
// a second of waiting within two seconds (windows are multiples of 2 s, or the kernel wants
// CAP_SYS_RESOURCE).  What can't be had is left out: whoever watches must poll beside it.

#ifndef OS_PRESSURE_H
#define OS_PRESSURE_H

#include <poll.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct fail;

enum { PRESSURE_THRESHOLDS = 4, PRESSURE_FDS = 3 };

struct pressure {
	int event;  // v1: an eventfd; -1
	int usage;  // v1: what it watches; -1
	int events; // v2: memory.events; -1
	int psi;    // v2: memory.pressure; -1
};

// `dir` is the cgroup's directory; thresholds are bytes.  False when nothing at all would wake:
// DENIED or ABSENT, of the last that was tried.
bool pressure_open(const char *dir, bool v2, const uint64_t *thresholds, size_t count,
		   struct pressure *out, struct fail *why);
// What to poll; returns how many.
size_t pressure_poll(const struct pressure *p, struct pollfd fds[PRESSURE_FDS]);
// After a wake-up: ready for the next.
void pressure_clear(const struct pressure *p);
void pressure_close(struct pressure *p);

#endif
