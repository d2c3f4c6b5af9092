// SPDX-License-Identifier: Apache-2.0
// Who a class loader is: its class, name and parent.
//
// A dying loader's object is reused memory, so its class comes from ClassLoaderData's own pointer
// to it where the VM has one (11+), and is believed only when java.lang.ClassLoader is its first
// super class.  Loaders whose class list did not validate get nothing; docs/formats/classes.md.

#ifndef JVM_LOADERS_H
#define JVM_LOADERS_H

#include <stdbool.h>

struct arena;
struct hotspot;
struct hotspot_classes;

// Fills object_at, klass_at, type, name, parent and unloading of all loaders of `classes`, whose
// object_at still holds what ClassLoaderData::_class_loader held.  Texts live in `mem`.  False when a
// collection came since `classes->clock`: then nothing is filled in that comes from Java objects.
bool loaders_identify(const struct hotspot *vm, struct arena *mem, struct hotspot_classes *classes);
// Takes that back, and with `types` the classes of loaders too.
void loaders_forget(struct hotspot_classes *classes, bool types);

#endif
