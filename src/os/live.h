// SPDX-License-Identifier: Apache-2.0
// The files of this machine as a `struct tree`.
//
// Paths are taken below a root prefix ("" for the machine itself; a test's or a recorded machine's
// directory otherwise).  Only regular files are read: never a device, a pipe or a socket, whatever
// a target put behind a name.  A path below /proc/PID/root is resolved inside that root, so that a
// target's symbolic link can't lead to a file of ours.  Nothing is ever written.

#ifndef OS_LIVE_H
#define OS_LIVE_H

#include "base/tree.h"

struct live {
	const char *root; // without a '/' at its end; outlives the tree
};

// The tree over `l`, which must outlive it.  Its failures: ABSENT (no such file, or no regular
// one), GONE (the path lies below /proc/PID and that process is no more), DENIED (also when /proc
// hides a process that exists: hidepid), OS.
struct tree live_tree(struct live *l, const char *root);

#endif
