// SPDX-License-Identifier: Apache-2.0
// Reports out of a history: the JVMs that it holds, their looks at a time, what the samples between say.

#ifndef CMD_PAST_H
#define CMD_PAST_H

#include "cmd/moment.h"
#include "cmd/watch.h"

struct subject;

// A report of each JVM of a history, or with --last of the one that ended last: its last look within
// --from and --to or at --at, against an earlier one.  Without --at that is the one in front of where
// its memory began to grow, or the first.  Returns an exit code.
int past_show(const struct subject *s, const struct options *o, watch_show *show, void *arg);
// The look of one JVM that the options mean, alone.  CORRUPT when they fit several.
bool past_take(const struct subject *s, const struct options *o, struct moment *out,
	       struct fail *why);

#endif
