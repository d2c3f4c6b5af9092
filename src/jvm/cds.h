// SPDX-License-Identifier: Apache-2.0
// Where the class data sharing archives lie, the static and the dynamic one.
//
// By the VM's own bounds and by the files mapped there, not by a file's name: an archive may be
// called anything.  Its heap objects lie in the Java heap's range and are left to it.

#ifndef JVM_CDS_H
#define JVM_CDS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct arena;
struct fail;
struct hotspot;

struct cds_part {
	uint64_t start, end;
	const char *name; // "static archive", "dynamic archive"
	bool exact;       // the VM's bounds say so; else another mapping of the same file
};

struct cds {
	struct cds_part *at; // sorted by address; in the arena
	size_t count;        // 0: the VM runs without an archive
};

// ABSENT: the VM exports no bounds (JDK 8) and maps no archive; CORRUPT: they make no sense.
bool cds_read(const struct hotspot *vm, struct arena *mem, struct cds *out, struct fail *why);

#endif
