// SPDX-License-Identifier: Apache-2.0
// A snapshot in a few lines, for tests of the ledger: mappings, runs and claims by hand.

#ifndef TESTS_LEDGER_GIVEN_H
#define TESTS_LEDGER_GIVEN_H

#include "base/arena.h"
#include "facts/snapshot.h"

static inline void given_mapping(struct snapshot *s, uint64_t start, uint64_t end, const char *path)
{
	vec_push(s->mem, &s->mappings,
		 (struct mapping_row){ .start = start,
				       .end = end,
				       .readable = true,
				       .writable = true,
				       .path = path });
}

static inline void given_run(struct snapshot *s, uint64_t start, uint64_t end)
{
	vec_push(s->mem, &s->runs, (struct run_row){ .start = start, .end = end });
}

static inline void given_swapped(struct snapshot *s, uint64_t start, uint64_t end)
{
	vec_push(s->mem, &s->runs, (struct run_row){ .start = start, .end = end, .swapped = true });
}

static inline void given_claim(struct snapshot *s, const char *account, uint64_t start,
			       uint64_t end)
{
	snapshot_claim(s, (struct claim){ .start = start,
					  .end = end,
					  .account = account,
					  .source = "test",
					  .certainty = CERTAINTY_EXACT });
}

#endif
