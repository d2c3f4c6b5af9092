// SPDX-License-Identifier: Apache-2.0
// The attach protocol of HotSpot, versions 1 and 2 (JDK 24): asks a live VM to run a diagnostic
// command, or to load a library.  The one part of this room that makes the target do something, used only where its
// memory can't be read and the user did not forbid it.
//
// If the VM's socket /tmp/.java_pidN is not there, an empty file .attach_pidN and SIGQUIT ask for
// it.  The signal is sent only when the VM catches it, runs, and was not started with
// -XX:+DisableAttachMechanism (it would print a thread dump).  The file is removed whatever comes.
// Socket and listener must be the target's own.  All of a session ends within ATTACH_SECONDS
// unless more was allowed, all of a reply within ATTACH_REPLY_LIMIT.  Replies go through
// tree_made("attach/COMMAND").

#ifndef JVM_ATTACH_H
#define JVM_ATTACH_H

#include <stdbool.h>
#include <stdint.h>

#include "base/span.h"

struct arena;
struct fail;
struct tree;

enum { ATTACH_SECONDS = 5, ATTACH_REPLY_LIMIT = 32 << 20 };

struct attach {
	const struct tree *files;
	int pid, ns_pid;
	unsigned seconds;     // that all of it may take: ATTACH_SECONDS, or what attach_wait() said
	uint64_t deadline_ns; // set by the first command
	int version;          // of the protocol; 0: not asked yet
	bool broken;          // a command ran into the deadline, or none can be sent
	bool refused;         // the last command was answered with an error
};

// One session of a look.  Nothing is sent before the first command.
void attach_init(struct attach *a, const struct tree *files, int pid, int ns_pid);
// For commands that take long; called before the first one.
void attach_wait(struct attach *a, unsigned seconds);
// Runs the diagnostic command ("GC.heap_info", arguments behind a blank) and brings its text.
// DENIED: the VM does not take it, or a socket is not the target's; ABSENT: the VM has no such
// command, or attaching is not possible in its state (the text says why); GONE; CORRUPT: no answer
// of this protocol; OS: no answer in time.  After a failure of the session itself all later
// commands fail at once.
bool attach_run(struct attach *a, const char *command, struct arena *mem, struct span *text,
		struct fail *why);
// Has the library `bytes` loaded as an agent, and waits for its Agent_OnAttach().  The file is there for
// that time only: in the VM's own /tmp, mode 0600, its user's and group's; all signals to us wait
// meanwhile.  The VM keeps the library mapped; a second load of the same `name` is of that copy.
// *result: what Agent_OnAttach() returned.  DENIED: also where no library can be put there
// (process_put_library()), or the VM loads none; else as attach_run().
bool attach_load(struct attach *a, const char *name, struct span bytes, struct arena *mem,
		 int *result, struct fail *why);
// Whether the last failure was the VM's own answer: it understood, and refused.
bool attach_was_refused(const struct attach *a);
// Do these arguments (separated by blanks, newlines or NULs) forbid attaching?
bool attach_is_forbidden(struct span arguments);

#endif
