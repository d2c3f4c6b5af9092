// SPDX-License-Identifier: Apache-2.0
// The options that a JVM is given by all places together, in the order in which it takes them:
// variables, command line, argument files, option files, flags files.
//
// Works from words and a tree of files; knows no VM.  Format notes: docs/formats/vmoption.md.

#ifndef COLLECT_GIVEN_H
#define COLLECT_GIVEN_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/span.h"
#include "facts/options.h"

struct tree;

struct given_word {
	const char *text;
	const char *where;
};

struct given {
	const struct tree *files;
	const char *root, *cwd; // in front of absolute and of relative names of files
	struct arena *mem;
	uint64_t jdk;                 // feature release; 0: not known
	VEC(struct given_word) flags; // of the -XX:Flags file, without "-XX:"
	VEC(struct given_word) words; // options in order, values of their own ("-cp X") left out
	const char *missing;          // the first file that could not be read; NULL
	bool in_value, ended;         // for given_add_argument()
};

// The words of a variable of the environment.
void given_add_variable(struct given *g, const char *name, struct span value);
// One argument of the launcher, in order, with what an argument file holds.  False: it and what follows
// are not the launcher's (the main class is reached).
bool given_add_argument(struct given *g, struct span argument);
// After all words: the files that -XX:VMOptionsFile and the last -XX:Flags name.
void given_add_files(struct given *g);
// A copy with its secrets masked: as an argument, and as text that may hold a command line.
char *given_mask(const char *text, struct arena *mem);
// A word as a row, secrets masked.  False: it sets no flag and is no -X option.
bool given_row(const char *text, const char *where, bool of_flags_file, struct arena *mem,
	       struct option_row *out);

#endif
