// SPDX-License-Identifier: Apache-2.0
// The rows of `ps`: what small files of /proc tell of each JVM, without a look inside.
//
// Most processes are no JVMs, so a row is begun only for those that map libjvm.so, or whose maps
// are closed and that are called java.

#ifndef COLLECT_JVMS_H
#define COLLECT_JVMS_H

#include <stdbool.h>

struct arena;
struct jvm_row;
struct tree;

// The row of process `pid`; false when it is no JVM, or gone.  Texts live in `mem`.
bool jvms_describe(const struct tree *files, int pid, struct arena *mem, struct jvm_row *out);

#endif
