// SPDX-License-Identifier: Apache-2.0
// Reads a GC log as a stream of bytes: finds its dialect, gives its events to a sink.
//
// HotSpot has two families of GC logs (docs/formats/gclog.md): lines of unified logging (JDK 9 and
// later), which stand alone, and the records of JDK 1.4 to 8, which run over several lines and into
// which other threads write.  Both may be cut, mixed with other text and restarted within a file;
// what is damaged loses its own record and no other.  Memory is bounded whatever the length.
// Nothing here opens, reads or asks for the time.

#ifndef GCLOG_GCLOG_H
#define GCLOG_GCLOG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "facts/gcstats.h"

// Events come in the order of the log; one may wait for lines that belong to it, for instance its CPU
// times.  `e` lives as long as the call.
typedef void gclog_sink(void *arg, const struct gc_event *e);

enum gclog_dialect { GCLOG_UNKNOWN, GCLOG_UNIFIED, GCLOG_PREUNIFIED, GCLOG_FOREIGN };
const char *gclog_dialect_name(enum gclog_dialect d); // "unified"

enum gclog_collector {
	GCLOG_COLLECTOR_UNKNOWN,
	GCLOG_SERIAL,
	GCLOG_PARALLEL,
	GCLOG_PARNEW, // ParNew in front of the serial old generation
	GCLOG_CMS,
	GCLOG_G1,
	GCLOG_SHENANDOAH,
	GCLOG_SHENANDOAH_GENERATIONAL,
	GCLOG_ZGC,
	GCLOG_ZGC_GENERATIONAL,
	GCLOG_EPSILON,
	GCLOG_COLLECTOR_COUNT
};
const char *gclog_collector_name(enum gclog_collector c); // "G1"; "" for UNKNOWN

// What is known of the log beside its events.
struct gclog_facts {
	enum gclog_dialect dialect;
	enum gclog_collector collector;
	const char *foreign;         // the VM whose log it is, of FOREIGN: "IBM J9"; else NULL
	char jdk[32];                // "17.0.2", "1.8.0_60"; "": the log doesn't say
	uint64_t max_heap, max_meta; // by its flags or header; UNKNOWN_BYTES
	uint64_t region;             // G1's region size
	uint64_t swap, swap_free;    // of the machine, at the log's beginning
	unsigned cpus;               // 0: not said
	uint64_t lines;              // all
	uint64_t unknown; // neither an event, nor a detail that belongs to one, nor a header
	uint64_t damaged; // records that began and were never finished
	struct gc_stranger strangers[GC_STRANGERS];
	size_t stranger_count;
};

struct gclog;

// `sink` is called from within gclog_feed() and gclog_finish().
struct gclog *gclog_create(gclog_sink *sink, void *arg);
void gclog_destroy(struct gclog *g);
// The next bytes, cut anywhere.
void gclog_feed(struct gclog *g, const char *bytes, size_t len);
// What follows is another file of the same set, or the same file from its beginning after it was
// rotated.  A record that a file's end cuts may go on in the next.
void gclog_next_file(struct gclog *g, unsigned index);
// Gives what is still being waited for: no more lines are expected soon (of a followed log).
void gclog_flush(struct gclog *g);
// The end: the last line may have no newline.  A record that is cut off here is an event without a
// duration when all that is missing is its end.
void gclog_finish(struct gclog *g);
const struct gclog_facts *gclog_facts(const struct gclog *g);

#endif
