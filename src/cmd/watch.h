// SPDX-License-Identifier: Apache-2.0
// The one loop of `map` and `doctor`: a look now, with --for another at the end, a report of each.
//
// Of a capture the moments are the looks.  A process that ended meanwhile, or whose number now
// belongs to another, is GONE.

#ifndef CMD_WATCH_H
#define CMD_WATCH_H

#include <stdbool.h>
#include <stddef.h>

struct fail;
struct options;
struct report;
struct subject;

// Shows one report; what it points to ends with the call.
typedef void watch_show(const struct report *r, void *arg);

// Looks at JVM `index` of the subject and shows a report: without --for and --every of one moment, else of
// what happened since the first look, once at the end or each time that --every has passed.
bool watch_run(const struct subject *s, size_t index, const struct options *o, watch_show *show,
	       void *arg, struct fail *why);

// Resolves the command's TARGET and watches each of its JVMs.  Prints what goes wrong to stderr.
// Returns an exit code; of `all` it is 3 only when no JVM could be read.
int watch_target(const struct options *o, watch_show *show, void *arg);

#endif
