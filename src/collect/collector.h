// SPDX-License-Identifier: Apache-2.0
// A collector looks at one subject and fills the snapshot with facts, rows and claims.
//
// To add one: write collect/NAME.c with `const struct collector collector_NAME` and a row
// COLLECTOR(NAME) in collectors.def, whose order is the running order.  A collector never judges
// and never prints; what it can't bring it reports by returning false (the look goes on and the
// reason becomes a miss_row) or fact by fact with snapshot_set_missing().

#ifndef COLLECT_COLLECTOR_H
#define COLLECT_COLLECTOR_H

#include <stdbool.h>

#include "base/memory.h"
#include "base/tree.h"
#include "facts/snapshot.h"
#include "os/pages.h"
#include "parse/maps.h"

struct glibc;
struct hotspot;
struct hotspot_classes;
struct metaspace;
struct peek_question;
struct remote;
struct thread_print;

// What a look at classes alone is to bring: each beside the loaders costs more than they do.
enum {
	CLASSES_LOADERS = 1, // always
	CLASSES_FAMILIES = 2,
	CLASSES_DUPLICATES = 4,
	CLASSES_HOLDERS = 8, // what keeps one loader alive
	CLASSES_ALLOCATED = 16,
	CLASSES_PARTS = 32,    // what each class takes: a walk over all of Metaspace
	CLASSES_CHUNKS = 64,   // how Metaspace is cut
	CLASSES_OBJECTS = 128, // objects of each class: a walk over the Java heap
};

// Whether malloc's chunks are walked through, which reads all of its memory.
enum target_chunks {
	CHUNKS_NO,
	CHUNKS_FEW,  // once, and only where they are few enough for a look that is done by the way
	CHUNKS_ONCE, // however many they are; a target that allocates makes it less sure
	CHUNKS_ALL,  // as often as it takes
};

// What we look at: a live process or a moment of a capture.
struct target {
	int pid;    // the host's
	int ns_pid; // innermost, by NSpid: names the JVM's files and sockets
	const struct tree *files;
	struct memory *memory; // empty when memory may not be read
	struct remote *remote; // reader of live memory below `memory`; NULL for captures
	enum tier tier;
	const char *memory_denied; // why memory can't be read, NULL when it can
	const char *pages_denied;  // why pages can't be told, NULL when they can
	const char *tier_gain;     // see struct snapshot
	const char *hsperf_path; // where an earlier look found its jvmstat file; NULL: look for it
	bool live;               // signals and sockets make sense
	bool may_attach;         // false with --no-attach
	bool want_pss;           // --pss: smaps may be read once
	bool want_blocks, want_sites; // of Native Memory Tracking: what costs more than counters
	bool ask_nmt;       // and may be asked for it (may_attach too), where memory does not tell
	bool classes_alone; // only what collectors `of_classes` bring ...
	unsigned of_them;   // ... with one of these bits, CLASSES_*
	const char *of_loader; // with CLASSES_HOLDERS: an address, or a type that one loader has
	enum target_chunks want_chunks;
	const struct peek_question *peek; // what memory is to be looked into; NULL: none
	enum jstat_view jstat;            // whose columns are wanted; JSTAT_NONE: nobody's
	bool plain;                       // no JVM: only what holds for any process is looked for
	bool recorded; // into a capture: all must come through `files` and `memory`
};

// One pass over a target.  Earlier collectors leave here what later ones need.
struct look {
	const struct target *target;
	bool briefly; // what changes is asked, not who the target is
	struct snapshot *out;
	struct arena *mem;  // dies with the snapshot
	struct maps maps;   // by collector maps
	struct pages pages; // by collector pages, and the largest by scanned; empty when denied
	bool has_pages;
	bool scan_at_once;               // the scan is not to go on beside other work
	bool scanned_beside;             // it did
	uint64_t stale;                  // by collector malloc: see collect/stale.h
	struct pages_scan *scan;         // under way, between collectors pages and scanned
	bool vm_damaged;                 // by collector vm: HotSpot, but its layout makes no sense
	struct glibc *glibc;             // by collector malloc; NULL: not glibc's, or not read
	struct hotspot *vm;              // by collector vm; NULL when there is none or no memory
	struct hotspot_classes *classes; // by collector classes; NULL likewise
	struct metaspace *metaspace;     // by collector metaspace; NULL likewise
	struct thread_print *printed;    // by collector attach: the VM's list of threads; else NULL
};

enum { COLLECTOR_ACCOUNTS = 12 };

struct collector {
	const char *name;
	const char *sentence; // what it brings, for docs and --help
	enum tier needs;      // the poorest tier in which it still works
	bool plain;           // it looks at processes that are no JVMs too
	bool needs_vm;        // run only when look->vm is there
	unsigned of_classes;  // part of a look at classes alone that is to bring one of these
	// The poorer way: run only when look->vm is not there, for another reason than that it is
	// damaged.
	bool only_without_vm;
	// Accounts that nobody else can tell, up to a NULL: doubted when the collector fails in a
	// target whose memory it could read.
	const char *accounts[COLLECTOR_ACCOUNTS];
	bool (*run)(struct look *look, struct fail *why);
};

#define COLLECTOR(name) extern const struct collector collector_##name;
#include "collect/collectors.def"
#undef COLLECTOR

// A miss of a collector that goes on, its accounts unknown: they moved while they were read.
void look_torn(struct look *look, const struct collector *c, const struct fail *why);
// Something is missing or less sure, but what was brought stands: a miss.
void look_miss(struct look *look, const struct collector *c, const struct fail *why);
// Whether the process is stopped (SIGSTOP, a debugger): then nothing changes between two readings,
// and what contradicts itself is damaged.
bool look_is_stopped(const struct look *look);
// Provenance in one word: from(look, "metaspace", "vmstructs", CERTAINTY_EXACT).
struct provenance look_from(const struct look *look, const char *collector, const char *source,
			    enum certainty certainty);

#endif
