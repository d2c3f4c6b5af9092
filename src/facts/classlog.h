// SPDX-License-Identifier: Apache-2.0
// What a log of class loading tells, summed up.  Plain data.

#ifndef FACTS_CLASSLOG_H
#define FACTS_CLASSLOG_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"

struct classlog_family {
	const char *name, *example; // as in struct family_row
	const char *generator;      // NULL: not known
	const char *loader_type;    // of the loader that the log named last; NULL: it names none
	const char *source;         // of most; NULL: none had one
	uint64_t loaded, unloaded;
	uint64_t distinct_names; // among those loaded
};

struct classlog_source {
	const char *name;
	uint64_t loaded;
};

struct classlog_name { // that was loaded more than once
	const char *name;
	uint64_t loaded, unloaded;
};

struct classlog_facts {
	const char *file;
	bool unified; // most events are of -Xlog, else of -verbose:class
	uint64_t lines, unknown;
	uint64_t loaded, unloaded;
	bool timed; // events of one clock, more than one moment
	double span_s;
	VEC(struct classlog_family) families; // the most loaded first
	VEC(struct classlog_source) sources;  // likewise
	VEC(struct classlog_name) again;      // likewise
	bool names_full; // there were more names than are kept: those behind are in the sums only
};

#endif
