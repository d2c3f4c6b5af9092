// SPDX-License-Identifier: Apache-2.0
// What the rules over GC logs ask beyond sums (struct gc_burdens), gathered event by event.

#ifndef GCLOG_BURDENS_H
#define GCLOG_BURDENS_H

#include <stdbool.h>

#include "facts/gcstats.h"
#include "gclog/trend.h"

struct burdens {
	struct gc_burdens sum;
	struct gc_row row;           // of Full GCs that free next to nothing; under way
	double paused_s, row_base_s; // all pauses until now, and when the row began
	double last_pause_s;
	struct trend final_refs;
	bool began;
};

void burdens_init(struct burdens *b);
// Another JVM begins: nothing goes on.
void burdens_restart(struct burdens *b);
// `t`: the event's beginning by the log's clock; NAN.
void burdens_add(struct burdens *b, const struct gc_event *e, double t);
// `live`: the points of the live set's trend.
void burdens_judge(const struct burdens *b, const struct trend *live, struct gc_burdens *out);

#endif
