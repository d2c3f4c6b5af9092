// SPDX-License-Identifier: Apache-2.0
// What grew within the window, how much of it is harmless, and when the limit is reached.
//
// Sums of the ledger's own growth: no rule's verdict is looked at.

#ifndef DIAGNOSE_GROWTH_H
#define DIAGNOSE_GROWTH_H

#include "diagnose/diagnosis.h"

// Fills `out->growth`, largest first: each account's growth in one or two parts.
void growth_split(const struct evidence *e, struct arena *mem, struct diagnosis *out);
// Fills `out->unexplained`; after the findings and growth_split().
void growth_unexplained(const struct evidence *e, struct diagnosis *out);
// Fills `out->limit_eta` from the parts; unknown without a limit, a window or growth that lasts.
void growth_foresee(const struct evidence *e, struct diagnosis *out);

#endif
