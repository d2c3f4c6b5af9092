// SPDX-License-Identifier: Apache-2.0
// Why a flag that the VM knows and took has no effect all the same: flag_effects.def.

#ifndef DIAGNOSE_FLAG_EFFECTS_H
#define DIAGNOSE_FLAG_EFFECTS_H

#include <stdbool.h>

#include "diagnose/vmview.h"

// A reason, in `mem`, or NULL: nothing says that it has none.
const char *flag_effects_none(const struct vmview *v, const struct option_row *o,
			      struct arena *mem);

enum x_option_state { X_OPTION_TAKEN, X_OPTION_UNKNOWN, X_OPTION_OBSOLETE, X_OPTION_EXPIRED };
// Of an -X option that sets no flag; `*since`: obsolete since, or the last release that took it.
// TAKEN also where no row speaks of it and the VM is a running one.
enum x_option_state flag_effects_x(const char *text, unsigned jdk, unsigned *since);
unsigned flag_effects_x_deprecated(const char *text, unsigned jdk); // since; 0: it is not

#endif
