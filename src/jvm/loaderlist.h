// SPDX-License-Identifier: Apache-2.0
// Whether the VM's list of class loaders has lost one since it was read.
//
// A loader that is unlinked is freed soon, and the next one gets its memory, down to its classes and
// their names: read across that, the name of one stands beside the classes of another.

#ifndef JVM_LOADERLIST_H
#define JVM_LOADERLIST_H

#include <stdbool.h>

struct hotspot;
struct hotspot_classes;

// True when all loaders of `c` still stand in the VM's list as it is now, in their order; new ones may
// stand in front of them.  What was read before stays as it is.
bool loaderlist_kept(const struct hotspot *vm, const struct hotspot_classes *c);

#endif
