// SPDX-License-Identifier: Apache-2.0
#include "os/exe.h"

#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/fail.h"
#include "base/tree.h"

enum { SECTION_LIMIT = 4096, NAMES_LIMIT = 1 << 16, NAME_LIMIT = 200 };

static bool read_at(int fd, void *to, size_t len, uint64_t offset)
{
	return offset <= INT64_MAX && pread(fd, to, len, (off_t)offset) == (ssize_t)len;
}

// One name a line, in the file's order.  Names may share their tails, so the list can be longer
// than the table that they stand in.
static bool join(const Elf64_Shdr *sections, size_t count, struct span names, struct arena *mem,
		 struct span *out)
{
	char *text = arena_get(mem, NAMES_LIMIT);
	size_t len = 0;

	for (size_t i = 0; i < count; i++) {
		const char *name =
			sections[i].sh_name < names.len ? names.at + sections[i].sh_name : "";
		size_t n = strnlen(name, NAME_LIMIT);

		if (n + 1 > NAMES_LIMIT - len)
			return false;
		memcpy(text + len, name, n);
		text[len + n] = '\n';
		len += n + 1;
	}
	*out = (struct span){ text, len };
	return true;
}

bool exe_list_sections(int fd, struct arena *mem, struct span *out)
{
	Elf64_Shdr *sections, *strings;
	struct span names;
	Elf64_Ehdr header;
	char *bytes;

	if (!read_at(fd, &header, sizeof(header), 0) ||
	    memcmp(header.e_ident, ELFMAG, SELFMAG) != 0 ||
	    header.e_ident[EI_CLASS] != ELFCLASS64 || header.e_shentsize != sizeof(Elf64_Shdr) ||
	    header.e_shnum > SECTION_LIMIT || header.e_shstrndx >= header.e_shnum)
		return false;
	sections = arena_array(mem, Elf64_Shdr, header.e_shnum);
	if (!read_at(fd, sections, header.e_shnum * sizeof(*sections), header.e_shoff))
		return false;
	strings = &sections[header.e_shstrndx];
	if (!strings->sh_size || strings->sh_size > NAMES_LIMIT)
		return false;
	bytes = arena_get(mem, strings->sh_size + 1); // arena memory is zero: an end for the last
	if (!read_at(fd, bytes, strings->sh_size, strings->sh_offset))
		return false;
	names = (struct span){ bytes, strings->sh_size };
	return join(sections, header.e_shnum, names, mem, out);
}

static bool make_sections(void *arg, struct arena *mem, struct span *out, struct fail *why)
{
	int pid = *(const int *)arg, fd;
	char path[64];
	bool done;

	snprintf(path, sizeof(path), "/proc/%d/exe", pid);
	fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	if (fd < 0)
		return fail_errno(why, errno, "%s", path);
	done = exe_list_sections(fd, mem, out);
	close(fd);
	return done ? true : fail(why, FAIL_ABSENT, "%s is no ELF file with sections", path);
}

bool exe_has_section(const struct tree *files, int pid, const char *name, struct arena *mem)
{
	struct fail why;
	struct span text, line;
	char question[32];

	snprintf(question, sizeof(question), "exe/%d", pid);
	if (!tree_made(files, question, make_sections, &pid, mem, &text, &why))
		return false;
	while (span_take_line(&text, &line))
		if (span_is(line, name))
			return true;
	return false;
}
