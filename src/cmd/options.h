// SPDX-License-Identifier: Apache-2.0
// The command line after the command's name.  One table (options.def) feeds the parser, `-h` and
// the man pages.

#ifndef CMD_OPTIONS_H
#define CMD_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "facts/jstat.h"
#include "present/classes.h"
#include "present/report.h"

struct command;
struct fail;

enum option_id {
#define OPTION(id, ...) OPTION_##id,
#include "cmd/options.def"
#undef OPTION
	OPTION_COUNT
};
#define OPTION_BIT(id) (UINT64_C(1) << OPTION_##id)

enum fail_on { FAIL_ON_NOTHING, FAIL_ON_CONFIRMED, FAIL_ON_LIKELY };

enum events_format { EVENTS_NONE, EVENTS_CSV, EVENTS_JSON };

enum { ARGUMENT_LIMIT = 64 };

struct options {
	const struct command *command;
	const char *argument[ARGUMENT_LIMIT]; // what is no option, in order
	int arguments;
	char **rest; // what stands behind "--", of a command that takes it
	int rest_count;
	bool has_rest;
	bool json, colour, no_attach, pss, causes, require_complete, yes, retained, help;
	bool arenas, sizes, unmask;
	bool has_for, has_every, has_top, has_samples, has_by;
	double for_s, every_s;
	enum report_by by;
	size_t top;
	uint64_t limit;      // UNKNOWN_BYTES: not given
	uint64_t max_memory; // UINT64_MAX: not given
	const char *exclude; // NULL: not given
	unsigned jdk;        // 0: not given
	unsigned samples;
	const char *output;  // NULL: not given
	const char *against; // likewise
	const char *html;    // likewise
	enum fail_on fail_on;
	unsigned views;        // of `classes`, CLASSES_VIEW_*; 0: none was named
	class_columns columns; // of --stats; 0: not given
	bool all_columns, csv;
	const char *why_alive; // NULL: not given
	bool follow;
	enum events_format events;
	const char *gc_log[ARGUMENT_LIMIT];
	int gc_logs;
	enum jstat_view jstat;
	const char *from, *to; // NULL: not given
	bool last;
	double keep_s; // 0: not given
	struct {       // of record; 0: not given
		double limit_share, growth_per_s, full_gc_per_min, rss_share;
		uint64_t rss;
	} on;
	const char *listen;   // NULL: not given
	const char *textfile; // NULL: not given
	const char *exec;     // NULL: not given
	const char *at;       // a time of a history, as given; NULL: not given
};

// `argv` begins behind the command's name.  FAIL_CORRUPT names what is wrong and what would be
// right; the caller exits 2.  Values point into `argv`.
bool options_parse(const struct command *c, int argc, char **argv, struct options *out,
		   struct fail *why);
struct option_info {
	const char *name;
	char letter;       // 0: it has none
	const char *value; // NULL: it takes none
	const char *help;
};
extern const struct option_info OPTIONS[OPTION_COUNT];

#endif
