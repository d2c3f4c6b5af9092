// SPDX-License-Identifier: Apache-2.0
// The command line after the command's name.  One table (options.def) feeds the parser, `-h` and
// the man pages.

#ifndef CMD_OPTIONS_H
#define CMD_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

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

enum { ARGUMENT_LIMIT = 8 };

struct options {
	const struct command *command;
	const char *argument[ARGUMENT_LIMIT]; // what is no option, in order
	int arguments;
	bool json, colour, no_attach, pss, causes, require_complete, help;
	bool has_for, has_every, has_top, has_samples;
	double for_s, every_s;
	enum report_by by;
	size_t top;
	unsigned samples;
	const char *output; // NULL: not given
	enum fail_on fail_on;
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
