// SPDX-License-Identifier: Apache-2.0
// Talks to a socket file of another process, without trusting it: everything has a deadline and a
// size limit, and the peer's process is checked before a byte is sent.
//
// The file is looked up inside the process's root, so that its symbolic links can't lead outside.
// Some peers accept only their own user: a root reader connects as that user.

#ifndef OS_LOCALSOCKET_H
#define OS_LOCALSOCKET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/span.h"

struct arena;
struct fail;

struct localsocket_peer {
	int pid;
	const char *path;  // of the socket file, relative to the process's root
	uint32_t uid, gid; // effective ones of the process; the file must be the user's
};

// Connects, and checks that this very process listens.  When root runs this and the peer is another
// user's, the connection is made with the peer's effective uid and gid.  ABSENT: no such file;
// DENIED: no access, or someone else's socket (the text says whose); OS: nobody listens, or no
// connection until the deadline.  Deadlines are those of clock_in().
bool localsocket_open(const struct localsocket_peer *peer, uint64_t deadline_ns, int *fd,
		      struct fail *why);
void localsocket_close(int fd);
// FAIL_GONE: the peer closed the connection; OS: nothing went until the deadline.
bool localsocket_write(int fd, struct span bytes, uint64_t deadline_ns, struct fail *why);
// Reads until the peer closes.  FAIL_CORRUPT: more than `limit` bytes; GONE: the peer reset the
// connection; OS: no end until the deadline.  The bytes live in `mem`.
bool localsocket_read(int fd, size_t limit, uint64_t deadline_ns, struct arena *mem,
		      struct span *out, struct fail *why);

#endif
