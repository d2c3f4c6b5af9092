// SPDX-License-Identifier: Apache-2.0
// What a piece of memory contains, in shares: a sample of its fragments, each of one kind.

#ifndef FACTS_PEEK_H
#define FACTS_PEEK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"

struct peek_kind {
	const char *id, *title;
	uint64_t fragments;
	double share;        // of the bytes that the sample stands for
	uint64_t example_at; // a fragment of it
};

struct peek_name { // of a package, or what was masked of a text
	const char *text;
	uint64_t count; // in the sample
};

struct peek_facts {
	bool known;
	const char *what;    // "malloc, freed", or the account and mapping that hold the address
	uint64_t start, end; // of an address: the piece of memory that holds it; else 0, 0
	uint64_t resident;   // bytes in memory of all that was asked for
	uint64_t read;       // of them, in the sample
	uint64_t fragments;
	VEC(struct peek_kind) kinds; // largest share first
	VEC(struct peek_name) names; // most frequent first
	VEC(struct peek_name) texts; // likewise
	bool unmasked;
};

#endif
