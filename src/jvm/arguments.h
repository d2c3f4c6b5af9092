// SPDX-License-Identifier: Apache-2.0
// The options that the VM was given, from its own list (Arguments): cut into words, with those of
// the environment and of files in their places.
//
// What stood in a -XX:Flags file is a list of its own, taken before the other.

#ifndef JVM_ARGUMENTS_H
#define JVM_ARGUMENTS_H

#include <stdbool.h>
#include <stddef.h>

struct arena;
struct fail;
struct hotspot;

struct arguments_list {
	const char **at;
	size_t count;
};

struct arguments {
	struct arguments_list flags;   // of a -XX:Flags file: "+UseSerialGC"
	struct arguments_list options; // in the order in which the VM took them
};

// Texts live in `mem`; one longer than MEMORY_TEXT_LIMIT is cut.  ABSENT: this VM does not export its
// lists; CORRUPT: layout unknown.
bool arguments_read(const struct hotspot *vm, struct arena *mem, struct arguments *out,
		    struct fail *why);

#endif
