// SPDX-License-Identifier: Apache-2.0
// The collector's own memory beside the heap: card tables, offset tables, bitmaps, mark stacks.
//
// Few of them are in vmStructs, so they are found by probes, without symbols and without asking for
// the version.  A range is taken only when redundant fields agree (bounds of the heap, sizes in the
// fixed ratio to it, a vtable inside libjvm, the flags), when it is anonymous memory outside the
// heap and libjvm, and when it overlaps no other.  Chains and proofs:
// docs/formats/gc-structures.md.

#ifndef JVM_GCSIDE_H
#define JVM_GCSIDE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/range.h"

struct fail;
struct hotspot;

struct gcside_range {
	uint64_t start, end; // page-aligned; reserved, not only committed
	uint64_t committed;  // of it, what the VM may write to
	const char *part;    // "card table"
	bool named;          // vmStructs names it; false: a probe found it
	bool unreferenced;   // nothing points to it: what has another owner is no loss
};

struct gcside {
	VEC(struct gcside_range) ranges; // sorted, without overlap
	VEC(const char *) refused;       // what did not validate, in words
};

// ABSENT: no collector known here, or a heap without a reserved range (all but ZGC have one).  What does not
// validate is left out and named in `refused`, after it was read three times.
bool gcside_read(const struct hotspot *vm, struct arena *mem, struct gcside *out, struct fail *why);

// ---- for the collectors' files

struct gcside_probe {
	const struct hotspot *vm;
	struct arena *mem;
	struct gcside *out;
	uint64_t card_table; // CardTable::_byte_map; 0 when this VM has none
	uint64_t heap_bytes;
	uint64_t card_bytes;     // of the heap that a byte of a card or offset table stands for
	const uint64_t *statics; // libjvm's writable memory, word by word
	size_t static_count;
};

// Takes [start, end), rounded to pages; false, with a line in `refused`, when it can't be what
// `part` says.  The same range again is no failure.
bool gcside_add(struct gcside_probe *p, uint64_t start, uint64_t end, const char *part, bool named);
// A word of the target; 0 when it can't be read.
uint64_t gcside_word(const struct gcside_probe *p, uint64_t at);
// A VirtualSpace member at `at` in anonymous memory outside the heap, committed from its start.
bool gcside_virtual_space(const struct gcside_probe *p, uint64_t at, struct range *out);
// The old generation of Serial and CMS; 0: not exported.
uint64_t gcside_old_generation(const struct gcside_probe *p);
// Page-aligned, not 0, in anonymous memory outside the heap.
bool gcside_is_side(const struct gcside_probe *p, uint64_t at);
// Bytes of the malloc'd object at `at`, by the header before it (NMT's, glibc's or musl's); 0: no object.
uint64_t gcside_object_size(const struct gcside_probe *p, uint64_t at);
// The reserved range of a PSVirtualSpace at `at` that is as consistent as a real one.
bool gcside_ps_space(const struct gcside_probe *p, uint64_t at, struct range *out);

// The memory of a mark stack before it grew to `entries`, which the VM lost; what is not found is not
// missed.
void gcside_outgrown_find(struct gcside_probe *p, uint64_t entries);

// Add what each collector keeps, and say in `refused` what was not found.
void gcside_g1_find(struct gcside_probe *p);
void gcside_parallel_find(struct gcside_probe *p);
void gcside_serial_find(struct gcside_probe *p);
void gcside_cms_find(struct gcside_probe *p); // beside what Serial has
void gcside_shenandoah_find(struct gcside_probe *p);
void gcside_z_find(struct gcside_probe *p);

#endif
