// SPDX-License-Identifier: Apache-2.0
// The files behind a live process's mappings, for pages that are not in its memory.
//
// Strings of a library's read-only part that nobody has touched yet are on disk alone; reading them
// there spares the target the page fault.  A file is accepted only when it is the mapped one.

#ifndef OS_BACKING_H
#define OS_BACKING_H

#include <stdbool.h>
#include <stdint.h>

struct arena;
struct backing;
struct fail;
struct remote_mapping;

struct backing *backing_open(int pid, struct arena *mem); // `mem` holds the record
void backing_close(struct backing *b);                    // closes the files

// The page of `m`'s file that is mapped at `at` (page-aligned, inside `m`), zeros behind the file's
// end.  ABSENT when the file can't be had, is not the one that is mapped (inode and device), or
// ends before that page.
bool backing_read(struct backing *b, const struct remote_mapping *m, uint64_t at,
		  unsigned char to[4096], struct fail *why);

#endif
