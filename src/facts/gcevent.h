// SPDX-License-Identifier: Apache-2.0
// One event model for every dialect of HotSpot's GC logs.
//
// Sizes are bytes, UNKNOWN_BYTES where the log doesn't say; times are seconds, NAN where it doesn't
// say.

#ifndef FACTS_GCEVENT_H
#define FACTS_GCEVENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "facts/snapshot.h"

enum gc_type {
	GC_PAUSE,      // all Java threads stand still
	GC_CONCURRENT, // a phase that runs beside them
	GC_CYCLE,      // a whole concurrent cycle, from a line that sums it up
	GC_STALL,      // one Java thread waits for memory
	GC_STOP,       // a safepoint as a whole, whatever it was for
	GC_TYPE_COUNT
};

enum gc_kind {
	GC_OTHER,
	GC_YOUNG,
	GC_MIXED,
	GC_FULL,
	GC_INITIAL_MARK, // also a young collection that starts a cycle
	GC_REMARK,
	GC_CLEANUP,
	GC_MARK, // concurrent: marking
	GC_PRECLEAN,
	GC_SWEEP, // concurrent: frees memory (CMS)
	GC_DEGENERATED,
	GC_KIND_COUNT
};

// What happened in it; bits of `flags`.
enum {
	GC_NESTED = 1 << 0, // inside another pause: its time is that one's already
	GC_PROMOTION_FAILED = 1 << 1,
	GC_CONCURRENT_FAILED = 1 << 2, // concurrent mode failure or interrupted
	GC_TO_SPACE = 1 << 3,          // to-space exhausted, evacuation failure
	GC_EXPLICIT = 1 << 4,          // somebody asked for it
	GC_HUMONGOUS = 1 << 5,         // caused by a humongous allocation
	GC_METADATA = 1 << 6,          // caused by Metaspace or the permanent generation
	GC_LOCKER = 1 << 7,            // caused by GCLocker
	GC_LAST_DITCH = 1 << 8,
	GC_DUE_TO_TIME = 1 << 9, // an abortable preclean that ran out of time
	GC_PERM = 1 << 10,       // `meta` is the permanent generation
	GC_ABORTED = 1 << 11,
	GC_CPU = 1 << 12, // user_s, sys_s and real_s are known
};

struct gc_change {
	uint64_t before, after, capacity;
};

struct gc_event {
	enum gc_type type;
	enum gc_kind kind;
	unsigned flags;
	uint64_t id;     // of unified logging; UNKNOWN_BYTES: none
	char name[56];   // "Pause Young (Normal)", "Concurrent Mark"
	char cause[48];  // "Allocation Failure"; "" where the log has none
	double uptime_s; // when it began
	double wall_s;   // when it began, since 1970
	double duration_s;
	double user_s, sys_s, real_s;
	double reach_s; // of a stop: until all threads had come to it
	struct gc_change heap, young, old, meta;
	uint64_t survivors; // after it
	uint64_t
		final_refs; // objects with a finalizer that it found unreachable (ZGC: that there are)
	unsigned tenuring;          // the age from which on objects are promoted; 0: not said
	uint64_t humongous_regions; // after it
	unsigned file;              // index of the log's file
	uint64_t line, last_line;   // of that file, from 1
};

void gc_event_clear(struct gc_event *e);     // nothing known
const char *gc_type_name(enum gc_type type); // "pause"
const char *gc_kind_name(enum gc_kind kind); // "young"
// A safepoint's operation is no collection's, by HotSpot's names.
bool gc_stop_is_other(const char *name);

#endif
