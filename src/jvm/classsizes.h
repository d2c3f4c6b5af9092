// SPDX-License-Identifier: Apache-2.0
// How a loader's Metaspace divides among its classes, by what the classes' own metadata tells.
//
// The VM keeps no sum per class outside of its debug commands.  The constant pool's length is one
// read away and nearly everything else of a class grows with it, so it serves as the measure; only
// proportions within one loader are claimed.

#ifndef JVM_CLASSSIZES_H
#define JVM_CLASSSIZES_H

#include <stddef.h>
#include <stdint.h>

struct hotspot;
struct hotspot_class;

// Bytes that each of the classes takes in Metaspace, roughly.  0: it lies in a CDS archive and takes
// none.
void classsizes_weigh(const struct hotspot *vm, const struct hotspot_class *classes, size_t count,
		      uint64_t *weights);

#endif
