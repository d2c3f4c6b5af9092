// SPDX-License-Identifier: Apache-2.0
// The heaps of ZGC and Shenandoah, as far as their totals are exported.
//
// Neither has spaces that vmStructs tell apart; `unknown` says so.  For jvm/spaces.c.

#ifndef JVM_SPACES_PAGES_H
#define JVM_SPACES_PAGES_H

#include <stdbool.h>

struct fail;
struct hotspot;
struct spaces;

// Sums without rows.  ABSENT: not exported; CORRUPT: they contradict each other.
bool spaces_pages_read_z(const struct hotspot *vm, struct spaces *out, struct fail *why);
bool spaces_pages_read_shenandoah(const struct hotspot *vm, struct spaces *out, struct fail *why);

#endif
