// SPDX-License-Identifier: Apache-2.0
// The heap of Shenandoah: its totals, and (17+) its regions by state.  For jvm/spaces.c.

#ifndef JVM_SPACES_SHENANDOAH_H
#define JVM_SPACES_SHENANDOAH_H

#include <stdbool.h>

struct fail;
struct hotspot;
struct spaces;

// Rows only when they sum to what is committed.  ABSENT: not exported; CORRUPT: the totals
// contradict each other.
bool spaces_shenandoah_read(const struct hotspot *vm, struct spaces *out, struct fail *why);

#endif
