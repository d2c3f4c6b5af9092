// SPDX-License-Identifier: Apache-2.0
// What faces see: snapshot, ledger and findings together.  A presenter formats, it never computes
// meaning.  Every function writes to a stream that the caller owns.

#ifndef PRESENT_REPORT_H
#define PRESENT_REPORT_H

#include <stdbool.h>
#include <stdio.h>

#include "diagnose/aftermath.h"
#include "diagnose/course.h"
#include "diagnose/diagnosis.h"
#include "facts/past.h"
#include "facts/sample.h"
#include "facts/snapshot.h"
#include "ledger/ledger.h"

enum report_by {
	BY_ACCOUNT,
	BY_MAPPING,
	BY_THREAD,
	BY_LOADER,
	BY_ARENA,
	BY_CATEGORY, // of Native Memory Tracking
	BY_SITE,     // likewise, where it has call sites
};

// What a report compares with, where that is no earlier look of the same run.
struct report_against {
	const char *capture; // the file's name
	bool same_process;
};

// Of a history: what is known beside the two looks of the report.
struct report_past {
	const char *path;
	struct past_jvm jvm;
	size_t samples;                // in the time that was asked for
	double from_wall_s, to_wall_s; // the first of them and the last
	struct sample first, last;     // likewise; with `samples` alone
	double look_wall_s;            // when the report's look was taken
	struct course rss;
	double since_wall_s; // rss.since_s by the wall clock
	const past_events *events;
};

struct gc_report;

struct report {
	const struct snapshot *now, *first; // first == now without a window
	const struct ledger *ledger, *first_ledger;
	const struct diagnosis *diagnosis; // NULL for map
	double window_s;
	const struct report_against *against; // NULL: nothing
	const struct aftermath *aftermath;    // of doctor --against; NULL: nothing
	const char *aftermath_of;             // the older capture's name
	const pulse_rows *pulses;             // of the window; NULL without one
	const struct report_past *past;       // NULL: this is no history
	const struct gc_report *log;          // the GC log that was judged too; NULL: none
	bool log_alone; // there is nothing else: `now` is empty, `ledger` NULL
	enum report_by by;
	size_t top;      // rows of a drill-down that text shows; 0: as many as fit a screen
	bool all_rows;   // --top 0
	bool all_causes; // --causes
	bool colour;
	const char *tool_version;
	// Which commands this version has for a running JVM; others that it names are said to come.
	// NULL: all.
	bool (*has_command)(const char *name);
};

void report_map_text(const struct report *r, FILE *to);    // present/map_text.c
void report_map_json(const struct report *r, FILE *to);    // present/map_json.c
void report_doctor_text(const struct report *r, FILE *to); // present/doctor_text.c
void report_doctor_json(const struct report *r, FILE *to); // present/doctor_json.c
// Findings and the count of the rest alone, as doctor prints them.
void report_findings_text(const struct report *r, FILE *to); // present/doctor_text.c

#endif
