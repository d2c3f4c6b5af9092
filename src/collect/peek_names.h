// SPDX-License-Identifier: Apache-2.0
// Texts with how often they were seen: a table of bounded size, of which the most frequent are wanted.

#ifndef COLLECT_PEEK_NAMES_H
#define COLLECT_PEEK_NAMES_H

#include "base/span.h"
#include "facts/peek.h"

struct peek_names;

struct peek_names *peek_names_new(struct arena *mem);
// Counts one; a new one is dropped when the table is full.
void peek_names_count(struct peek_names *n, struct span text);
// The `most` most frequent ones, longer ones before shorter where alike; appended to `rows`.
void peek_names_list(const struct peek_names *n, size_t most, struct arena *mem,
		     struct peek_name **rows, size_t *count);

#endif
