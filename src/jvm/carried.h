// SPDX-License-Identifier: Apache-2.0
// The libraries for JVMs that the program carries (src/agent/), as bytes of ELF files for this
// machine's kind of processor.  The functions are written at build time (tools/embed.py).

#ifndef JVM_CARRIED_H
#define JVM_CARRIED_H

#include "base/span.h"

// Its Agent_OnAttach() calls malloc_trim(0) once and returns 0, or 1 where the C library has none.
struct span carried_trim(void);

#endif
