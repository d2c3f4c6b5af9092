// SPDX-License-Identifier: Apache-2.0
// Private symbols of a library: those that only the .symtab of its file has.
//
// One pass over the table finds all names that are asked for.  A stripped library has none of them:
// what is found here is a comfort and never the only way.  The answers go through tree_made(), so
// that a capture has them; the file itself never lands there.  Format notes: docs/formats/elf.md.

#ifndef OS_SYMTAB_H
#define OS_SYMTAB_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/span.h"

struct arena;
struct fail;
struct mapped_file;
struct tree;

struct symtab_symbol {
	const char *name;     // asked for
	uint64_t value, size; // as in the file (add the image's bias); 0, 0 when it has none
	uint32_t found;       // how often: 0, 1, or more for statics of several source files
};

// Looks all `count` names of `symbols` up; `asked` names the question within the capture
// ("symbols/libjvm").  Only data (STT_OBJECT) is looked at.  ABSENT when the file has no .symtab
// or is not to be found; then `symbols` is untouched.
bool symtab_read(const struct tree *files, const struct mapped_file *file, const char *asked,
		 struct symtab_symbol *symbols, size_t count, struct arena *mem, struct fail *why);
// The text form that captures hold: "NAME VALUE SIZE FOUND" a line, numbers in hex.
bool symtab_parse(struct span text, struct symtab_symbol *symbols, size_t count, struct fail *why);

#endif
