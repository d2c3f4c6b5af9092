// SPDX-License-Identifier: Apache-2.0
// Which of malloc's settings are in force: by what the allocator itself holds where that is known, else
// by its rules (docs/formats/tunables.md).

#ifndef DIAGNOSE_MALLOC_SETTINGS_H
#define DIAGNOSE_MALLOC_SETTINGS_H

#include <stdbool.h>

#include "base/arena.h"

struct snapshot;

struct judged_setting {
	const char *name, *given, *where;
	bool in_force;
	const char *why; // NULL: in force, as it was given
};

struct malloc_judgement {
	VEC(struct judged_setting) settings;
};

void malloc_settings_judge(const struct snapshot *s, struct arena *mem,
			   struct malloc_judgement *out);

#endif
