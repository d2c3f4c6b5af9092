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

enum { SECTION_LIMIT = 4096, NAMES_LIMIT = 1 << 20 };

static bool read_at(int fd, void *to, size_t len, uint64_t offset)
{
	return offset <= INT64_MAX && pread(fd, to, len, (off_t)offset) == (ssize_t)len;
}

// One name a line, in the file's order.
static bool list_sections(int fd, struct arena *mem, struct span *out)
{
	Elf64_Ehdr header;
	Elf64_Shdr *sections, *strings;
	char *names, *text, *to;

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
	names = arena_get(mem, strings->sh_size + 1);
	if (!read_at(fd, names, strings->sh_size, strings->sh_offset))
		return false;
	// Names may share their tails, so the list can be longer than the table.
	text = to = arena_get(mem, 1);
	for (size_t i = 0; i < header.e_shnum; i++) {
		const char *name =
			sections[i].sh_name < strings->sh_size ? names + sections[i].sh_name : "";

		if ((size_t)(to - text) + strlen(name) > NAMES_LIMIT)
			return false;
		text = arena_format(mem, "%s%.200s\n", text, name);
		to = text + strlen(text);
	}
	*out = span_of(text);
	return true;
}

static bool make_sections(void *arg, struct arena *mem, struct span *out, struct fail *why)
{
	int pid = *(const int *)arg, fd;
	char path[64];
	bool done;

	snprintf(path, sizeof(path), "/proc/%d/exe", pid);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return fail_errno(why, errno, "%s", path);
	done = list_sections(fd, mem, out);
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
