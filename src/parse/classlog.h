// SPDX-License-Identifier: Apache-2.0
// Parser for logs of class loading and unloading: -verbose:class of JDK 8 and before, and
// -Xlog:class+load,class+unload since.  Opens nothing; takes a piece of the log at a time.
//
// Logs are pasted, wrapped and mixed with other output: what is no event is stepped over, an event is
// found also behind a prefix, without its decorations, or cut at the end of its line.
// Format notes: docs/formats/classlog.md.

#ifndef PARSE_CLASSLOG_H
#define PARSE_CLASSLOG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/span.h"

enum classlog_kind {
	CLASSLOG_LOADED,
	CLASSLOG_UNLOADED,
	CLASSLOG_LOADER, // of the class that was loaded before it: its loader (level debug)
};

enum classlog_clock {
	CLASSLOG_NO_TIME,
	CLASSLOG_UPTIME_S,
	CLASSLOG_MILLIS, // uptime or since 1970: the log does not say
	CLASSLOG_NANOS,
	CLASSLOG_DATE, // seconds since 1970
};

struct classlog_event {
	enum classlog_kind kind;
	struct span name;   // of LOADER: the loader's class; else the class, dotted
	struct span source; // of LOADED, as the log has it; empty: it was cut off
	enum classlog_clock clock;
	double time_s;
	bool unified; // a line of -Xlog, else of -verbose:class
};

struct classlog {
	struct span line; // what is left of the current one
	double time_s;    // of the current line
	enum classlog_clock clock;
	uint64_t lines, unknown; // unknown: not one event in it
	bool found;              // an event in the current line
};

// The next event of `text`, which is moved behind what was read; texts point into it.  False: no
// more.  `log` begins as zeros; a line must not be cut by the end of one piece of text.
bool classlog_next(struct classlog *log, struct span *text, struct classlog_event *out);

#endif
