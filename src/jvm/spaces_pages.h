// SPDX-License-Identifier: Apache-2.0
// The heaps of ZGC and Shenandoah, as far as their totals are exported.

#ifndef JVM_SPACES_PAGES_H
#define JVM_SPACES_PAGES_H

#include <stdbool.h>

struct fail;
struct hotspot;
struct spaces;

bool spaces_pages_read_z(const struct hotspot *vm, struct spaces *out, struct fail *why);
bool spaces_pages_read_shenandoah(const struct hotspot *vm, struct spaces *out, struct fail *why);

#endif
