// SPDX-License-Identifier: Apache-2.0
// CMS's old generation: one space in which free chunks lie between the objects.
//
// For jvm/spaces.c.

#ifndef JVM_SPACES_CMS_H
#define JVM_SPACES_CMS_H

#include <stdbool.h>
#include <stdint.h>

struct fail;
struct hotspot;

// The free bytes of the space that the old generation at `old` points at.
// ABSENT: not exported; CORRUPT: torn, or layout unknown.
bool spaces_cms_free(const struct hotspot *vm, uint64_t old, uint64_t *bytes, struct fail *why);

#endif
