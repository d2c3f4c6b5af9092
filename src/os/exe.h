// SPDX-License-Identifier: Apache-2.0
// The names of the sections of the program that a process runs: tells what a process is when it
// maps no library that would say so.

#ifndef OS_EXE_H
#define OS_EXE_H

#include <stdbool.h>

#include "base/span.h"

struct arena;
struct tree;

// Does /proc/PID/exe have a section of this name?  Reads headers and names alone, through
// tree_made("exe/PID").  False with `why` untouched or filled alike: no ELF file, no such section,
// not readable.
bool exe_has_section(const struct tree *files, int pid, const char *name, struct arena *mem);

// The names in an ELF file's section headers, one a line, at most 64 KB of them; they live in `mem`.
// False when the file has none or makes no sense.
bool exe_list_sections(int fd, struct arena *mem, struct span *out);

#endif
