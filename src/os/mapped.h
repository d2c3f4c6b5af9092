// SPDX-License-Identifier: Apache-2.0
// The file behind a mapping: opened only when it is the very file that the process has mapped.
//
// A path of /proc/PID/maps may mean another file by now, or in another mount namespace.  Callers
// are makers of tree_made(): a capture replays what they read, never the open itself.

#ifndef OS_MAPPED_H
#define OS_MAPPED_H

#include <stdbool.h>
#include <stdint.h>

#include "base/span.h"

struct arena;
struct fail;
struct tree;

struct mapped_file {
	int pid;
	const char *path;    // as in maps, without " (deleted)"
	uint64_t start, end; // of one of its mappings: names it below map_files
	uint64_t inode;
	uint32_t dev_major, dev_minor;
};

// Tries /proc/PID/root + path, path, and /proc/PID/map_files/START-END; takes the first that is a
// regular file of the mapping's inode and device.  ABSENT: none is; DENIED when map_files would be
// needed and is refused.  The caller closes `fd`.
bool mapped_open(const struct mapped_file *file, int *fd, struct fail *why);
// The first bytes of an ELF file, at most `len`, through tree_made("elf/DEVICE-INODE"); they live
// in `mem`.  Of any other file none: what a target maps is not for captures.
bool mapped_read_head(const struct tree *files, const struct mapped_file *file, size_t len,
		      struct arena *mem, struct span *out, struct fail *why);

#endif
