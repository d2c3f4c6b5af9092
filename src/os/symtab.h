// SPDX-License-Identifier: Apache-2.0
// Functions of a library by address, as the .symtab of its file has them: names for call sites.
//
// A comfort: a stripped library has none, and no number depends on it.  One pass over the table
// answers for all addresses.  The answers go through tree_made(), so that a capture has them; the file
// itself never lands there.  The file is hostile: every table lies inside it.  Format notes:
// docs/formats/elf.md.

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

struct symtab_place {
	uint64_t at;      // from the start of the image
	const char *name; // mangled, as the file has it; NULL: in no function with a name
	uint64_t offset;  // from the function's start
};

// Names `count` places, which rise; `asked` names the question within the capture
// ("symbols/functions").  ABSENT: the file has no .symtab, or is not to be found; DENIED; CORRUPT:
// no ELF file of 64 bits, or tables that lie outside of it.  `places` is untouched then.
bool symtab_name(const struct tree *files, const struct mapped_file *file, const char *asked,
		 struct symtab_place *places, size_t count, struct arena *mem, struct fail *why);
// The text form that captures hold: "AT OFFSET NAME" a line, numbers in hex, for each place with a
// name; fills those of `places` that it has.
bool symtab_parse(struct span text, struct symtab_place *places, size_t count, struct arena *mem,
		  struct fail *why);
// Where an object (a variable) of this mangled name begins, from the start of the image.  Failures as
// symtab_name()'s; ABSENT also: there is none of that name.
bool symtab_find(const struct tree *files, const struct mapped_file *file, const char *asked,
		 const char *name, struct arena *mem, uint64_t *at, struct fail *why);

#endif
