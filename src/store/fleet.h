// SPDX-License-Identifier: Apache-2.0
// Merges verdicts (lines of `doctor --json`, one JVM each) of many machines.
//
// The lines are anybody's: what is no verdict is counted and left out, texts are cut, and there are
// limits to how many JVMs, causes and findings are kept.  A JVM is its host, container, number and start;
// of several verdicts on one the latest counts.

#ifndef STORE_FLEET_H
#define STORE_FLEET_H

#include <stdbool.h>

#include "base/span.h"
#include "facts/fleet.h"

struct arena;
struct fail;
struct fleet_merge;

enum { FLEET_LINE_LIMIT = 16 << 20, FLEET_JVM_LIMIT = 200000 };

struct fleet_merge *fleet_begin(struct arena *mem); // lives in `mem`
// CORRUPT: it is no verdict.  A blank line is none either, but nothing to complain of.
bool fleet_add(struct fleet_merge *m, struct span line, struct fail *why);
void fleet_add_strange(struct fleet_merge *m); // a line that was too long to be read
void fleet_finish(struct fleet_merge *m, struct fleet *out);

#endif
