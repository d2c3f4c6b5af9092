// SPDX-License-Identifier: Apache-2.0
#include "facts/pulse.h"

static const enum fact_id FACTS[PULSE_COUNT] = {
#define PULSE(id) [PULSE_##id] = F_##id,
#include "facts/pulse.def"
#undef PULSE
};

struct pulse_row pulse_of(const struct snapshot *s, struct arena *mem)
{
	const struct fact *cause = &s->fact[F_GC_CAUSE];
	struct pulse_row row = { .at_s = s->at_s };

	for (size_t i = 0; i < PULSE_COUNT; i++) {
		row.known[i] = s->fact[FACTS[i]].known;
		row.value[i] = s->fact[FACTS[i]].value;
	}
	row.gc_cause = cause->known ? arena_text(mem, cause->text) : NULL;
	return row;
}
