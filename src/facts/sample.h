// SPDX-License-Identifier: Apache-2.0
// One tick of the recorder: what of a JVM is cheap enough to be read every few seconds for weeks.
//
// Plain data, like a pulse; a number that is not known is UNKNOWN_BYTES.

#ifndef FACTS_SAMPLE_H
#define FACTS_SAMPLE_H

#include <stddef.h>
#include <stdint.h>

#include "facts/pulse.h"
#include "facts/snapshot.h"

enum sample_id {
#define SAMPLE_FACT(id)      SAMPLE_##id,
#define SAMPLE_CONTAINER(id) SAMPLE_CONTAINER_##id,
#include "facts/sample.def"
#undef SAMPLE_FACT
#undef SAMPLE_CONTAINER
	SAMPLE_COUNT
};

struct sample {
	double at_s;   // on the history's own clock, which never goes back
	double wall_s; // seconds since 1970, as the machine's clock said
	uint64_t value[SAMPLE_COUNT];
	const char *gc_cause; // of the last collection; NULL: not known
};

typedef VEC(struct sample) sample_rows; // rising in time

// Of a snapshot, brief or whole.  `gc_cause` stays the snapshot's.
struct sample sample_of(const struct snapshot *s);
// What of it a pulse holds.
struct pulse_row sample_pulse(const struct sample *s);
// "os_rss", "container_usage": the name by which it lies on disk, at most 63 characters.
const char *sample_name(enum sample_id id, char to[64]);

#endif
