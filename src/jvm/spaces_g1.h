// SPDX-License-Identifier: Apache-2.0
// G1's heap: regions by kind, and which of them are committed.
//
// Regions are read as records, their objects never.  For jvm/spaces.c.

#ifndef JVM_SPACES_G1_H
#define JVM_SPACES_G1_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "jvm/g1kinds.h"

struct arena;
struct fail;
struct hotspot;
struct spaces;

// A row for each kind of region that there is.  ABSENT: not exported; CORRUPT: torn, or layout
// unknown.
bool spaces_g1_read(const struct hotspot *vm, struct arena *mem, struct spaces *out,
		    struct fail *why);

struct spaces_region {
	uint64_t bottom, top;
	enum g1kind kind;
	bool begins; // of a humongous object: its first region
};
// The committed regions one by one, in `mem`.  ABSENT: also where the VM does not tell their kinds.
bool spaces_g1_regions(const struct hotspot *vm, struct arena *mem, struct spaces_region **out,
		       size_t *count, struct fail *why);

#endif
