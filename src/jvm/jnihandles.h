// SPDX-License-Identifier: Apache-2.0
// The objects that native code holds by JNI global references.
//
// JDK 8 chains blocks of handles, which it exports.  Later VMs keep them in an OopStorage that they do
// not: it is found among libjvm's variables by its name, "JNI Global", and believed when each of its
// blocks names it as owner; docs/formats/jni-handles.md.

#ifndef JVM_JNIHANDLES_H
#define JVM_JNIHANDLES_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"

struct fail;
struct hotspot;

typedef VEC(uint64_t) jnihandles_oops;

// Objects, one for each reference, in `mem`; they move, as all do.  ABSENT: the storage was not found;
// CORRUPT: layout unknown.
bool jnihandles_read(const struct hotspot *vm, struct arena *mem, jnihandles_oops *out,
		     struct fail *why);

#endif
