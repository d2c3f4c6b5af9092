// SPDX-License-Identifier: Apache-2.0
// Files inside another process's root: its own symbolic links can't lead out of it.
//
// A path that a target chose (its /tmp, a socket) is resolved with the target's root as the root of
// every link, so that a link to /etc there is the target's /etc and never ours.

#ifndef OS_INSIDE_H
#define OS_INSIDE_H

// Opens `path` (relative to the root of process `pid`; "" is the root itself) with open(2)'s
// `flags`. `proc` is where its /proc lies: "/proc", or below a recorded machine's directory.  -1
// with errno.  On kernels before 5.6, which can't resolve so, the last step at least is no link.
int inside_open(const char *proc, int pid, const char *path, int flags);

#endif
