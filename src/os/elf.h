// SPDX-License-Identifier: Apache-2.0
// An ELF image as it lies in the target's memory: its segments and its dynamic symbols.
//
// Nothing here opens a file, so a library that was replaced or deleted on disk reads as well as any
// other.  All fields are the target's and thus hostile: every table must lie inside the image, and
// every chain has a limit.  What is not exported is not found.  Format notes:
// docs/formats/elf.md.

#ifndef OS_ELF_H
#define OS_ELF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/span.h"

struct arena;
struct fail;
struct memory;

enum {
	ELF_SEGMENT_LIMIT = 32,  // PT_LOADs of one image that are kept; real ones have 2 to 6
	ELF_HEADER_BYTES = 4096, // header and program headers must lie in the first page
};

struct elf_segment {       // one PT_LOAD; addresses in the target
	uint64_t start;    // where its bytes from the file begin
	uint64_t file_end; // where they end: .bss begins here
	uint64_t end;      // start + p_memsz
	bool writable, executable;
};

struct elf_image {
	const struct memory *memory;
	uint64_t bias;       // what to add to a virtual address of the file
	uint64_t start, end; // page-aligned, all PT_LOADs with their .bss
	struct elf_segment segments[ELF_SEGMENT_LIMIT]; // rising, without overlap
	size_t segment_count;
	uint64_t dynamic_at, dynamic_size; // PT_DYNAMIC; 0 when there is none
	uint64_t relro_start, relro_end;   // PT_GNU_RELRO; 0, 0 when there is none
	// Filled by elf_open_symbols().
	uint64_t hash_at, symbols_at, strings_at, strings_size;
	uint32_t bucket_count, first_hashed, bloom_words, bloom_shift;
	uint64_t old_hash_at; // DT_HASH, used where there is no GNU hash
	uint32_t chain_count; // of the old hash; 0: the GNU hash is used
};

// The image whose ELF header lies at `base`, from the target's memory.  CORRUPT when the bytes are
// no ELF image of 64-bit little-endian machine code; ABSENT, DENIED, GONE as the read says.
bool elf_open(const struct memory *memory, uint64_t base, struct elf_image *out, struct fail *why);
// The same from the first bytes of the file, for headers that are not present in memory.
bool elf_parse(struct span header, uint64_t base, struct elf_image *out, struct fail *why);
// Finds the tables of dynamic symbols.  ABSENT when the image has none with a hash table.
bool elf_open_symbols(const struct memory *memory, struct elf_image *image, struct fail *why);
// Address of an exported symbol, by the hash table.  ABSENT: not exported.
bool elf_find(const struct elf_image *image, const char *name, uint64_t *at, struct fail *why);

#endif
