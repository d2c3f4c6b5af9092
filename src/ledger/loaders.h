// SPDX-License-Identifier: Apache-2.0
// Metaspace by loader: the resident bytes of each, and loaders of one class taken together.
//
// Thousands of loaders of one class are one line for a person; the single loader is the row that
// claims name.

#ifndef LEDGER_LOADERS_H
#define LEDGER_LOADERS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct arena;
struct ledger;

struct loader_group {
	const char *type; // as in struct loader_row; NULL: not known
	bool hidden;
	size_t loaders;
	uint64_t classes;
	uint64_t metaspace, class_space; // resident, by account
	uint64_t used, committed;        // Metaspace and class space together
};

struct loader_groups {
	struct loader_group *at; // the largest first
	size_t count;
};

// All loaders of the snapshot, those of hidden classes apart; the array lives in `mem`.
void loaders_group(const struct ledger *l, struct arena *mem, struct loader_groups *out);

#endif
