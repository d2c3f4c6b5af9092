// SPDX-License-Identifier: Apache-2.0
#include "ledger/checks.h"

#include <string.h>

#include "base/units.h"
#include "ledger/ledger.h"

static uint64_t with(uint64_t a, uint64_t b)
{
	return a == UNKNOWN_BYTES || b == UNKNOWN_BYTES ? UNKNOWN_BYTES : a + b;
}

uint64_t checks_ours(const struct ledger *l, const struct check_row *c)
{
	const struct account_row *row = ledger_row(l, c->account);

	if (c->counted)
		return c->ours;
	if (!strcmp(c->what, "committed"))
		return row->committed;
	if (!strcmp(c->what, "committed with metaspace"))
		return with(row->committed, ledger_row(l, "metaspace")->committed);
	if (!strcmp(c->what, "reserved"))
		return row->reserved;
	if (!strcmp(c->what, "used"))
		return row->used;
	if (!strcmp(c->what, "resident") && row->account != ACCOUNT_NONE && !row->unknown)
		return row->resident;
	if (!strcmp(c->what, "resident with metaspace") && !row->unknown &&
	    !ledger_row(l, "metaspace")->unknown)
		return row->resident + ledger_row(l, "metaspace")->resident;
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

// Where NMT and the ledger mean different things, and what is known of it.
static const struct {
	const char *account, *what;
	const char *collector; // NULL: any
	const char *reason;
} REASONS[] = {
	{ "java-heap", "committed", "Z",
	  "ZGC's heap is a file, which NMT counts apart or in part" },
	{ "gc", "reserved", "Z", "JDK 11 does not count ZGC's mark stacks" },
	{ "gc", "resident", "Z", "JDK 11 does not count ZGC's mark stacks" },
	{ "gc", "reserved", "CMS", "CMS leaves its bitmaps and its mark stack in Unknown" },
	{ "gc", "resident", "CMS", "CMS leaves its bitmaps and its mark stack in Unknown" },
	{ "thread-stacks", "resident", NULL,
	  "the first thread and those of libraries are in no category" },
	{ "direct-buffers", "malloc of Other", NULL,
	  "Other has Unsafe.allocateMemory() and foreign memory too" },
	{ "malloc", "malloc of the VM", NULL, "the rest is of libraries, or free" },
};

const char *checks_reason(const struct ledger *l, const struct check_row *c)
{
	const struct fact *collector = &l->of->fact[F_COLLECTOR];
	uint64_t ours = checks_ours(l, c);

	if (strcmp(c->source, "nmt") != 0 || ours == UNKNOWN_BYTES || ours == c->theirs)
		return NULL;
	for (size_t i = 0; i < sizeof(REASONS) / sizeof(REASONS[0]); i++)
		if (!strcmp(c->account, REASONS[i].account) && !strcmp(c->what, REASONS[i].what) &&
		    (!REASONS[i].collector ||
		     (collector->known && !strcmp(collector->text, REASONS[i].collector))))
			return REASONS[i].reason;
	return NULL;
}
