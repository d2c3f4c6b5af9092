// SPDX-License-Identifier: Apache-2.0
// Which JVMs run, asked at every tick for as little as can be: a process that is no JVM after its first
// minute is not asked again for minutes.

#ifndef RECORD_POPULATION_H
#define RECORD_POPULATION_H

#include <stdbool.h>
#include <stddef.h>

struct arena;
struct fail;
struct jvm_row;
struct tree;

struct population {
	const struct tree *files;
	const char *target;            // as in struct recording_settings
	struct population_entry *seen; // sorted by pid
	size_t count;
};

typedef void population_found(void *arg, const struct jvm_row *row);

// Calls `found` for each JVM of the target that is new since the last time, or that `found` was not
// called for yet.  `now_s` rises.
bool population_update(struct population *p, double now_s, population_found *found, void *arg,
		       struct fail *why);
// Asks again about this one at the next time: it could not be opened.
void population_forget(struct population *p, int pid);
void population_drop(struct population *p);

#endif
