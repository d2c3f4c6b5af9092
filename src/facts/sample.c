// SPDX-License-Identifier: Apache-2.0
#include "facts/sample.h"

#include <stdio.h>

// A fact's id, or where in the container's facts it lies.
static const struct {
	bool container;
	enum fact_id fact;
	size_t at;
	const char *name; // of the container's
} SAMPLES[SAMPLE_COUNT] = {
#define SAMPLE_FACT(id) [SAMPLE_##id] = { .fact = F_##id },
#define SAMPLE_CONTAINER(id)                                                                       \
	[SAMPLE_CONTAINER_##id] = { true, .at = offsetof(struct container_facts, id),              \
				    .name = "container_" #id },
#include "facts/sample.def"
#undef SAMPLE_FACT
#undef SAMPLE_CONTAINER
};

static const enum fact_id PULSES[PULSE_COUNT] = {
#define PULSE(id) [PULSE_##id] = F_##id,
#include "facts/pulse.def"
#undef PULSE
};

struct sample sample_of(const struct snapshot *s)
{
	const struct fact *cause = &s->fact[F_GC_CAUSE];
	struct sample row = { .at_s = s->at_s, .wall_s = (double)s->wall_s };

	for (size_t i = 0; i < SAMPLE_COUNT; i++) {
		if (!SAMPLES[i].container)
			row.value[i] = snapshot_get(s, SAMPLES[i].fact, UNKNOWN_BYTES);
		else if (s->container.known)
			row.value[i] =
				*(const uint64_t *)((const char *)&s->container + SAMPLES[i].at);
		else
			row.value[i] = UNKNOWN_BYTES;
	}
	row.gc_cause = cause->known ? cause->text : NULL;
	return row;
}

struct pulse_row sample_pulse(const struct sample *s)
{
	struct pulse_row row = { .at_s = s->at_s, .gc_cause = s->gc_cause };

	for (size_t p = 0; p < PULSE_COUNT; p++)
		for (size_t i = 0; i < SAMPLE_COUNT; i++)
			if (!SAMPLES[i].container && SAMPLES[i].fact == PULSES[p]) {
				row.known[p] = s->value[i] != UNKNOWN_BYTES;
				row.value[p] = row.known[p] ? s->value[i] : 0;
			}
	return row;
}

const char *sample_name(enum sample_id id, char to[64])
{
	snprintf(to, 64, "%s",
		 SAMPLES[id].container ? SAMPLES[id].name : FACT_INFO[SAMPLES[id].fact].name);
	for (char *c = to; *c; c++)
		if (*c == '.')
			*c = '_';
	return to;
}
