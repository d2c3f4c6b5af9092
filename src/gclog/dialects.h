// SPDX-License-Identifier: Apache-2.0
// What the readers of both families share: how they emit, and where they note what the log says of
// its VM.  Only for src/gclog.

#ifndef GCLOG_DIALECTS_H
#define GCLOG_DIALECTS_H

#include "gclog/gclog.h"

struct gclog_line {
	const char *at, *end; // without newline and CR
	uint64_t number;
	unsigned file;
};

struct gclog_output {
	gclog_sink *sink;
	void *arg;
	struct gclog_facts *facts;
};

// Of a line: what it turned out to be.
enum gclog_told {
	GCLOG_EVENT,   // an event, or a part of one
	GCLOG_DETAIL,  // known, and nothing that is counted
	GCLOG_STRANGE, // not known
	GCLOG_NOT_OURS // not a line of this family
};

// A later sign is better than an earlier one only where it says more (CMS after ParNew).
void gclog_saw_collector(struct gclog_facts *f, enum gclog_collector c);
// Of the name of a pause, a cause or a safepoint's operation, where no header told the collector.
void gclog_saw_words(struct gclog_facts *f, const char *words);
// Headers that both families have: versions, command line flags, memory, heap at exit.
// A detail that only HotSpot writes proves the log as well as an event does; sets f->dialect.
enum gclog_told gclog_header(struct gclog_facts *f, const char *p, const char *end);
// Lines of details that stand alone and have no brackets that count.
bool gclog_is_noise(const char *p, const char *end);
// "Desired survivor size 1048576 bytes, new threshold 2 (max 15)"
bool gclog_tenuring(const char *p, const char *end, unsigned *threshold);
// Bits that a cause brings with it, of every JDK's wording.
unsigned gclog_cause_flags(const char *cause);
// The VM whose log this is, if it is another's; NULL.
const char *gclog_foreign(const char *p, const char *end);

// --- unified logging: one line, one message ------------------------------------------------------
enum { UNIFIED_SLOTS = 8, UNIFIED_QUEUE = 8, UNIFIED_GROUPS = 12 };
struct unified_slot {
	uint64_t id;
	bool used;
	unsigned flags; // of its pauses
	struct gc_change young, old, meta;
	uint64_t eden, survivors, humongous_regions, final_refs;
	unsigned tenuring;
	char cause[48]; // of the cycle
};
struct unified {
	struct unified_slot
		slot[UNIFIED_SLOTS]; // by id: what its lines brought before the pause's own
	struct gc_event queue[UNIFIED_QUEUE]; // in the order of the log, for what may follow
	size_t first, count;
	unsigned failed;    // flags that a line without an id brought
	char operation[56]; // "Entering safepoint region: X"
	// Where the last line's decorations ended, each: the next line's mostly end there too.
	unsigned char close[UNIFIED_GROUPS];
	unsigned groups;
	bool any; // a decorated line was seen
};
enum gclog_told unified_line(struct unified *u, const struct gclog_line *l,
			     const struct gclog_output *out);
void unified_flush(struct unified *u, const struct gclog_output *out);
// "Total time for which application threads were stopped: 0.1 seconds, Stopping threads took: 0.01
// seconds", of both families.
bool gclog_stop(const char *p, const char *end, struct gc_event *e);

// --- records of JDK 1.4 to 8 ---------------------------------------------------------------------
enum { RECORD_ROOM = 16 << 10 };
struct open_record {
	int depth;            // of brackets; 0: none is open
	size_t len;           // of `text`, what others wrote left out
	struct gc_event open; // its stamps and place
	size_t inner_at;      // a scavenge within a remark: where it is in `text`; 0: none
	int inner_depth;
	struct gc_event inner;
	bool has_inner; // it was one, and closed
	char text[RECORD_ROOM];
};
struct preunified {
	struct open_record now;
	struct open_record before; // another record came into it; its end may follow
	bool has_pause, has_concurrent;
	struct gc_event pause;      // closed, waits for heap details and CPU times
	struct gc_event concurrent; // likewise
};
enum gclog_told preunified_line(struct preunified *u, const struct gclog_line *l,
				const struct gclog_output *out);
void preunified_flush(struct preunified *u, const struct gclog_output *out);
void preunified_finish(struct preunified *u, const struct gclog_output *out);
// The grammar of one whole record, from its '[' to its ']', without what others wrote into it.
// False: it is none that counts.
bool record_parse(const char *p, const char *end, struct gc_event *e, struct gclog_facts *facts);
// "[Eden: ... Heap: a(b)->c(d)]" and its like, behind a G1 pause.
bool record_g1_detail(const char *p, const char *end, struct gc_event *e);
// "user=0.1 sys=0.0, real=0.1 secs", also with lost blanks.
bool record_times(const char *p, const char *end, struct gc_event *e);

#endif
