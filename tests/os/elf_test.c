// SPDX-License-Identifier: Apache-2.0
#include "os/elf.h"

#include <criterion/criterion.h>
#include <elf.h>
#include <string.h>

#include "base/arena.h"
#include "base/fail.h"
#include "base/memory.h"
#include "base/units.h"

// An image of two pages at BASE: headers and symbol tables, then 100 bytes of data and .bss.
#define BASE 0x10000u
static struct {
	Elf64_Ehdr e;
	Elf64_Phdr p[4];
	Elf64_Dyn d[6];
	uint32_t hash[4];
	uint64_t bloom;
	uint32_t bucket, chain[3];
	Elf64_Sym s[4];
	char strings[64];
	char rest[8192];
} file;
static struct arena mem;
static struct memory memory;

#define PLACE(member) ((uint64_t)((char *)&file.member - (char *)&file))

static bool read_bytes(void *self, uint64_t at, void *to, size_t len, struct fail *why)
{
	memcpy(to, (char *)&file + (at - BASE), len);
	return true;
}
static const struct memory_source SOURCE = { .read = read_bytes };

static uint32_t gnu_hash(const char *name)
{
	uint32_t h = 5381;

	while (*name)
		h = h * 33 + (unsigned char)*name++;
	return h;
}

static void setup(void)
{
	static const char NAMES[] = "\0first\0second\0third";
	static const uint32_t AT[] = { 0, 1, 7, 14 };

	memset(&file, 0, sizeof(file));
	memory_init(&memory, &mem);
	memory_add_segment(&memory, BASE, BASE + 8192, &SOURCE, NULL);
	file.e = (Elf64_Ehdr){ .e_ident = { 0x7f, 'E', 'L', 'F', ELFCLASS64, ELFDATA2LSB },
			       .e_type = ET_DYN,
			       .e_phoff = sizeof(file.e),
			       .e_phentsize = sizeof(Elf64_Phdr),
			       .e_phnum = 4 };
	file.p[0] = (Elf64_Phdr){ .p_type = PT_LOAD, .p_filesz = 4096, .p_memsz = 4096 };
	file.p[1] = (Elf64_Phdr){ .p_type = PT_LOAD,
				  .p_flags = PF_W,
				  .p_vaddr = 4096,
				  .p_filesz = 100,
				  .p_memsz = 10000 };
	file.p[2] = (Elf64_Phdr){ .p_type = PT_DYNAMIC,
				  .p_vaddr = PLACE(d),
				  .p_memsz = sizeof(file.d) };
	file.p[3] = (Elf64_Phdr){ .p_type = PT_GNU_RELRO, .p_vaddr = 4096, .p_memsz = 64 };
	file.d[0] = (Elf64_Dyn){ DT_GNU_HASH, { PLACE(hash) } }; // relative, as musl leaves it
	file.d[1] = (Elf64_Dyn){ DT_SYMTAB, { BASE + PLACE(s) } };
	file.d[2] = (Elf64_Dyn){ DT_STRTAB, { BASE + PLACE(strings) } };
	file.d[3] = (Elf64_Dyn){ DT_STRSZ, { sizeof(NAMES) } };
	memcpy(file.hash, (uint32_t[]){ 1, 1, 1, 6 }, sizeof(file.hash));
	file.bloom = ~(uint64_t)0;
	file.bucket = 1;
	memcpy(file.strings, NAMES, sizeof(NAMES));
	for (int i = 1; i <= 3; i++) {
		file.chain[i - 1] = (gnu_hash(NAMES + AT[i]) & ~1u) | (i == 3);
		file.s[i] = (Elf64_Sym){ .st_name = AT[i],
					 .st_shndx = 1,
					 .st_value = 4096 + (uint64_t)i };
	}
}

TestSuite(elf, .init = setup);

Test(elf, image_has_segments_and_the_end_of_its_bss)
{
	struct elf_image image;
	struct fail why;

	cr_assert(elf_open(&memory, BASE, &image, &why), "%s", why.text);
	cr_assert_eq(image.segment_count, 2);
	cr_assert_eq(image.segments[1].file_end, BASE + 4096 + 100);
	cr_assert_eq(image.segments[1].end, BASE + 4096 + 10000);
	cr_assert(image.segments[1].writable && !image.segments[0].writable);
	cr_assert_eq(image.end, units_page_up(BASE + 14096));
	cr_assert_eq(image.relro_start, BASE + 4096);
}

Test(elf, headers_of_the_file_say_the_same_as_those_in_memory)
{
	struct elf_image a, b;
	struct fail why;

	cr_assert(elf_open(&memory, BASE, &a, &why), "%s", why.text);
	cr_assert(elf_parse((struct span){ (char *)&file, 4096 }, BASE, &b, &why), "%s", why.text);
	cr_assert_eq(a.end, b.end);
	cr_assert_eq(a.segments[1].file_end, b.segments[1].file_end);
	cr_assert_not(elf_parse((struct span){ (char *)&file, 100 }, BASE, &b, &why));
	cr_assert_eq(why.kind, FAIL_CORRUPT);
}

Test(elf, finds_exported_symbols_and_no_others)
{
	static const char *const NAMES[] = { "first", "second", "third" };
	struct elf_image image;
	struct fail why;
	uint64_t at;

	cr_assert(elf_open(&memory, BASE, &image, &why), "%s", why.text);
	cr_assert(elf_open_symbols(&memory, &image, &why), "%s", why.text);
	for (size_t i = 0; i < 3; i++) {
		cr_assert(elf_find(&image, NAMES[i], &at, &why), "%s", why.text);
		cr_assert_eq(at, BASE + 4096 + i + 1);
	}
	cr_assert_not(elf_find(&image, "fourth", &at, &why));
	cr_assert_eq(why.kind, FAIL_ABSENT);
	file.s[2].st_shndx = SHN_UNDEF;
	cr_assert_not(elf_find(&image, "second", &at, &why), "imported, not exported");
}

Test(elf, refuses_headers_that_make_no_sense)
{
	static const struct {
		const char *what;
		void *at;
		uint64_t value;
		size_t len;
	} BAD[] = {
		{ "no magic", file.e.e_ident, 0, 1 },
		{ "32 bits", &file.e.e_ident[EI_CLASS], ELFCLASS32, 1 },
		{ "an object file", &file.e.e_type, ET_REL, 2 },
		{ "other program headers", &file.e.e_phentsize, 57, 2 },
		{ "no program headers", &file.e.e_phnum, 0, 2 },
		{ "too many program headers", &file.e.e_phnum, 65535, 2 },
		{ "program headers far away", &file.e.e_phoff, 4095, 8 },
		{ "program headers at a wrapping offset", &file.e.e_phoff, UINT64_MAX - 8, 8 },
		{ "more in the file than in memory", &file.p[1].p_filesz, 10001, 8 },
		{ "a segment of all memory", &file.p[1].p_memsz, UINT64_MAX, 8 },
		{ "a segment that wraps", &file.p[1].p_vaddr, UINT64_MAX - 4096, 8 },
		{ "segments that overlap", &file.p[1].p_vaddr, 0, 8 },
		{ "symbols outside of the image", &file.p[2].p_vaddr, 1 << 20, 8 },
		{ "symbols beyond its end", &file.p[2].p_memsz, 1 << 20, 8 },
		{ "a first segment without the header", &file.p[0].p_offset, 8192, 8 },
	};
	struct elf_image image;

	for (size_t i = 0; i < sizeof(BAD) / sizeof(BAD[0]); i++) {
		struct fail why;

		setup();
		memcpy(BAD[i].at, &BAD[i].value, BAD[i].len);
		cr_assert_not(elf_open(&memory, BASE, &image, &why), "%s", BAD[i].what);
		cr_assert_eq(why.kind, FAIL_CORRUPT, "%s", BAD[i].what);
	}
	cr_assert_not(elf_open(&memory, BASE + 1, &image, NULL));
}

Test(elf, refuses_symbol_tables_that_make_no_sense)
{
	static const struct {
		const char *what;
		void *at;
		uint64_t value;
		size_t len;
	} BAD[] = {
		{ "a hash table elsewhere", &file.d[0].d_un.d_ptr, 1 << 20, 8 },
		{ "symbols elsewhere", &file.d[1].d_un.d_ptr, 1 << 20, 8 },
		{ "strings beyond the image", &file.d[3].d_un.d_val, 1 << 20, 8 },
		{ "no buckets", &file.hash[0], 0, 4 },
		{ "buckets beyond the image", &file.hash[0], UINT32_MAX, 4 },
		{ "a bloom filter of 3 words", &file.hash[2], 3, 4 },
		{ "a bloom filter beyond the image", &file.hash[2], 1u << 31, 4 },
		{ "a bloom shift of 32", &file.hash[3], 32, 4 },
	};

	for (size_t i = 0; i < sizeof(BAD) / sizeof(BAD[0]); i++) {
		struct elf_image image;
		struct fail why;

		setup();
		memcpy(BAD[i].at, &BAD[i].value, BAD[i].len);
		cr_assert(elf_open(&memory, BASE, &image, &why));
		cr_assert_not(elf_open_symbols(&memory, &image, &why), "%s", BAD[i].what);
	}
}

// DT_HASH alone: {3 buckets, 4 chains}, "first" and "second" in bucket 0, "third" in bucket 2.
static void use_old_hash(void)
{
	static const uint32_t TABLE[] = { 3, 4, 1, 0, 3, 0, 2, 0, 0 };

	file.d[0].d_tag = DT_HASH;
	memcpy(file.hash, TABLE, sizeof(file.hash));
	memcpy(&file.bloom, TABLE + 4, sizeof(file.bloom));
	memcpy(&file.bucket, TABLE + 6, 3 * sizeof(uint32_t));
}

Test(elf, finds_symbols_by_the_old_hash_where_there_is_no_other)
{
	static const char *const NAMES[] = { "first", "second", "third" };
	struct elf_image image;
	struct fail why;
	uint64_t at;

	use_old_hash();
	cr_assert(elf_open(&memory, BASE, &image, &why), "%s", why.text);
	cr_assert(elf_open_symbols(&memory, &image, &why), "%s", why.text);
	for (size_t i = 0; i < 3; i++) {
		cr_assert(elf_find(&image, NAMES[i], &at, &why), "%s", why.text);
		cr_assert_eq(at, BASE + 4096 + i + 1);
	}
	cr_assert_not(elf_find(&image, "fourth", &at, &why));
	cr_assert_eq(why.kind, FAIL_ABSENT);
}

Test(elf, old_hash_tables_that_make_no_sense_are_refused_and_their_circles_left)
{
	static const uint32_t BAD[][2] = { { 0, 4 }, { 3, 0 }, { UINT32_MAX, 4 }, { 3, 1 << 25 } };
	struct elf_image image;
	struct fail why;
	uint64_t at;

	for (size_t i = 0; i < sizeof(BAD) / sizeof(BAD[0]); i++) {
		setup();
		use_old_hash();
		memcpy(file.hash, BAD[i], sizeof(BAD[i]));
		cr_assert(elf_open(&memory, BASE, &image, &why));
		cr_assert_not(elf_open_symbols(&memory, &image, &why), "row %zu", i);
		cr_assert_eq(why.kind, FAIL_CORRUPT);
	}
	setup();
	use_old_hash();
	file.chain[0] = 1; // the last of bucket 0 leads back to the first
	cr_assert(elf_open(&memory, BASE, &image, &why));
	cr_assert(elf_open_symbols(&memory, &image, &why), "%s", why.text);
	cr_assert_not(elf_find(&image, "none", &at, &why)); // of bucket 0
}

Test(elf, ends_in_a_chain_without_end)
{
	struct elf_image image;
	struct fail why;
	uint64_t at;

	file.chain[2] &= ~1u;
	memset(file.s, 0, sizeof(file.s)); // what follows the chain has no last link soon
	memset(file.rest, 0, sizeof(file.rest));
	cr_assert(elf_open(&memory, BASE, &image, &why));
	cr_assert(elf_open_symbols(&memory, &image, &why));
	cr_assert_not(elf_find(&image, "fourth", &at, &why));
}

Test(elf, reads_no_symbol_name_beyond_the_strings)
{
	struct elf_image image;
	struct fail why;
	uint64_t at;

	cr_assert(elf_open(&memory, BASE, &image, &why));
	cr_assert(elf_open_symbols(&memory, &image, &why));
	file.s[3].st_name = UINT32_MAX;
	cr_assert_not(elf_find(&image, "third", &at, &why));
	file.s[2].st_value = UINT64_MAX - 16;
	cr_assert_not(elf_find(&image, "second", &at, &why), "an address outside of the image");
}
