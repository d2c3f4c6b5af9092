// SPDX-License-Identifier: Apache-2.0
// The call sites that Native Memory Tracking keeps at level detail: who malloc'd, how often, how much.
//
// Found without symbols.  Every entry proves itself: the hash of its stack, taken modulo the number of the
// table's buckets, is the bucket that it hangs in.  Layouts and proofs: docs/formats/nmt-memory.md.

#ifndef JVM_NMTSITES_H
#define JVM_NMTSITES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "jvm/nmtregions.h"

struct fail;
struct hotspot;
struct nmtsummary;
struct statics;

struct nmtsite {
	uint64_t stack[NMT_FRAMES]; // return addresses, innermost first; 0 behind the last
	uint32_t category;          // index into the summary's rows
	uint64_t count, bytes;
};

struct nmtsites {
	VEC(struct nmtsite) list; // those that hold something, in the table's order
};

// CORRUPT: layout unknown, or the VM changed too fast.
bool nmtsites_read(const struct hotspot *vm, const struct statics *statics,
		   const struct nmtsummary *summary, struct arena *mem, struct nmtsites *out,
		   struct fail *why);

#endif
