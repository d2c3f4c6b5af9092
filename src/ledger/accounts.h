// SPDX-License-Identifier: Apache-2.0
// The table of accounts.def as data, and what it says about two accounts.
//
// Nothing here sees a claim or a byte.

#ifndef LEDGER_ACCOUNTS_H
#define LEDGER_ACCOUNTS_H

#include <stdbool.h>

#include "ledger/ledger.h"

// Whether accounts.def lets a claim of account `inner` overlap one of `outer`: its `inside` names
// it.  Both are indexes below ACCOUNT_COUNT.
bool account_may_lie_in(int inner, int outer);

#endif
