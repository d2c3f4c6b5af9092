// SPDX-License-Identifier: Apache-2.0
// jstat's columns out of the jvmstat buffer, for the JDK that wrote it.

#ifndef COLLECT_JSTAT_H
#define COLLECT_JSTAT_H

#include "facts/jstat.h"

struct arena;
struct hsperf;

// The line that this JDK's own jstat prints of the buffer `h`.  `jdk` is the feature release;
// texts are copied to `mem`.
void jstat_read(const struct hsperf *h, enum jstat_view view, unsigned jdk, struct arena *mem,
		struct jstat_line *out);

#endif
