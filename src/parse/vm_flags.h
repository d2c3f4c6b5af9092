// SPDX-License-Identifier: Apache-2.0
// Parser for VM.flags -all.  Format notes: docs/formats/vm_flags.md.
//
// Pure.  Values stay text: their types are for whoever uses them.

#ifndef PARSE_VM_FLAGS_H
#define PARSE_VM_FLAGS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/span.h"

struct arena;
struct fail;

struct vm_flags_row {
	const char *type, *name, *value; // as printed; value "" when unset
	const char *origin;              // "default", "command line", "ergonomic" ...
};

struct vm_flags {
	struct vm_flags_row *at;
	size_t count;
};

// FAIL_ABSENT when no flag is in the text.
bool vm_flags_parse(struct span text, struct arena *mem, struct vm_flags *out, struct fail *why);

#endif
