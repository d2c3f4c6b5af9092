// SPDX-License-Identifier: Apache-2.0
// Families: classes whose names differ only in what generators number.
//
// Folding knows how numbers are written, and of generators' names only the marks behind which random
// letters stand for one.

#ifndef COLLECT_FAMILIES_H
#define COLLECT_FAMILIES_H

#include <stddef.h>
#include <stdint.h>

struct arena;
struct hotspot;
struct hotspot_classes;
struct snapshot;

enum { FAMILIES_NAME_LIMIT = 512 }; // a longer name is cut

// The family of a class name as the VM spells it: dotted; runs of digits and of hexadecimal digits
// become "#".  `to` has room for `room` characters.
//  * A hex run has at least one digit and one case of letters, starts behind no letter and ends
//    before no letter, and is at least 8 long or stands behind 0x, '_', '$' or '@'.
//  * What the VM appends to hidden classes (+0x.., /0x..) becomes "/#", or nothing behind a "#".
//  * Random letters and digits become "#" behind the marks of the generator that numbers so.
//  * Lambdas end in $$Lambda$# on every JDK.
void families_fold(const char *name, char *to, size_t room);
// A class name as the VM spells it, dotted: "java/lang/String" -> "java.lang.String"; a copy.
char *families_dotted(struct arena *mem, const char *name);

// Fills `out->families` from all classes that are no arrays: those of two and more classes, and all
// whose names were folded.  `used[i]` are the Metaspace bytes of classes->loaders[i], shared among
// its classes by their metadata; NULL: not known, the families' bytes stay 0.
void families_build(const struct hotspot *vm, const struct hotspot_classes *classes,
		    const uint64_t *used, struct snapshot *out);

#endif
