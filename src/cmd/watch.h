// SPDX-License-Identifier: Apache-2.0
// The one loop of `map`, `doctor` and `flags`: a look now, with --for another at the end, a report of
// each.  With `all` every JVM is looked at before the wait, and again after it: one window for all.
//
// Of a capture the moments are the looks.  A process that ended meanwhile, or whose number now
// belongs to another, is GONE.

#ifndef CMD_WATCH_H
#define CMD_WATCH_H

struct options;
struct report;

// Shows one report; what it points to ends with the call.
typedef void watch_show(const struct report *r, const struct options *o, void *arg);

// Resolves the command's TARGET and shows a report of each of its JVMs: without --for and --every
// of one moment, else of what happened since the first look, once at the end or each time that
// --every has passed.  Prints what goes wrong to stderr.  Returns an exit code; of `all` it is 3
// only when no JVM could be read to the end.
int watch_target(const struct options *o, watch_show *show, void *arg);
// The same with pulses in between: status and the jvmstat file are read five times a second.
int watch_closely(const struct options *o, watch_show *show, void *arg);

#endif
