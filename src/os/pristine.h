// SPDX-License-Identifier: Apache-2.0
// A library's data as they stand before its program runs: what its file says of them.
//
// The bytes of the file, the relative relocations applied, and the constants that its initialisers
// store (`mov $constant, place(%rip)` in the functions of .init_array: so compilers set what C++
// calls a dynamic initialiser though its value is known).  The image lies at its own virtual
// addresses (bias 0).  Tables that nobody writes after start-up must equal it in every process; a
// word that is set by other means reads as zero here.  Reads one file by descriptor, touches no
// process.  The file is hostile: every table lies inside it, every search has an end.

#ifndef OS_PRISTINE_H
#define OS_PRISTINE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/memory.h"

struct arena;
struct fail;

enum { PRISTINE_SEGMENTS = 16 };

struct pristine_segment {
	uint64_t start, file_end, end; // virtual addresses
	uint64_t offset;               // of `start` in the file
	bool writable;
};

struct pristine_store { // by an initialiser
	uint64_t at;
	uint32_t value; // sign-extended to `width` bytes
	uint8_t width;  // 4 or 8
	bool unknown;   // from a register: what it stores is not told
};

struct pristine {
	int fd;
	struct pristine_blocks *blocks; // of the file, read before
	struct pristine_segment segments[PRISTINE_SEGMENTS];
	size_t segment_count;
	uint64_t rela_offset, rela_count; // relative relocations, in the file; by address
	struct pristine_store *stores;    // by address; live in the arena
	size_t store_count;
	bool has_initialisers; // .init_array; without it others may run, which are not looked at
};

// `fd` stays the caller's, and open as long as `out` is used.  CORRUPT: no 64-bit ELF library;
// ABSENT: its relocations are not of the kind that is read here (x86-64 and AArch64 RELA).
bool pristine_open(int fd, struct arena *mem, struct pristine *out, struct fail *why);
// Bytes of the image at a virtual address; zeros where the file has none.  ABSENT outside of it.
bool pristine_read(const struct pristine *p, uint64_t at, void *to, size_t len, struct fail *why);
// Whether an initialiser sets a word of [start, end) to what is not told; the first such place at
// or above `start`.
bool pristine_find_unknown(const struct pristine *p, uint64_t start, uint64_t end, uint64_t *at);
// The whole image as memory; `m` and `p` must live as long.
void pristine_as_memory(struct pristine *p, struct memory *m);

#endif
