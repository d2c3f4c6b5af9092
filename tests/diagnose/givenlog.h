// SPDX-License-Identifier: Apache-2.0
// `given gclog COLLECTOR KEY VALUE ...`: what a GC log says, as numbers.  docs/formats/cases.md.

#ifndef TESTS_DIAGNOSE_GIVENLOG_H
#define TESTS_DIAGNOSE_GIVENLOG_H

#include "moments.h"

bool give_gclog(struct moments *m, const struct words *line);

#endif
