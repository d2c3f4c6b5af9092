// SPDX-License-Identifier: Apache-2.0
// Two passes through one small buffer: the string table tells at which offsets the names stand, the
// symbol table which symbols have such a name.  5 MB of fresh buffers would cost more in page
// faults than all the rest; and the file is read, not mapped, so that somebody who truncates it
// meanwhile causes a short read and no SIGBUS.

#include "os/symtab.h"

#include <fcntl.h>
#include <gelf.h>
#include <inttypes.h>
#include <libelf.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/fail.h"
#include "base/tree.h"
#include "os/mapped.h"

struct question {
	const struct mapped_file *file;
	struct symtab_symbol *symbols;
	size_t count;
};

enum {
	CHUNK = 128 * 1024, // read at once
	NAME_LIMIT = 1024,  // of a name that is asked for
};

// Where a name that is asked for stands in the string table: linkers merge equal tails, so that it
// may be the end of a longer one.
struct place {
	uint32_t offset;
	uint32_t symbol; // index into the question's symbols
};
struct places {
	VEC(struct place) at;
	uint64_t bloom; // a bit for each offset
	struct arena mem;
};

static uint64_t bloom_bit(uint32_t offset)
{
	return (uint64_t)1 << (offset * 0x9e3779b1u >> 26);
}

static bool read_at(int fd, char *to, size_t len, uint64_t offset)
{
	while (len) {
		ssize_t n = pread(fd, to, len, (off_t)offset);

		if (n <= 0)
			return false;
		to += n;
		len -= (size_t)n;
		offset += (uint64_t)n;
	}
	return true;
}

struct ends { // which last two characters the names have
	unsigned char bits[65536 / 8];
};

static unsigned last_two(const char *end)
{
	return (unsigned)(unsigned char)end[-2] << 8 | (unsigned char)end[-1];
}

// The names that the string [start, end) ends with; `offset` is where `start` stands.
static void match_string(const struct question *q, const char *start, const char *end,
			 uint32_t offset, struct places *out)
{
	for (size_t i = 0; i < q->count; i++) {
		size_t len = strlen(q->symbols[i].name);
		uint32_t at;

		if (len > (size_t)(end - start) || memcmp(end - len, q->symbols[i].name, len) != 0)
			continue;
		at = offset + (uint32_t)(end - start - (ptrdiff_t)len);
		out->bloom |= bloom_bit(at);
		vec_push(&out->mem, &out->at, (struct place){ at, (uint32_t)i });
	}
}

static bool find_places(const struct question *q, int fd, const GElf_Shdr *strings, char *buffer,
			struct places *out)
{
	struct ends ends = { 0 };
	uint64_t offset = 0;

	for (size_t i = 0; i < q->count; i++) {
		const char *name = q->symbols[i].name;
		size_t len = strlen(name);

		if (len >= 2 && len <= NAME_LIMIT) {
			unsigned two = last_two(name + len);

			ends.bits[two / 8] |= (unsigned char)(1 << two % 8);
		}
	}
	while (offset < strings->sh_size) {
		size_t len = strings->sh_size - offset < CHUNK ? strings->sh_size - offset : CHUNK;
		char *at = buffer, *end = buffer + len, *nul;

		if (!read_at(fd, buffer, len, strings->sh_offset + offset))
			return false;
		for (; (nul = memchr(at, '\0', (size_t)(end - at))); at = nul + 1)
			if (nul - at >= 2 && ends.bits[last_two(nul) / 8] >> last_two(nul) % 8 & 1)
				match_string(q, at, nul, (uint32_t)(offset + (size_t)(at - buffer)),
					     out);
		// The string that the chunk cuts is read again; one longer than a chunk is no name.
		offset += at > buffer ? (size_t)(at - buffer) : len;
	}
	return true;
}

static void match(const struct question *q, const struct places *places, const Elf64_Sym *s)
{
	for (size_t i = 0; i < places->at.count; i++) {
		struct symtab_symbol *to = &q->symbols[places->at.at[i].symbol];

		if (places->at.at[i].offset != s->st_name)
			continue;
		if (!to->found++) {
			to->value = s->st_value;
			to->size = s->st_size;
		}
	}
}

static bool find_symbols(const struct question *q, int fd, const GElf_Shdr *symbols, char *buffer,
			 const struct places *places)
{
	enum { STEP = CHUNK / sizeof(Elf64_Sym) * sizeof(Elf64_Sym) };
	uint64_t size = symbols->sh_size / sizeof(Elf64_Sym) * sizeof(Elf64_Sym);

	for (uint64_t offset = 0; offset < size; offset += STEP) {
		size_t len = size - offset < STEP ? size - offset : STEP;

		if (!read_at(fd, buffer, len, symbols->sh_offset + offset))
			return false;
		for (size_t at = 0; at < len; at += sizeof(Elf64_Sym)) {
			Elf64_Sym s;

			memcpy(&s, buffer + at, sizeof(s));
			if (ELF64_ST_TYPE(s.st_info) == STT_OBJECT && s.st_shndx != SHN_UNDEF &&
			    s.st_value && places->bloom & bloom_bit(s.st_name))
				match(q, places, &s);
		}
	}
	return true;
}

static bool search_tables(const struct question *q, int fd, const GElf_Shdr *symbols,
			  const GElf_Shdr *strings, struct fail *why)
{
	struct places places = { 0 };
	char *buffer = malloc(CHUNK);
	bool ok = buffer && strings->sh_size <= UINT32_MAX &&
		  find_places(q, fd, strings, buffer, &places) &&
		  (!places.at.count || find_symbols(q, fd, symbols, buffer, &places));

	free(buffer);
	arena_drop(&places.mem);
	return ok || fail(why, FAIL_CORRUPT, "%s: unreadable .symtab", q->file->path);
}

static bool search(const struct question *q, Elf *elf, int fd, struct fail *why)
{
	Elf_Scn *section = NULL;

	if (elf_kind(elf) != ELF_K_ELF || gelf_getclass(elf) != ELFCLASS64)
		return fail(why, FAIL_CORRUPT, "%s is not a 64-bit ELF file", q->file->path);
	while ((section = elf_nextscn(elf, section))) {
		GElf_Shdr symbols, strings;

		if (!gelf_getshdr(section, &symbols) || symbols.sh_type != SHT_SYMTAB)
			continue;
		if (!gelf_getshdr(elf_getscn(elf, symbols.sh_link), &strings) ||
		    strings.sh_type != SHT_STRTAB)
			return fail(why, FAIL_CORRUPT, "%s: .symtab without names", q->file->path);
		return search_tables(q, fd, &symbols, &strings, why);
	}
	return fail(why, FAIL_ABSENT, "%s is stripped of its .symtab", q->file->path);
}

static bool make(void *arg, struct arena *mem, struct span *out, struct fail *why)
{
	const struct question *q = arg;
	VEC(char) text = { 0 };
	Elf *elf;
	bool ok;
	int fd;

	if (!mapped_open(q->file, &fd, why))
		return false;
	elf_version(EV_CURRENT);
	elf = elf_begin(fd, ELF_C_READ, NULL);
	ok = elf ? search(q, elf, fd, why)
		 : fail(why, FAIL_CORRUPT, "%s: %s", q->file->path, elf_errmsg(-1));
	elf_end(elf);
	close(fd);
	if (!ok)
		return false;
	for (size_t i = 0; i < q->count; i++) {
		const struct symtab_symbol *s = &q->symbols[i];
		const char *line = arena_format(mem, "%s %" PRIx64 " %" PRIx64 " %" PRIx32 "\n",
						s->name, s->value, s->size, s->found);

		for (const char *c = line; *c; c++)
			vec_push(mem, &text, *c);
	}
	*out = (struct span){ text.at, text.count };
	return true;
}

bool symtab_parse(struct span text, struct symtab_symbol *symbols, size_t count, struct fail *why)
{
	struct span line, name;

	while (span_take_line(&text, &line)) {
		uint64_t value, size, found;

		if (!span_take_word(&line, &name) || !span_take_char(&line, ' ') ||
		    !span_take_hex(&line, &value) || !span_take_char(&line, ' ') ||
		    !span_take_hex(&line, &size) || !span_take_char(&line, ' ') ||
		    !span_take_hex(&line, &found) || found > UINT32_MAX || line.len)
			return fail(why, FAIL_CORRUPT, "damaged symbol list");
		for (size_t i = 0; i < count; i++)
			if (span_is(name, symbols[i].name)) {
				symbols[i].value = value;
				symbols[i].size = size;
				symbols[i].found = (uint32_t)found;
			}
	}
	return true;
}

bool symtab_read(const struct tree *files, const struct mapped_file *file, const char *asked,
		 struct symtab_symbol *symbols, size_t count, struct arena *mem, struct fail *why)
{
	// A copy: what the maker finds must not show when the answer comes from a capture.
	struct symtab_symbol *fresh = arena_array(mem, struct symtab_symbol, count);
	struct question q = { file, fresh, count };
	struct span text;

	for (size_t i = 0; i < count; i++)
		fresh[i].name = symbols[i].name;
	if (!tree_made(files, asked, make, &q, mem, &text, why))
		return false;
	for (size_t i = 0; i < count; i++)
		fresh[i].value = fresh[i].size = fresh[i].found = 0;
	if (!symtab_parse(text, fresh, count, why))
		return false;
	memcpy(symbols, fresh, count * sizeof(*symbols));
	return true;
}
