// SPDX-License-Identifier: Apache-2.0
// The pass: of some 60,000 symbols a sixth are data; a 16-bit filter of two characters and the
// length leaves a handful for strcmp.  Sections are read, not mapped: a file that somebody
// truncates meanwhile is a short read and no SIGBUS.

#include "os/symtab.h"

#include <fcntl.h>
#include <gelf.h>
#include <inttypes.h>
#include <libelf.h>
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

struct filter {
	unsigned char bits[65536 / 8];
};

static uint16_t fingerprint(const char *name, size_t len)
{
	unsigned middle = (unsigned char)name[len / 2], late = (unsigned char)name[len - 2];

	return (uint16_t)((middle << 8 | late) ^ len * 131);
}

static void filter_fill(struct filter *f, const struct question *q)
{
	memset(f, 0, sizeof(*f));
	for (size_t i = 0; i < q->count; i++) {
		size_t len = strlen(q->symbols[i].name);

		if (len >= 2) {
			uint16_t mark = fingerprint(q->symbols[i].name, len);

			f->bits[mark / 8] |= (unsigned char)(1 << mark % 8);
		}
	}
}

static void match(const struct question *q, const char *name, const Elf64_Sym *s)
{
	for (size_t i = 0; i < q->count; i++) {
		struct symtab_symbol *to = &q->symbols[i];

		if (strcmp(to->name, name) != 0)
			continue;
		if (!to->found++) {
			to->value = s->st_value;
			to->size = s->st_size;
		}
	}
}

static void pass(const struct question *q, const Elf_Data *symbols, const Elf_Data *strings)
{
	const char *text = strings->d_buf;
	struct filter f;

	filter_fill(&f, q);
	for (size_t at = 0; at + sizeof(Elf64_Sym) <= symbols->d_size; at += sizeof(Elf64_Sym)) {
		const char *name;
		Elf64_Sym s;
		size_t len;

		memcpy(&s, (const char *)symbols->d_buf + at, sizeof(s));
		if (ELF64_ST_TYPE(s.st_info) != STT_OBJECT || s.st_shndx == SHN_UNDEF ||
		    !s.st_value || s.st_name >= strings->d_size)
			continue;
		name = text + s.st_name;
		len = strnlen(name, strings->d_size - s.st_name);
		if (len < 2 || len == strings->d_size - s.st_name)
			continue;
		if (f.bits[fingerprint(name, len) / 8] >> fingerprint(name, len) % 8 & 1)
			match(q, name, &s);
	}
}

static bool search(const struct question *q, Elf *elf, struct fail *why)
{
	Elf_Scn *section = NULL;

	if (elf_kind(elf) != ELF_K_ELF || gelf_getclass(elf) != ELFCLASS64)
		return fail(why, FAIL_CORRUPT, "%s is not a 64-bit ELF file", q->file->path);
	while ((section = elf_nextscn(elf, section))) {
		Elf_Data *symbols, *strings;
		GElf_Shdr header;

		if (!gelf_getshdr(section, &header) || header.sh_type != SHT_SYMTAB)
			continue;
		symbols = elf_rawdata(section, NULL);
		strings = elf_rawdata(elf_getscn(elf, header.sh_link), NULL);
		if (!symbols || !strings || !symbols->d_buf || !strings->d_buf)
			return fail(why, FAIL_CORRUPT, "%s: unreadable .symtab", q->file->path);
		pass(q, symbols, strings);
		return true;
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
	ok = elf ? search(q, elf, why)
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
