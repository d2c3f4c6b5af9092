// SPDX-License-Identifier: Apache-2.0
// One verdict of what a rule says by the JVM and by its GC log.
//
// Each saw another stretch of time.  What one of them saw it has seen: a cause that holds by either holds, and what
// the other says stands beside it, as more evidence or against it.

#ifndef DIAGNOSE_JOINED_H
#define DIAGNOSE_JOINED_H

#include "diagnose/rule.h"

enum verdict joined_judge(const struct rule *rule, const struct evidence *e, struct arena *mem,
			  struct finding *out);

#endif
