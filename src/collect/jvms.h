// SPDX-License-Identifier: Apache-2.0
// The rows of `ps`: what small files of /proc tell of each JVM, without a look inside.
//
// Most processes are no JVMs, so a row is begun only for those that map libjvm.so, whose program is
// a GraalVM native image, or whose maps are closed and that are called java.

#ifndef COLLECT_JVMS_H
#define COLLECT_JVMS_H

#include <stdbool.h>

#include "facts/jvms.h"

struct arena;
struct maps;
struct tree;

// By the libraries that process `pid` maps (OpenJ9 has its own beside a libjvm.so), and for want of
// these by the sections of its program.  JVM_UNKNOWN: none that we know of.
enum jvm_kind jvms_kind(const struct tree *files, int pid, const struct maps *maps,
			struct arena *mem);

// The row of process `pid`; false when it is no JVM, or gone.  Texts live in `mem`.
bool jvms_describe(const struct tree *files, int pid, struct arena *mem, struct jvm_row *out);

#endif
