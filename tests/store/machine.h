// SPDX-License-Identifier: Apache-2.0
// A machine of a few files and two pages of memory, for tests of captures.
#ifndef TESTS_STORE_MACHINE_H
#define TESTS_STORE_MACHINE_H

#include <stdint.h>

#include "base/arena.h"
#include "base/memory.h"
#include "base/tree.h"

#define MACHINE_MEMORY_AT   UINT64_C(0x7f0000001000)
#define MACHINE_MEMORY_SIZE 0x2000
#define MACHINE_WIDE        "name token=abcdefgh." // as UTF-16 at +0x200

struct machine {
	unsigned status_reads; // /proc/7/status says another number each time
	unsigned forgets, prefetches;
	unsigned char bytes[MACHINE_MEMORY_SIZE];
	struct arena mem;
	struct tree files;
	struct memory memory;
};

void machine_init(struct machine *m);
// Makes a capture of one moment in which everything was asked that the machine can answer.
void machine_ask_all(const struct tree *files, const struct memory *memory);
void machine_capture(struct machine *m, const char *path);
// A name below a fresh directory of its own; lives for ever.
const char *machine_temporary(const char *name);
void machine_clean_up(void); // removes that directory
struct span machine_slurp(const char *path);
bool machine_make(void *arg, struct arena *mem, struct span *out, struct fail *why);

#endif
