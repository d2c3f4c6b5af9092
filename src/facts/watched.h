// SPDX-License-Identifier: Apache-2.0
// What a running recorder knows of each JVM right now: for whoever publishes it.
//
// Plain data, filled by record/.

#ifndef FACTS_WATCHED_H
#define FACTS_WATCHED_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "facts/sample.h"

struct watched_account {
	const char *account;                // an id of ledger/accounts.def, or "unaccounted"
	uint64_t resident, committed, used; // UNKNOWN_BYTES: not known
};

struct watched_row {
	int pid;
	const char *main, *jdk, *collector, *container; // NULL: not known
	const struct sample *sample;                    // the latest
	uint64_t heap_max;                              // UNKNOWN_BYTES: not known
	double looked_s; // how long ago the accounts were looked at; negative: never
	const struct watched_account *account;
	size_t accounts;
};

struct watched_rows {
	const struct watched_row *at;
	size_t count;
	const char *host;
	double boot_s, wall_s;
	uint64_t ticks, ticks_late; // that could not be written when they were due
};

#endif
