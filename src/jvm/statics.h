// SPDX-License-Identifier: Apache-2.0
// libjvm's writable memory, word by word: where probes look for what the VM does not export.

#ifndef JVM_STATICS_H
#define JVM_STATICS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct arena;
struct fail;
struct hotspot;

struct statics {
	uint64_t start;
	const uint64_t *at;
	size_t count; // words
};

// A copy of .data and .bss, in `mem`; a page that can't be read counts as zeros, as an untouched one
// does.  ABSENT: nothing of libjvm is writable; CORRUPT: more is than any libjvm has.
bool statics_read(const struct hotspot *vm, struct arena *mem, struct statics *out,
		  struct fail *why);

#endif
