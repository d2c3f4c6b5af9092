// SPDX-License-Identifier: Apache-2.0
// The target's maps file, read whole, and what the reader of live memory must know of it.
//
// os/ has no parser and parse/ reads nothing: here the one's text meets the other's need.

#ifndef COLLECT_MAPPINGS_H
#define COLLECT_MAPPINGS_H

#include <stdbool.h>

#include "os/mapped.h"

struct arena;
struct mapping;
struct fail;
struct maps;
struct target;
struct tree;

// Reads and parses /proc/PID/maps; all lives in `mem`.  The kernel writes the file piece by piece,
// so a mapping that grows meanwhile can overlap the line before it: then the file is read again,
// thrice at most.  GONE, DENIED, CORRUPT.
bool mappings_read(const struct tree *files, int pid, struct arena *mem, struct maps *out,
		   struct fail *why);
// Tells the target's reader of this moment's mappings; `mem` holds them and must live until the
// next hand-over.  Does nothing for a target whose memory is not live.
void mappings_hand_over(const struct target *target, const struct maps *maps, struct arena *mem);
// From now on the reader has them read anew where memory lies in none of them (os/remote.h), until
// mappings_let_go(); `mem` must live as long.
void mappings_follow(const struct target *target, struct arena *mem);
void mappings_let_go(const struct target *target); // of all that was handed over

// Which file the mapping is of, in os/mapped.h's words; points into the mapping.
struct mapped_file mappings_file(const struct target *target, const struct mapping *m);

#endif
