// SPDX-License-Identifier: Apache-2.0
// A library of one page of code and one of data, as a file: two relative relocations, and an
// initialiser that stores two constants and a register.  Nothing here is the product's.

#ifndef TESTS_OS_PRISTINE_IMAGE_H
#define TESTS_OS_PRISTINE_IMAGE_H

#include <elf.h>
#include <stdint.h>
#include <string.h>

enum {
	LIB_BYTES = 0x1400,
	LIB_RELA = 0x200,
	LIB_CODE = 0x400,
	LIB_DATA = 0x2000, // virtual; in the file at 0x1000
	LIB_DATA_OFFSET = 0x1000,
	LIB_DATA_FILE = 0x400, // bytes that the file has
	LIB_DATA_MEMORY = 0x600,
	LIB_DYNAMIC = 0x2300,
	LIB_POINTER = 0x2010,  // relocated to LIB_TARGET
	LIB_INIT = 0x2020,     // .init_array: relocated to the code
	LIB_CONSTANT = 0x2040, // 8 bytes, stored by the initialiser: 0x140
	LIB_SMALL = 0x2050,    // 4 bytes, stored: 7
	LIB_REGISTER = 0x2060, // stored from a register
	LIB_PLAIN = 0x2070,    // a number in the file: 42
	LIB_TARGET = 0x1234,
};

static inline void lib_put(unsigned char *file, uint64_t offset, const void *from, size_t len)
{
	memcpy(file + offset, from, len);
}

static inline void lib_put_u64(unsigned char *file, uint64_t offset, uint64_t value)
{
	lib_put(file, offset, &value, sizeof(value));
}

// An instruction of `len` bytes at `offset` whose displacement, behind `head` bytes, leads to `to`.
static inline uint64_t lib_code(unsigned char *file, uint64_t offset, const char *bytes,
				size_t head, size_t len, uint64_t to)
{
	int32_t displacement = (int32_t)(to - (offset + len));

	lib_put(file, offset, bytes, len);
	lib_put(file, offset + head, &displacement, sizeof(displacement));
	return offset + len;
}

static inline void lib_make(unsigned char file[LIB_BYTES])
{
	Elf64_Ehdr e = { .e_type = ET_DYN,
			 .e_machine = EM_X86_64,
			 .e_phoff = sizeof(e),
			 .e_phentsize = sizeof(Elf64_Phdr),
			 .e_phnum = 3 };
	Elf64_Phdr p[3] = {
		{ .p_type = PT_LOAD, .p_flags = PF_R | PF_X, .p_filesz = 0x800, .p_memsz = 0x800 },
		{ .p_type = PT_LOAD,
		  .p_flags = PF_R | PF_W,
		  .p_offset = LIB_DATA_OFFSET,
		  .p_vaddr = LIB_DATA,
		  .p_filesz = LIB_DATA_FILE,
		  .p_memsz = LIB_DATA_MEMORY },
		{ .p_type = PT_DYNAMIC,
		  .p_offset = LIB_DYNAMIC - LIB_DATA + LIB_DATA_OFFSET,
		  .p_vaddr = LIB_DYNAMIC,
		  .p_filesz = 6 * sizeof(Elf64_Dyn),
		  .p_memsz = 6 * sizeof(Elf64_Dyn) },
	};
	Elf64_Rela r[2] = { { LIB_POINTER, R_X86_64_RELATIVE, LIB_TARGET },
			    { LIB_INIT, R_X86_64_RELATIVE, LIB_CODE } };
	Elf64_Dyn d[6] = { { DT_RELA, { LIB_RELA } },  { DT_RELASZ, { sizeof(r) } },
			   { DT_RELACOUNT, { 2 } },    { DT_INIT_ARRAY, { LIB_INIT } },
			   { DT_INIT_ARRAYSZ, { 8 } }, { DT_NULL, { 0 } } };
	uint64_t at = LIB_CODE;

	memset(file, 0, LIB_BYTES);
	memcpy(e.e_ident, ELFMAG, SELFMAG);
	e.e_ident[EI_CLASS] = ELFCLASS64;
	e.e_ident[EI_DATA] = ELFDATA2LSB;
	lib_put(file, 0, &e, sizeof(e));
	lib_put(file, sizeof(e), p, sizeof(p));
	lib_put(file, LIB_RELA, r, sizeof(r));
	lib_put(file, LIB_DYNAMIC - LIB_DATA + LIB_DATA_OFFSET, d, sizeof(d));
	file[at++] = 0x55; // push %rbp
	at = lib_code(file, at, "\x48\xc7\x05\0\0\0\0\x40\x01\0\0", 3, 11, LIB_CONSTANT);
	at = lib_code(file, at, "\xc7\x05\0\0\0\0\x07\0\0\0", 2, 10, LIB_SMALL);
	at = lib_code(file, at, "\x89\x05\0\0\0\0", 2, 6, LIB_REGISTER);
	file[at] = 0xc3; // ret
	lib_put_u64(file, LIB_PLAIN - LIB_DATA + LIB_DATA_OFFSET, 42);
}

#endif
