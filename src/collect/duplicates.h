// SPDX-License-Identifier: Apache-2.0
// Names that stand more than once among the classes.
//
// A loader has a name once: more are definitions that failed (a LinkageError) and left their class, on JDK
// 8 for the loader's life, later until a collection that unloads classes.  Two versions of a class that
// was redefined look alike while the older one lives.

#ifndef COLLECT_DUPLICATES_H
#define COLLECT_DUPLICATES_H

struct hotspot_classes;
struct snapshot;

// Fills `out->duplicates`, those of one loader first, then by number.  Arrays and hidden classes, which
// have no name of their own, don't count.
void duplicates_build(const struct hotspot_classes *classes, struct snapshot *out);

#endif
