// SPDX-License-Identifier: Apache-2.0
// The VM's tables in memory against those in its library's file.
//
// The rows of gHotSpotVMStructs and its siblings never change after start-up, so a process whose
// rows differ from the file that it has mapped has damaged ones, and nothing read by them may be
// believed.  What is not to be had (no file, a linker or compiler whose work is not read here) is
// no contradiction.  The sums go through tree_made(): a capture has them, never the file.

#ifndef JVM_TABLEFILE_H
#define JVM_TABLEFILE_H

#include <stdbool.h>
#include <stdint.h>

struct arena;
struct fail;
struct mapped_file;
struct memory;
struct tree;
struct vmstructs;

// Where a symbol lies in the library's own virtual addresses; 0: not exported.
typedef uint64_t tablefile_symbol(void *arg, const char *name);

// The library as it is mapped.
struct tablefile_library {
	const struct mapped_file *file;
	uint64_t bias; // of the mapped image
	tablefile_symbol *symbol;
	void *arg; // of `symbol`
};

// CORRUPT names the table that differs.  True when all agree, and when there is nothing to compare.
bool tablefile_check(const struct vmstructs *tables, const struct memory *memory,
		     const struct tree *files, const struct tablefile_library *library,
		     struct arena *mem, struct fail *why);

#endif
