// SPDX-License-Identifier: Apache-2.0
// What malloc's settings do to the process at hand, in words: for who looks at malloc alone.
//
// No verdicts: whether it is a cause is for the rules.

#ifndef DIAGNOSE_MALLOC_EFFECTS_H
#define DIAGNOSE_MALLOC_EFFECTS_H

#include "base/arena.h"

struct snapshot;

struct malloc_effect {
	const char *setting; // "mmap_threshold"
	const char *value;   // in force, as people write it
	const char *text;
};

struct malloc_effects {
	VEC(struct malloc_effect) list;
};

// Nothing where malloc's own words are not known.
void malloc_effects_list(const struct snapshot *s, struct arena *mem, struct malloc_effects *out);

#endif
