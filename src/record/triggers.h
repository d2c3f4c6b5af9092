// SPDX-License-Identifier: Apache-2.0
// When a recorder looks closely by itself: near a limit, at fast growth, at many full collections, at
// too many resident bytes.  Pure: numbers in, which ones fire out.

#ifndef RECORD_TRIGGERS_H
#define RECORD_TRIGGERS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct arena;
struct sample;

enum trigger { TRIGGER_LIMIT, TRIGGER_GROWTH, TRIGGER_FULL_GC, TRIGGER_RSS, TRIGGER_COUNT };

struct trigger_settings {    // 0: not wanted
	double limit_share;  // of the container's limit, else of the machine's memory: 0.8
	double growth_per_s; // resident bytes a second
	double full_gc_per_min;
	uint64_t rss;     // resident bytes
	double rss_share; // of the heap's maximum: 1.5
};

struct trigger_state { // of one JVM and one trigger
	bool fired;    // and has not calmed down since
	double fired_s;
};

enum { TRIGGER_SAMPLES = 16 };

// What a JVM's triggers go by: its latest samples.
struct trigger_view {
	struct {
		double at_s;
		uint64_t rss, full_gcs; // UINT64_MAX: not known
	} sample[TRIGGER_SAMPLES];
	size_t count;                // ever pushed
	uint64_t limit, working_set; // of what its memory is counted against, latest
	bool of_machine;             // that is the machine
	uint64_t heap_max;
};

void triggers_push(struct trigger_view *v, double at_s, uint64_t rss, uint64_t full_gcs);
// Which fire now, as bits (1 << TRIGGER_...); `why` gets a sentence for the first of them, in `mem`.  One that
// fired is silent until it has calmed down (5 % below) and `rest_s` have passed.
unsigned triggers_judge(const struct trigger_settings *t, const struct trigger_view *v,
			struct trigger_state state[TRIGGER_COUNT], double now_s, double rest_s,
			struct arena *mem, const char **why);
const char *trigger_name(enum trigger t); // "limit"
// Resident bytes a second over the latest minute; 0 where that is not known.
double triggers_growth(const struct trigger_view *v);

#endif
