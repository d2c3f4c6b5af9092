// SPDX-License-Identifier: Apache-2.0
// What faces see: snapshot, ledger and findings together.  A presenter formats, it never computes
// meaning.  Every function writes to a stream that the caller owns.

#ifndef PRESENT_REPORT_H
#define PRESENT_REPORT_H

#include <stdbool.h>
#include <stdio.h>

#include "diagnose/diagnosis.h"
#include "facts/snapshot.h"
#include "ledger/ledger.h"

enum report_by { BY_ACCOUNT, BY_MAPPING, BY_THREAD, BY_LOADER, BY_ARENA };

struct report {
	const struct snapshot *now, *first; // first == now without a window
	const struct ledger *ledger, *first_ledger;
	const struct diagnosis *diagnosis; // NULL for map
	double window_s;
	enum report_by by;
	size_t top;      // rows of a drill-down that text shows; 0: as many as fit a screen
	bool all_rows;   // --top 0
	bool all_causes; // --causes
	bool colour;
	const char *tool_version;
	// Which commands this version has; those that it names and has not are said to come.  NULL: all.
	bool (*has_command)(const char *name);
};

void report_map_text(const struct report *r, FILE *to);    // present/map_text.c
void report_map_json(const struct report *r, FILE *to);    // present/map_json.c
void report_doctor_text(const struct report *r, FILE *to); // present/doctor_text.c
void report_doctor_json(const struct report *r, FILE *to); // present/doctor_json.c
void report_flags_text(const struct report *r, FILE *to);  // present/flags.c
void report_flags_json(const struct report *r, FILE *to);  // present/flags.c

#endif
