// SPDX-License-Identifier: Apache-2.0
// Two moments of a JVM made of `given` lines: snapshots with facts, tables, pages and claims, from
// which the real ledger is built.  docs/formats/cases.md has the language.

#ifndef TESTS_DIAGNOSE_MOMENTS_H
#define TESTS_DIAGNOSE_MOMENTS_H

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "diagnose/rule.h"
#include "facts/snapshot.h"
#include "ledger/ledger.h"

enum { MOMENT_FIRST, MOMENT_NOW, MOMENTS };

struct words {
	const char **at;
	size_t count;
};

struct moments {
	struct arena *mem;
	struct snapshot snapshot[MOMENTS];
	struct ledger ledger[MOMENTS];
	uint64_t free_at[MOMENTS]; // the next address that nothing stands at
	double window_s;           // 0: there is only one moment
	pulse_rows pulses;
	struct gc_stats *log; // NULL: none was given
	const char *const *log_files;
	bool log_alone;
	struct evidence evidence;
};

void moments_init(struct moments *m, struct arena *mem);
// What follows the word `given`.  false, with a message: the line makes no sense.
bool moments_give(struct moments *m, const struct words *line, const char **message);
// Builds ledgers and evidence.
bool moments_seal(struct moments *m, const char **message);

// "98M", "64k", "4096", "true": sizes and counts alike.
bool moments_number(const char *text, uint64_t *value);

#endif
