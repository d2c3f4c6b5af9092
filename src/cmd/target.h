// SPDX-License-Identifier: Apache-2.0
// What TARGET names on the command line: live JVMs, the moments of a capture, or a history.
//
// A file is known by its content, not by its name.  Nothing here looks inside a JVM; that is
// look_at() of collect/look.h, over the target that subject_open() gives.

#ifndef CMD_TARGET_H
#define CMD_TARGET_H

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "collect/collector.h"
#include "store/capture.h"
#include "store/history.h"

struct options;

struct subject {
	const struct tree *live; // the machine's files; NULL for a capture
	int *pids;               // live: one, or with `all` every JVM that is there
	size_t count;
	bool all;
	bool is_capture;
	const char *path; // of a capture or a history, as it was given
	struct capture capture;
	struct history *history; // NULL: it is none; else `count` is that of its JVMs
	past_jvms jvms;
};

// `text` is a PID, part of a main class or jar, a container id prefix, "all" or a path.  ABSENT,
// CORRUPT (ambiguous: the text lists the candidates) as discover_find() and capture_open() say.
bool subject_resolve(const char *text, struct arena *mem, struct subject *out, struct fail *why);
// Opens process `index` of a live subject, or moment `index` of a capture.  `mem` must outlive the
// target.
bool subject_open(const struct subject *s, size_t index, const struct options *o, struct arena *mem,
		  struct target *out, struct fail *why);
void subject_close(struct subject *s);

#endif
