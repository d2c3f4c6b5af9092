// SPDX-License-Identifier: Apache-2.0
#include "os/exe.h"

#include <criterion/criterion.h>
#include <elf.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/arena.h"
#include "os/live.h"

Test(exe, a_programs_sections_are_told_apart_from_those_it_lacks)
{
	struct arena mem = { 0 };
	struct live live;
	struct tree files = live_tree(&live, "");

	cr_expect(exe_has_section(&files, getpid(), ".text", &mem));
	cr_expect_not(exe_has_section(&files, getpid(), ".svm_heap", &mem));
	cr_expect_not(exe_has_section(&files, getpid(), ".tex", &mem));
	arena_drop(&mem);
}

enum { MANY = 4000, LONG_NAME = 190 };

// A file of `count` sections that all bear the same name.
static int file_of(size_t count, struct arena *mem)
{
	char names[LONG_NAME + 2] = "";
	Elf64_Shdr *sections = arena_array(mem, Elf64_Shdr, count);
	Elf64_Ehdr header = { .e_ident = { ELFMAG0, ELFMAG1, ELFMAG2, ELFMAG3, ELFCLASS64 },
			      .e_shentsize = sizeof(*sections),
			      .e_shnum = (uint16_t)count,
			      .e_shoff = sizeof(header) };
	int fd = memfd_create("program", MFD_CLOEXEC);

	memset(names + 1, 'n', LONG_NAME);
	for (size_t i = 0; i < count; i++)
		sections[i] =
			(Elf64_Shdr){ .sh_name = 1,
				      .sh_size = sizeof(names),
				      .sh_offset = sizeof(header) + count * sizeof(*sections) };
	cr_assert_eq(write(fd, &header, sizeof(header)), sizeof(header));
	cr_assert_eq(write(fd, sections, count * sizeof(*sections)),
		     (ssize_t)(count * sizeof(*sections)));
	cr_assert_eq(write(fd, names, sizeof(names)), sizeof(names));
	return fd;
}

Test(exe, names_are_listed_a_line_each_and_too_many_of_them_are_refused)
{
	struct arena mem = { 0 };
	struct span names;
	int few = file_of(3, &mem), many = file_of(MANY, &mem);

	cr_assert(exe_list_sections(few, &mem, &names));
	cr_expect_eq(names.len, 3 * (LONG_NAME + 1));
	cr_expect_not(exe_list_sections(many, &mem, &names));
	close(few);
	close(many);
	arena_drop(&mem);
}
