// SPDX-License-Identifier: Apache-2.0
// G1's heap: regions by kind, and which of them are committed.
//
// Regions are read as records, their objects never.  For jvm/spaces.c.

#ifndef JVM_SPACES_G1_H
#define JVM_SPACES_G1_H

#include <stdbool.h>

struct arena;
struct fail;
struct hotspot;
struct spaces;

// A row for each kind of region that there is.  ABSENT: not exported; CORRUPT: torn, or layout
// unknown.
bool spaces_g1_read(const struct hotspot *vm, struct arena *mem, struct spaces *out,
		    struct fail *why);

#endif
