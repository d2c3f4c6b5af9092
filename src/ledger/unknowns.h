// SPDX-License-Identifier: Apache-2.0
// Unaccounted memory by mapping, described by facts: size, permissions, what lies beside it.
//
// Never a guess at the owner: a guess that is right would be a claim, and belongs in a collector.

#ifndef LEDGER_UNKNOWNS_H
#define LEDGER_UNKNOWNS_H

struct ledger;

// Fills `unknowns` of a ledger whose pieces are cut: one row a mapping, the largest first.
void unknowns_list(struct ledger *l);

#endif
