// SPDX-License-Identifier: Apache-2.0
// G1's heap: regions by kind, and which of them are committed.

#ifndef JVM_SPACES_G1_H
#define JVM_SPACES_G1_H

#include <stdbool.h>

struct arena;
struct fail;
struct hotspot;
struct spaces;

bool spaces_g1_read(const struct hotspot *vm, struct arena *mem, struct spaces *out,
		    struct fail *why);

#endif
