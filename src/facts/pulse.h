// SPDX-License-Identifier: Apache-2.0
// What is cheap enough to be read several times a second between two looks: a tenth of a millisecond,
// without a look at the target's memory.
//
// Two moments can't tell what went on between them: how often it collected and why, what each collection
// left.  Pulses can.

#ifndef FACTS_PULSE_H
#define FACTS_PULSE_H

#include <stdbool.h>
#include <stdint.h>

#include "facts/snapshot.h"

enum pulse_id {
#define PULSE(id) PULSE_##id,
#include "facts/pulse.def"
#undef PULSE
	PULSE_COUNT
};

struct pulse_row {
	double at_s; // seconds since boot
	bool known[PULSE_COUNT];
	uint64_t value[PULSE_COUNT];
	const char *gc_cause; // of the last collection, as the VM words it; NULL: not known
};

typedef VEC(struct pulse_row) pulse_rows; // rising in time

// What of `s` a pulse holds; texts are copied into `mem`.
struct pulse_row pulse_of(const struct snapshot *s, struct arena *mem);

#endif
