// SPDX-License-Identifier: Apache-2.0
// The VM's own count of its classes, as proof that a walk over them was whole.
//
// ClassLoaderDataGraph counts instance and array classes since JDK 10, in two words behind its list
// head that it does not export.  They prove themselves by what they say: two neighbours that equal
// what the walk found.  docs/formats/classes.md.

#ifndef JVM_CLASSCOUNTS_H
#define JVM_CLASSCOUNTS_H

#include <stdbool.h>

struct hotspot;
struct hotspot_classes;

// Whether the VM counts just these classes.  False says little: JDK 8 does not count, and in a VM
// that runs they change.
bool classcounts_agree(const struct hotspot *vm, const struct hotspot_classes *classes);

#endif
