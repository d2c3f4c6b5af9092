// SPDX-License-Identifier: Apache-2.0
// The heap of ZGC: its totals, and its pages by kind.  For jvm/spaces.c.

#ifndef JVM_SPACES_Z_H
#define JVM_SPACES_Z_H

#include <stdbool.h>

struct fail;
struct hotspot;
struct spaces;

// Rows only when they sum to the totals: pages come and go while Java runs.  ABSENT: not exported;
// CORRUPT: the totals contradict each other.
bool spaces_z_read(const struct hotspot *vm, struct spaces *out, struct fail *why);

#endif
