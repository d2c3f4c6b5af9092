// SPDX-License-Identifier: Apache-2.0
// What the reader of live memory must know of the target's mappings, from a parsed maps file.

#ifndef COLLECT_MAPPINGS_H
#define COLLECT_MAPPINGS_H

struct arena;
struct maps;
struct target;

// Tells the target's reader of this moment's mappings; `mem` holds them and must live until the
// next hand-over.  Does nothing for a target whose memory is not live.
void mappings_hand_over(const struct target *target, const struct maps *maps, struct arena *mem);

#endif
