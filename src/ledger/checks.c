// SPDX-License-Identifier: Apache-2.0
#include "ledger/checks.h"

#include <string.h>

#include "base/units.h"
#include "ledger/ledger.h"

uint64_t checks_ours(const struct ledger *l, const struct check_row *c)
{
	const struct account_row *row = ledger_row(l, c->account);

	if (c->counted)
		return c->ours;
	if (!strcmp(c->what, "committed"))
		return row->committed;
	if (!strcmp(c->what, "reserved"))
		return row->reserved;
	if (!strcmp(c->what, "used"))
		return row->used;
	if (!strcmp(c->what, "resident") && row->account != ACCOUNT_NONE)
		return row->resident;
	return UNKNOWN_BYTES;
}

bool checks_differ(const struct ledger *l, const struct check_row *c)
{
	uint64_t ours = checks_ours(l, c), apart;

	if (ours == UNKNOWN_BYTES || c->theirs == UNKNOWN_BYTES || c->counted)
		return false;
	apart = ours > c->theirs ? ours - c->theirs : c->theirs - ours;
	return apart > MIB(1) && apart > c->theirs / 100;
}
