// SPDX-License-Identifier: Apache-2.0
// A line of jstat: its columns for the JDK at hand, with what the VM's counters say.
//
// The counters are those of the last collection, as in jstat itself: docs/formats/hsperf.md.

#ifndef FACTS_JSTAT_H
#define FACTS_JSTAT_H

#include <stdbool.h>
#include <stddef.h>

enum jstat_view { JSTAT_NONE, JSTAT_GC, JSTAT_GCUTIL, JSTAT_GCCAPACITY, JSTAT_GCCAUSE };
enum jstat_unit { JSTAT_COUNT, JSTAT_BYTES, JSTAT_SECONDS, JSTAT_PERCENT, JSTAT_TEXT };

enum { JSTAT_COLUMNS = 24 };

struct jstat_cell {
	const char *name; // jstat's heading: "S0C"
	enum jstat_unit unit;
	unsigned width;
	bool centred;     // JDK 8 to 16 do so with some columns
	bool known;       // false: the VM has no such counter; jstat prints "-"
	double value;     // bytes, seconds, percent or a count
	const char *text; // of JSTAT_TEXT
};

struct jstat_line {
	size_t count; // 0: not read
	struct jstat_cell at[JSTAT_COLUMNS];
};

#endif
