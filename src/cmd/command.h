// SPDX-License-Identifier: Apache-2.0
// What a subcommand is: a name, what it says of itself, the options it takes, and a function.
//
// To add one: write cmd/NAME.c with `const struct command cmd_NAME`, a row in commands.def, and
// docs/man/jledger-NAME.1.scd (tests/cli/man_test.py JLEDGER --rewrite makes it from this struct).

#ifndef CMD_COMMAND_H
#define CMD_COMMAND_H

#include "cmd/options.h"
#include "collect/collector.h"

enum exit_code {
	EXIT_DONE = 0,
	EXIT_FINDING = 1, // a finding at or above --fail-on
	EXIT_USAGE = 2,
	EXIT_UNREADABLE = 3, // the target cannot be inspected
	EXIT_INCOMPLETE = 4, // --require-complete, and a fact is missing
};

struct command {
	const char *name;
	const char *sentence;  // what it answers, without a full stop
	const char *arguments; // as in the synopsis: "TARGET"; NULL: none
	int min_arguments, max_arguments;
	const char *rest;          // what may stand behind "--" instead; NULL: nothing
	uint64_t options;          // OPTION_BIT() of each that it takes
	bool any_process;          // not only JVMs
	bool files_alone;          // no running JVM
	enum target_chunks chunks; // how it looks at malloc's
	const char *about;         // paragraphs, separated by empty lines
	const char *examples;      // lines "command ## what it does"
	int (*run)(const struct options *o);
};

bool command_takes_jvm(const char *name); // this version has it, and it looks at running JVMs

#define COMMAND(name) extern const struct command cmd_##name;
#include "cmd/commands.def"
#undef COMMAND

#endif
