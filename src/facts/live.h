// SPDX-License-Identifier: Apache-2.0
// Objects of the Java heap by class, as they lie there: garbage is among them.

#ifndef FACTS_LIVE_H
#define FACTS_LIVE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"

struct live_row {
	const char *name; // as jcmd has it: "java.lang.String", "[B"
	uint64_t count, bytes;
	uint64_t old_count, old_bytes; // of them in the old generation
};

struct live_facts {
	bool known;
	VEC(struct live_row) rows;
	uint64_t objects, bytes;
	uint64_t used;    // below the spaces' tops
	uint64_t gaps;    // of it what threads have but did not give out yet
	uint64_t skipped; // of it what no object of a known class explains
	unsigned repeats; // readings that a collection fell into
};

#endif
