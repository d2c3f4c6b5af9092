// SPDX-License-Identifier: Apache-2.0
#include "os/symtab.h"

#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <link.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/fail.h"
#include "base/tree.h"
#include "os/mapped.h"

static struct arena mem;
static unsigned asked;

// The program under test is an ELF file with a .symtab that has this.
__attribute__((noinline)) int symtab_test_marker(int n);
extern uint64_t symtab_test_variable;
int symtab_test_marker(int n)
{
	return n * 3 + (int)asked;
}

uint64_t symtab_test_variable = 7;

static bool made_live(void *self, const char *name, tree_maker *make, void *arg, struct arena *to,
		      struct span *out, struct fail *why)
{
	asked++;
	return make(arg, to, out, why);
}

static bool made_recorded(void *self, const char *name, tree_maker *make, void *arg,
			  struct arena *to, struct span *out, struct fail *why)
{
	*out = span_of(self);
	return true;
}

static const struct tree_ops LIVE = { .made = made_live }, RECORDED = { .made = made_recorded };

static int take_first(struct dl_phdr_info *info, size_t size, void *to)
{
	*(uint64_t *)to = info->dlpi_addr;
	return 1; // the program itself
}

static struct mapped_file own_program(char path[4096])
{
	ssize_t len = readlink("/proc/self/exe", path, 4095);
	struct stat st;

	cr_assert(len > 0);
	path[len] = '\0';
	cr_assert(not(stat(path, &st)));
	return (struct mapped_file){ .pid = getpid(),
				     .path = path,
				     .inode = st.st_ino,
				     .dev_major = major(st.st_dev),
				     .dev_minor = minor(st.st_dev) };
}

static void teardown(void)
{
	arena_drop(&mem);
}

TestSuite(symtab, .fini = teardown);

Test(symtab, an_address_inside_a_function_has_its_name_and_offset)
{
	struct tree files = { &LIVE, NULL };
	struct symtab_place places[2] = { { .at = 1 } };
	char path[4096];
	struct mapped_file file = own_program(path);
	uint64_t start;
	struct fail why;

	dl_iterate_phdr(take_first, &start);
	places[1].at = (uint64_t)(uintptr_t)symtab_test_marker - start + 1;
	cr_assert(symtab_name(&files, &file, "symbols/test", places, 2, &mem, &why), "%s",
		  why.text);
	cr_assert(places[0].name == NULL, "the file's header is no function");
	cr_assert(eq(str, (char *)places[1].name, "symtab_test_marker"));
	cr_assert(eq(u64, places[1].offset, 1));
	cr_assert(eq(uint, asked, 1), "one question for all");
}

Test(symtab, a_variable_is_found_by_its_whole_name)
{
	struct tree files = { &LIVE, NULL };
	char path[4096];
	struct mapped_file file = own_program(path);
	uint64_t start, at;
	struct fail why;

	dl_iterate_phdr(take_first, &start);
	cr_assert(
		symtab_find(&files, &file, "symbols/one", "symtab_test_variable", &mem, &at, &why),
		"%s", why.text);
	cr_assert(eq(u64, start + at, (uint64_t)(uintptr_t)&symtab_test_variable));
	cr_assert(not(
		symtab_find(&files, &file, "symbols/one", "symtab_test_variab", &mem, &at, &why)));
	cr_assert(eq(int, why.kind, FAIL_ABSENT));
	cr_assert(not(symtab_find(&files, &file, "symbols/one", "symtab_test_marker", &mem, &at,
				  &why)),
		  "a function is no variable");
	files = (struct tree){ &RECORDED, "4f0\n" };
	cr_assert(symtab_find(&files, &file, "symbols/one", "any", &mem, &at, &why));
	cr_assert(eq(u64, at, 0x4f0));
	files.self = "no number";
	cr_assert(not(symtab_find(&files, &file, "symbols/one", "any", &mem, &at, &why)));
}

Test(symtab, opens_no_file_but_the_mapped_one)
{
	struct tree files = { &LIVE, NULL };
	struct symtab_place place = { .at = 1, .name = "before" };
	char path[4096];
	struct mapped_file file = own_program(path);
	struct fail why;

	file.inode++;
	cr_assert(not(symtab_name(&files, &file, "symbols/test", &place, 1, &mem, &why)));
	cr_assert(eq(int, why.kind, FAIL_ABSENT));
	cr_assert(eq(str, (char *)place.name, "before"), "untouched on failure");
}

Test(symtab, takes_recorded_answers_and_refuses_damaged_ones)
{
	static const char *const DAMAGED[] = {
		"10", "10 1", "10 1 ", "10 x name", "zz 1 name", "11112222333344445 8 name"
	};
	struct symtab_place places[] = { { .at = 0x10 }, { .at = 0x20 }, { .at = 0x30 } };
	struct tree files = { &RECORDED, "10 1 first\n30 1f third with blanks\n40 0 other\n" };
	struct mapped_file file = { .path = "/none" };
	struct fail why;

	cr_assert(symtab_name(&files, &file, "symbols/test", places, 3, &mem, &why), "%s",
		  why.text);
	cr_assert(eq(str, (char *)places[0].name, "first"));
	cr_assert(places[1].name == NULL);
	cr_assert(eq(str, (char *)places[2].name, "third with blanks"));
	cr_assert(eq(u64, places[2].offset, 0x1f));
	for (size_t i = 0; i < sizeof(DAMAGED) / sizeof(DAMAGED[0]); i++) {
		files.self = (void *)(uintptr_t)DAMAGED[i];
		cr_assert(not(symtab_name(&files, &file, "symbols/test", places, 3, &mem, &why)),
			  "%s", DAMAGED[i]);
		cr_assert(eq(int, why.kind, FAIL_CORRUPT));
	}
}
