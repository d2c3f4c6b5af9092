// SPDX-License-Identifier: Apache-2.0
// Parser for /proc/PID/maps.  Format notes: docs/formats/maps.md.
//
// Pure.  What it returns is sorted and without overlap, which all that look up addresses rely on.

#ifndef PARSE_MAPS_H
#define PARSE_MAPS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/span.h"

struct arena;
struct fail;

struct mapping {
	uint64_t start, end; // addresses in the target; end is exclusive
	uint64_t offset, inode;
	uint32_t dev_major, dev_minor;
	bool readable, writable, executable, shared;
	bool deleted;     // the kernel's " (deleted)" was behind the path; it is cut off
	const char *path; // a path, "[heap]" or ""; never NULL.  The kernel's \012 stays escaped
};

struct maps {
	struct mapping *at; // in file order: sorted by address, without overlap
	size_t count;
};

// Mappings and paths live in `mem`.  FAIL_CORRUPT, naming the line, when a line is no mapping or
// when addresses do not rise.
bool maps_parse(struct span text, struct arena *mem, struct maps *out, struct fail *why);
// The mapping that holds `at`, or NULL.
const struct mapping *maps_find(const struct maps *maps, uint64_t at);
// Anonymous in the sense of "no path": neither a file nor a kernel name.
bool mapping_is_anonymous(const struct mapping *m);
// Whether a program or library is loaded from mapping `index` on: one of the mappings of its file,
// up to the next mapping of another file or of this one's beginning, is executable.
bool maps_is_loaded(const struct maps *maps, size_t index);
const char *mapping_file_name(const struct mapping *m); // behind the last '/', or the whole path

#endif
