// SPDX-License-Identifier: Apache-2.0
// Numbers without addresses that others give for an account, beside ours.
//
// They never change the ledger: a difference is shown.

#ifndef LEDGER_CHECKS_H
#define LEDGER_CHECKS_H

#include <stdbool.h>
#include <stdint.h>

struct check_row;
struct ledger;

// What the ledger has for the number that `c` names; UNKNOWN_BYTES when it has none.
uint64_t checks_ours(const struct ledger *l, const struct check_row *c);
// Apart by more than 1 % and 1 MB: what two readings of a running JVM are not.  False for counts
// of things, which are shown but too coarse to judge by while classes come and go.
bool checks_differ(const struct ledger *l, const struct check_row *c);

// Why the two are known to differ; NULL when they do not, or nobody knows.  A static text.
const char *checks_reason(const struct ledger *l, const struct check_row *c);

#endif
