// SPDX-License-Identifier: Apache-2.0
// A command line of a JVM that does not run: its options as a snapshot, and which JDK would run it.

#ifndef COLLECT_COMMANDLINE_H
#define COLLECT_COMMANDLINE_H

#include <stdbool.h>
#include <stddef.h>

struct arena;
struct fail;
struct snapshot;
struct tree;

struct commandline {
	const char *const *words; // behind the program's name
	size_t count;
	const char *cwd;  // for the names of files in it
	const char *java; // path of the program, without links; NULL: none is named
	unsigned jdk;     // feature release; 0: to be found by the program's, or not known
};

// Fills `out` with options, the JDK and the machine's memory; runs nothing.  ABSENT: `java` is named, and no
// release file beside it says which JDK it is.
bool commandline_look(const struct tree *files, const struct commandline *c, struct arena *mem,
		      struct snapshot *out, struct fail *why);

#endif
