// SPDX-License-Identifier: Apache-2.0
// What a GC log says when all its events are put together.  gclog/stats.c computes it; rules weigh
// it, presenters print it.  Plain data, no pointers but to constant text.
//
// Times are seconds, sizes bytes, rates bytes a second.  NAN and UNKNOWN_BYTES: the log doesn't say.

#ifndef FACTS_GCSTATS_H
#define FACTS_GCSTATS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "facts/gcevent.h"

struct gc_place {
	unsigned file; // index of the log's file
	uint64_t line; // 0: there is none
};

// A line that could not be told, for people to see.
struct gc_stranger {
	unsigned file;
	uint64_t line;
	char text[100];
};
enum { GC_STRANGERS = 8 };

// Durations that were put together.
struct gc_sum {
	uint64_t count;
	double sum_s, max_s;
	struct gc_place first, worst, last;
};

struct gc_named_sum {
	char name[56];
	struct gc_sum sum;
};

struct gc_pauses {
	struct gc_sum all;   // a pause within another counts once
	uint64_t unmeasured; // among them: the log does not say how long
	uint64_t nested;     // pauses within others, which are not among them
	bool exact;          // percentiles; else they are right to 0.1 %
	double min_s, p50_s, p90_s, p95_s, p99_s, p999_s;
};

// A line through points: Theil and Sen's slope, which a third of outliers doesn't move.
struct gc_trend {
	size_t points;                  // 0: too few
	double low, slope, high;        // bytes a second; 95 % interval
	double r2;                      // of the line
	uint64_t first, last, capacity; // of the points; capacity UNKNOWN_BYTES
	double span_s;
	// Seconds from the last point until `capacity` is reached; INFINITY never, NAN not known.
	double until_full_low_s, until_full_s, until_full_high_s;
};

struct gc_rate {
	uint64_t count;   // what it was measured by
	uint64_t bytes;   // all of it
	double over_s;    // in this time
	double mean, max; // a second; max between two neighbouring collections at least 10 ms apart
};

struct gc_full {
	uint64_t count;         // full collections whose effect on the heap is known
	struct gc_change heap;  // of the last
	double freed_share;     // of what was used before the last one
	double old_freed_share; // of the old generation; NAN
	struct gc_place place;  // of the last
	struct gc_change old;   // of the last
	char cause[48];
};

struct gc_meta {
	bool perm;                       // the permanent generation (JDK 7 and before)
	uint64_t collections;            // full or unloading ones, with before and after
	uint64_t by_cause;               // collections that it caused
	uint64_t by_cause_freed_nothing; // of those: after >= 98 % of before
	uint64_t last_ditch;
	struct gc_place futile_first, futile_last; // of those that freed nothing
	struct gc_change last;                     // of the last collection that could unload
	uint64_t peak;
	double last_at_s;
};

// Concurrent cycles of the old generation: CMS and G1, by what the old generation or the heap holds
// at each one's beginning.
struct gc_cycles {
	uint64_t count;
	uint64_t pairs;         // neighbours whose beginnings are both known
	uint64_t freed_nothing; // of those: what is used rose, or fell by less than 2 %
	uint64_t back_to_back;  // of those: the next began within 3 s of the last one's end
	uint64_t longest_row;   // of cycles that freed nothing, back to back
	struct gc_place row_first, row_last;
	double row_s, row_cores;      // how long that row took, and the CPU it used; NAN
	uint64_t last_used, capacity; // at the last one's beginning
};

struct gc_cpu {
	uint64_t measured; // pauses and phases whose CPU is known
	double pauses_s, concurrent_s;
	double cores;            // of both, over the log's span
	struct gc_sum sys_heavy; // sys > user, and 10 ms or more
	struct gc_sum waited;    // real > user + sys, by more than half and 10 ms
};

// A row of neighbouring events of one kind.
struct gc_row {
	uint64_t count;
	struct gc_place first, last;
	double begin_s, end_s, paused_s; // all pauses in it
	uint64_t used, capacity;         // the least that one of them left
};

// What rules ask beyond sums: gclog/burdens.c.
struct gc_burdens {
	struct gc_row
		full; // Full GCs one after the other that left 80 % of the heap and more in use; the worst
	struct gc_sum
		failed; // promotion failed, concurrent mode failure, to-space exhausted: each pause once
	uint64_t failed_free,
		failed_young; // at the last one that says: free in the old generation; in the young one
	struct gc_sum
		humongous_futile; // caused by a humongous allocation; 2 % or less of the heap was freed
	struct gc_sum locker_futile; // the same of GCLocker's
	struct gc_sum
		full_with_room; // Full GCs for an allocation, of a heap that was filled to 80 % at most
	struct gc_sum explicit_full;
	struct gc_sum slow_reach;  // stops that threads took more than 0.1 s to come to
	struct gc_sum other_stops; // stops whose name is no collection's
	struct gc_sum swap_like;   // waited, and mostly in the kernel
	struct gc_sum meta_full;   // Full GCs for Metaspace
	double meta_full_last_s;   // uptime; NAN
	struct gc_sum
		meta_futile_late; // for Metaspace, five minutes after the start and later; freed nothing of it
	struct gc_sum starved;         // longer than their CPU times account for, by ticks and more
	uint64_t tenured, tenured_low; // collections whose threshold is known; those with 1 or 2
	struct gc_trend final_refs;
	double first_half, second_half; // of `live`: slopes of its halves; NAN
	double gap_s;                   // the longest time without a pause
	struct gc_place gap;
	uint64_t no_cause, no_cpu, no_heap; // pauses of which the log does not say it
};

// The course of a log for charts: each point is so many neighbouring pauses that all fit.
struct gc_point {
	double begin_s, end_s; // since the log's first event, runs one behind the other
	uint32_t pauses;
	bool full; // one of them was a Full GC or failed
	double max_s, sum_s;
	uint64_t before, after,
		capacity; // of the heap: the most, the least, the last; UNKNOWN_BYTES
	uint64_t allocated, promoted;
};
enum { GC_POINTS = 1024 };
struct gc_course {
	size_t count;
	uint64_t per_point;
	struct gc_point at[GC_POINTS];
};

enum { GC_NAMES = 32 };

struct gc_stats {
	const char *dialect, *collector; // "unified", "G1"
	char jdk[32];
	uint64_t lines, unknown_lines, damaged;
	struct gc_stranger strangers[GC_STRANGERS]; // the first of the unknown
	size_t stranger_count;
	uint64_t events;
	uint64_t runs; // JVMs: 1 and one for each restart
	double span_s; // from first to last, of all runs
	double begin_wall_s, end_wall_s;
	bool stamped;      // the log has any time
	double throughput; // share of the span in which no pause was
	struct gc_pauses pauses;
	struct gc_named_sum names[GC_NAMES], causes[GC_NAMES], phases[GC_NAMES], stops[GC_NAMES];
	size_t name_count, cause_count, phase_count, stop_count;
	uint64_t by_kind[GC_KIND_COUNT]; // pauses
	struct gc_rate allocated, promoted;
	struct gc_trend live; // what full and mixed collections and cycles leave
	struct gc_full full;
	struct gc_meta meta;
	struct gc_cycles cycles;
	struct gc_cpu cpu;
	struct gc_sum to_space, promotion_failed, concurrent_failed, degenerated, explicit_gc,
		humongous, locker, stalls;
	uint64_t humongous_regions; // the most after a collection
	uint64_t due_to_time;       // abortable precleans that ran out of time
	double explicit_period_s;   // median time between explicit collections
	struct gc_sum stop, reach;  // safepoints, and the way to them
	double other_stops_s;       // in stops beyond pauses and the way to them
	uint64_t heap_peak, heap_capacity;
	struct gc_burdens burdens;
	struct gc_course course;
	uint64_t max_heap, max_meta; // by flags or header
	uint64_t swap, swap_free;    // of the machine, when the log began
	unsigned cpus;               // 0: not said
};

#endif
