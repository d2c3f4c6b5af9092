// SPDX-License-Identifier: Apache-2.0
#include "os/elf.h"

#include <elf.h>
#include <inttypes.h>
#include <string.h>

#include "base/fail.h"
#include "base/memory.h"
#include "base/units.h"

enum {
	PROGRAM_HEADER_LIMIT = 64,
	DYNAMIC_LIMIT = 512, // entries of .dynamic; real ones have about 30
	CHAIN_LIMIT = 4096,  // symbols of one hash bucket; real ones have at most a dozen
	SYMBOL_LIMIT = 1 << 24,
};
static const uint64_t IMAGE_LIMIT = GIB(4);
static const uint64_t ADDRESS_LIMIT = (uint64_t)1 << 47;

static bool check_header(const Elf64_Ehdr *e, struct fail *why)
{
	if (memcmp(e->e_ident, ELFMAG, SELFMAG) != 0)
		return fail(why, FAIL_CORRUPT, "not an ELF file");
	if (e->e_ident[EI_CLASS] != ELFCLASS64 || e->e_ident[EI_DATA] != ELFDATA2LSB)
		return fail(why, FAIL_CORRUPT, "not a 64-bit little-endian ELF file");
	if (e->e_type != ET_DYN && e->e_type != ET_EXEC)
		return fail(why, FAIL_CORRUPT, "an ELF file of type %u is no image", e->e_type);
	if (e->e_phentsize != sizeof(Elf64_Phdr) || !e->e_phnum ||
	    e->e_phnum > PROGRAM_HEADER_LIMIT)
		return fail(why, FAIL_CORRUPT, "an ELF file with %u program headers of %u bytes",
			    e->e_phnum, e->e_phentsize);
	if (e->e_phoff < sizeof(*e) ||
	    e->e_phoff > ELF_HEADER_BYTES - e->e_phnum * sizeof(Elf64_Phdr))
		return fail(why, FAIL_CORRUPT, "the program headers are not in the first page");
	return true;
}

// [start, start + size) without wrapping, below the end of user space.
static bool is_range(uint64_t start, uint64_t size)
{
	return size <= IMAGE_LIMIT && start < ADDRESS_LIMIT && size <= ADDRESS_LIMIT - start;
}

static bool add_segment(struct elf_image *image, const Elf64_Phdr *p, struct fail *why)
{
	struct elf_segment s = { .start = image->bias + p->p_vaddr,
				 .writable = p->p_flags & PF_W,
				 .executable = p->p_flags & PF_X };

	if (image->segment_count == ELF_SEGMENT_LIMIT)
		return fail(why, FAIL_CORRUPT, "more than %d segments", ELF_SEGMENT_LIMIT);
	if (p->p_filesz > p->p_memsz || !is_range(s.start, p->p_memsz))
		return fail(why, FAIL_CORRUPT, "a segment's sizes make no sense");
	s.file_end = s.start + p->p_filesz;
	s.end = s.start + p->p_memsz;
	if (image->segment_count && s.start < image->segments[image->segment_count - 1].end)
		return fail(why, FAIL_CORRUPT, "segments overlap");
	image->segments[image->segment_count++] = s;
	return true;
}

// The first PT_LOAD maps the header, so it tells what was added to all addresses.
static bool find_bias(const Elf64_Phdr *p, size_t count, uint64_t base, uint64_t *bias,
		      struct fail *why)
{
	for (size_t i = 0; i < count; i++) {
		if (p[i].p_type != PT_LOAD)
			continue;
		if (p[i].p_offset >= PAGE_SIZE_BYTES || p[i].p_vaddr < p[i].p_offset)
			return fail(why, FAIL_CORRUPT, "the first segment leaves the header out");
		*bias = base - units_page_down(p[i].p_vaddr - p[i].p_offset);
		return true;
	}
	return fail(why, FAIL_CORRUPT, "an ELF file without segments");
}

static bool take_segments(const Elf64_Phdr *p, size_t count, uint64_t base, struct elf_image *image,
			  struct fail *why)
{
	if (!find_bias(p, count, base, &image->bias, why))
		return false;
	for (size_t i = 0; i < count; i++)
		if (p[i].p_type == PT_LOAD && !add_segment(image, &p[i], why))
			return false;
	image->start = base;
	image->end = units_page_up(image->segments[image->segment_count - 1].end);
	if (image->segments[0].start > base + PAGE_SIZE_BYTES || image->end <= base ||
	    image->end - base > IMAGE_LIMIT)
		return fail(why, FAIL_CORRUPT, "the segments do not begin at the header");
	for (size_t i = 0; i < count; i++) {
		uint64_t at = image->bias + p[i].p_vaddr;

		if (p[i].p_type != PT_DYNAMIC && p[i].p_type != PT_GNU_RELRO)
			continue;
		if (at < image->start || at >= image->end || p[i].p_memsz > image->end - at)
			return fail(why, FAIL_CORRUPT, "a part lies outside of the image");
		if (p[i].p_type == PT_DYNAMIC) {
			image->dynamic_at = at;
			image->dynamic_size = p[i].p_memsz;
		} else {
			image->relro_start = at;
			image->relro_end = at + p[i].p_memsz;
		}
	}
	return true;
}

static bool open_image(const Elf64_Ehdr *e, const Elf64_Phdr *p, uint64_t base,
		       struct elf_image *out, struct fail *why)
{
	struct elf_image image = { 0 };

	if (base % PAGE_SIZE_BYTES || base >= ADDRESS_LIMIT)
		return fail(why, FAIL_CORRUPT, "no image starts at 0x%" PRIx64, base);
	if (!take_segments(p, e->e_phnum, base, &image, why))
		return false;
	*out = image;
	return true;
}

bool elf_open(const struct memory *memory, uint64_t base, struct elf_image *out, struct fail *why)
{
	Elf64_Phdr p[PROGRAM_HEADER_LIMIT];
	char magic[SELFMAG];
	Elf64_Ehdr e;

	// Four bytes first: a capture shall not have more of a file that is no program.
	if (!memory_read(memory, base, magic, sizeof(magic), why))
		return fail_while(why, "ELF image at 0x%" PRIx64, base);
	if (memcmp(magic, ELFMAG, SELFMAG) != 0)
		return fail(why, FAIL_CORRUPT, "no ELF image at 0x%" PRIx64, base);
	if (!memory_read(memory, base, &e, sizeof(e), why) || !check_header(&e, why) ||
	    !memory_read(memory, base + e.e_phoff, p, e.e_phnum * sizeof(*p), why) ||
	    !open_image(&e, p, base, out, why))
		return fail_while(why, "ELF image at 0x%" PRIx64, base);
	out->memory = memory;
	return true;
}

bool elf_parse(struct span header, uint64_t base, struct elf_image *out, struct fail *why)
{
	Elf64_Phdr p[PROGRAM_HEADER_LIMIT];
	Elf64_Ehdr e;

	if (header.len < sizeof(e))
		return fail(why, FAIL_CORRUPT, "not an ELF file");
	memcpy(&e, header.at, sizeof(e));
	if (!check_header(&e, why))
		return false;
	if (e.e_phoff + e.e_phnum * sizeof(*p) > header.len)
		return fail(why, FAIL_CORRUPT, "the ELF file ends in its headers");
	memcpy(p, header.at + e.e_phoff, e.e_phnum * sizeof(*p));
	return open_image(&e, p, base, out, why);
}

// glibc rewrites the table addresses of .dynamic to absolute ones, musl leaves them relative.
static uint64_t absolute(const struct elf_image *image, uint64_t at)
{
	return at < image->start ? at + image->bias : at;
}

static bool is_inside(const struct elf_image *image, uint64_t at, uint64_t size)
{
	return at >= image->start && at < image->end && size <= image->end - at;
}

static bool read_dynamic(struct elf_image *image, struct fail *why)
{
	size_t count = image->dynamic_size / sizeof(Elf64_Dyn);

	for (size_t i = 0; i < count && i < DYNAMIC_LIMIT; i++) {
		Elf64_Dyn d;

		if (!memory_read(image->memory, image->dynamic_at + i * sizeof(d), &d, sizeof(d),
				 why))
			return false;
		switch (d.d_tag) {
		case DT_NULL:
			return true;
		case DT_GNU_HASH:
			image->hash_at = absolute(image, d.d_un.d_ptr);
			break;
		case DT_HASH:
			image->old_hash_at = absolute(image, d.d_un.d_ptr);
			break;
		case DT_SYMTAB:
			image->symbols_at = absolute(image, d.d_un.d_ptr);
			break;
		case DT_STRTAB:
			image->strings_at = absolute(image, d.d_un.d_ptr);
			break;
		case DT_STRSZ:
			image->strings_size = d.d_un.d_val;
			break;
		}
	}
	return true;
}

static bool check_hash(struct elf_image *image, struct fail *why)
{
	uint32_t head[4];
	uint64_t size;

	if (!memory_read(image->memory, image->hash_at, head, sizeof(head), why))
		return false;
	image->bucket_count = head[0];
	image->first_hashed = head[1];
	image->bloom_words = head[2];
	image->bloom_shift = head[3];
	size = sizeof(head) + image->bloom_words * sizeof(uint64_t) +
	       image->bucket_count * sizeof(uint32_t);
	if (!head[0] || head[1] > SYMBOL_LIMIT || !head[2] || head[2] & (head[2] - 1) ||
	    head[3] > 31 || !is_inside(image, image->hash_at, size))
		return fail(why, FAIL_CORRUPT, "the hash table of its symbols makes no sense");
	return true;
}

// DT_HASH: {buckets, chains}, then as many 32-bit indices each.
static bool check_old_hash(struct elf_image *image, struct fail *why)
{
	uint32_t head[2];
	uint64_t size;

	if (!memory_read(image->memory, image->old_hash_at, head, sizeof(head), why))
		return false;
	image->bucket_count = head[0];
	image->chain_count = head[1];
	size = sizeof(head) + ((uint64_t)head[0] + head[1]) * sizeof(uint32_t);
	if (!head[0] || !head[1] || head[1] > SYMBOL_LIMIT ||
	    !is_inside(image, image->old_hash_at, size))
		return fail(why, FAIL_CORRUPT, "the hash table of its symbols makes no sense");
	return true;
}

bool elf_open_symbols(const struct memory *memory, struct elf_image *image, struct fail *why)
{
	struct elf_image got = *image;

	got.memory = memory;
	if (!got.dynamic_at)
		return fail(why, FAIL_ABSENT, "the image has no dynamic symbols");
	if (!read_dynamic(&got, why))
		return fail_while(why, "reading .dynamic");
	if ((!got.hash_at && !got.old_hash_at) || !got.symbols_at || !got.strings_at)
		return fail(why, FAIL_ABSENT, "the image has no hash table of its symbols");
	if (!is_inside(&got, got.hash_at ? got.hash_at : got.old_hash_at, 1) ||
	    !is_inside(&got, got.symbols_at, 1) ||
	    !is_inside(&got, got.strings_at, got.strings_size))
		return fail(why, FAIL_CORRUPT, "symbol tables outside of the image");
	if (!(got.hash_at ? check_hash(&got, why) : check_old_hash(&got, why)))
		return false;
	*image = got;
	return true;
}

static uint32_t gnu_hash(const char *name)
{
	uint32_t h = 5381;

	for (const unsigned char *c = (const unsigned char *)name; *c; c++)
		h = h * 33 + *c;
	return h;
}

// Whether symbol `index` is `name` and defined here; its address then.
static bool match_symbol(const struct elf_image *image, uint32_t index, const char *name,
			 uint64_t *at)
{
	uint64_t symbol_at = image->symbols_at + (uint64_t)index * sizeof(Elf64_Sym);
	size_t len = strlen(name) + 1;
	char got[256];
	Elf64_Sym s;

	if (len > sizeof(got) || !is_inside(image, symbol_at, sizeof(s)) ||
	    !memory_read(image->memory, symbol_at, &s, sizeof(s), NULL))
		return false;
	if (s.st_shndx == SHN_UNDEF || s.st_name >= image->strings_size ||
	    len > image->strings_size - s.st_name ||
	    !memory_read(image->memory, image->strings_at + s.st_name, got, len, NULL) ||
	    memcmp(got, name, len) != 0)
		return false;
	if (!is_inside(image, image->bias + s.st_value, 1))
		return false;
	*at = image->bias + s.st_value;
	return true;
}

static uint32_t old_hash(const char *name)
{
	uint32_t h = 0;

	for (const unsigned char *c = (const unsigned char *)name; *c; c++) {
		h = (h << 4) + *c;
		h ^= h >> 24 & 0xf0;
		h &= 0x0fffffff;
	}
	return h;
}

static bool find_by_old_hash(const struct elf_image *image, const char *name, uint64_t *at)
{
	uint64_t buckets_at = image->old_hash_at + 2 * sizeof(uint32_t);
	uint64_t chains_at = buckets_at + image->bucket_count * sizeof(uint32_t);
	uint64_t link_at = buckets_at + old_hash(name) % image->bucket_count * sizeof(uint32_t);
	uint32_t index;

	for (size_t i = 0; i < CHAIN_LIMIT; i++) {
		if (!memory_read_u32(image->memory, link_at, &index, NULL) || index == STN_UNDEF ||
		    index >= image->chain_count)
			break;
		if (match_symbol(image, index, name, at))
			return true;
		link_at = chains_at + (uint64_t)index * sizeof(uint32_t);
	}
	return false;
}

bool elf_find(const struct elf_image *image, const char *name, uint64_t *at, struct fail *why)
{
	uint64_t bloom_at = image->hash_at + 4 * sizeof(uint32_t);
	uint64_t buckets_at = bloom_at + image->bloom_words * sizeof(uint64_t);
	uint64_t chains_at = buckets_at + image->bucket_count * sizeof(uint32_t);
	uint32_t hash = gnu_hash(name), index, link;
	uint64_t bloom;

	if (!image->bucket_count)
		return fail(why, FAIL_ABSENT, "the image has no symbol table");
	if (image->chain_count)
		return find_by_old_hash(image, name, at) ||
		       fail(why, FAIL_ABSENT, "%s is not exported", name);
	bloom_at += (hash / 64 & (image->bloom_words - 1)) * sizeof(bloom);
	if (!memory_read_u64(image->memory, bloom_at, &bloom, why))
		return false;
	if (!(bloom >> hash % 64 & bloom >> (hash >> image->bloom_shift) % 64 & 1))
		return fail(why, FAIL_ABSENT, "%s is not exported", name);
	buckets_at += hash % image->bucket_count * sizeof(index);
	if (!memory_read_u32(image->memory, buckets_at, &index, why))
		return false;
	for (size_t i = 0; i < CHAIN_LIMIT && index >= image->first_hashed; i++, index++) {
		uint64_t link_at = chains_at + (uint64_t)(index - image->first_hashed) * 4;

		if (!is_inside(image, link_at, sizeof(link)) ||
		    !memory_read_u32(image->memory, link_at, &link, why))
			break;
		if ((link | 1) == (hash | 1) && match_symbol(image, index, name, at))
			return true;
		if (link & 1)
			break;
	}
	return fail(why, FAIL_ABSENT, "%s is not exported", name);
}
