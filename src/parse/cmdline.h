// SPDX-License-Identifier: Apache-2.0
// Parser for /proc/PID/cmdline of a java launcher.  Opens nothing.
// Format notes: docs/formats/cmdline.md.

#ifndef PARSE_CMDLINE_H
#define PARSE_CMDLINE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/span.h"

struct arena;

// What runs: the class behind the options, the class of -m MODULE/CLASS, or the file name of the
// jar behind -jar.  Without one (another launcher, an argument file) the file name of argument 0;
// "" when there is no argument at all.  Lives in `mem`.
const char *cmdline_main(struct span bytes, struct arena *mem);
// All arguments with a blank between each; control characters become '?'.  Lives in `mem`.
const char *cmdline_text(struct span bytes, struct arena *mem);
// The next argument.  False at the end.
bool cmdline_take(struct span *rest, struct span *argument);
// Whether the launcher's option takes the next argument as its value ("-cp").
bool cmdline_has_value(struct span option);

#endif
