// SPDX-License-Identifier: Apache-2.0
// The recorder: JVMs as they come and go, a sample of each at every tick, a whole look now and then, and
// a black box when something is about to go wrong.
//
// A tick reads status, the container and the jvmstat file, never memory and never smaps.  Nothing of a
// target is written, signalled or attached to.  It tells by callbacks what it has; words and files for
// people are theirs.

#ifndef RECORD_RECORDING_H
#define RECORD_RECORDING_H

#include <stdbool.h>
#include <stdio.h>

#include "record/triggers.h"

struct diagnosis;
struct evidence;
struct fail;
struct recording;
struct tree;
struct watched_rows;

struct recording_settings {
	const char
		*target;  // "all", a PID, part of a main class or jar, the start of a container id
	const char *path; // of the history
	double every_s, keep_s;
	struct trigger_settings triggers;
	const char *exec; // a command that the black box runs; NULL: none
};

struct recording_writers {
	void *arg;
	// To a file of the black box.
	void (*ledger)(void *arg, const struct evidence *e, FILE *to);
	void (*verdict_json)(void *arg, const struct evidence *e, const struct diagnosis *d,
			     FILE *to);
	void (*verdict_text)(void *arg, const struct evidence *e, const struct diagnosis *d,
			     FILE *to);
	void (*say)(void *arg, const char *text);                    // one line, for who runs it
	void (*publish)(void *arg, const struct watched_rows *rows); // after each tick; NULL
};

// Opens history and ring, and takes over what an earlier recorder's ring still holds.  `files` and both
// structs must outlive it.
bool recording_open(const struct recording_settings *s, const struct recording_writers *w,
		    const struct tree *files, struct recording **out, struct fail *why);
// One tick.  What can't be written is said and kept in the ring; false only when nothing can go on.
bool recording_tick(struct recording *r, struct fail *why);
// Until the next tick is due or something came up, which it sees to.  At most a second.
void recording_wait(struct recording *r);
bool recording_is_due(const struct recording *r);    // for a tick
bool recording_has_ended(const struct recording *r); // the one JVM that was asked for is gone
void recording_close(struct recording *r);

#endif
