// SPDX-License-Identifier: Apache-2.0
// The page that threads of JDK 8 write to instead of a memory barrier (os::_mem_serialize_page).
//
// Where -XX:-UseMembar holds, the VM maps it as it starts, the safepoint polling page with it, and
// keeps both addresses in neighbouring variables, none of which it exports.

#ifndef JVM_SERIALIZEPAGE_H
#define JVM_SERIALIZEPAGE_H

#include <stdbool.h>
#include <stdint.h>

struct hotspot;

// False where the VM uses barriers (JDK 9 and later), or where its variables and its mappings do not
// agree on one page.
bool serializepage_find(const struct hotspot *vm, uint64_t *start);

#endif
