// SPDX-License-Identifier: Apache-2.0
#include "os/symtab.h"

#include <criterion/criterion.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/fail.h"
#include "base/tree.h"
#include "os/mapped.h"

// The program under test is an ELF file with a .symtab that has this.
int symtab_test_marker[5] = { 1 };

static struct arena mem;

static bool made_live(void *self, const char *name, tree_maker *make, void *arg, struct arena *to,
		      struct span *out, struct fail *why)
{
	return make(arg, to, out, why);
}

static bool made_recorded(void *self, const char *name, tree_maker *make, void *arg,
			  struct arena *to, struct span *out, struct fail *why)
{
	*out = span_of(self);
	return true;
}

static const struct tree_ops LIVE = { .made = made_live }, RECORDED = { .made = made_recorded };

static struct mapped_file own_program(char path[4096])
{
	ssize_t len = readlink("/proc/self/exe", path, 4095);
	struct stat st;

	cr_assert_gt(len, 0);
	path[len] = '\0';
	cr_assert_eq(stat(path, &st), 0);
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

Test(symtab, finds_data_by_name_with_its_size)
{
	struct symtab_symbol s[] = { { .name = "no_such_symbol" },
				     { .name = "symtab_test_marker" } };
	struct tree files = { &LIVE, NULL };
	char path[4096];
	struct mapped_file file = own_program(path);
	struct fail why;

	cr_assert(symtab_read(&files, &file, "symbols/test", s, 2, &mem, &why), "%s", why.text);
	cr_assert_eq(s[0].found, 0);
	cr_assert_eq(s[1].found, 1);
	cr_assert_eq(s[1].size, sizeof(symtab_test_marker));
	cr_assert_neq(s[1].value, 0);
}

Test(symtab, opens_no_file_but_the_mapped_one)
{
	struct symtab_symbol s[] = { { .name = "symtab_test_marker" } };
	struct tree files = { &LIVE, NULL };
	char path[4096];
	struct mapped_file file = own_program(path);
	struct fail why;

	file.inode++;
	cr_assert_not(symtab_read(&files, &file, "symbols/test", s, 1, &mem, &why));
	cr_assert_eq(why.kind, FAIL_ABSENT);
}

Test(symtab, takes_recorded_answers_and_refuses_damaged_ones)
{
	static const char *const DAMAGED[] = { "one",
					       "one 10",
					       "one 10 8",
					       "one 10 8 1 2",
					       "one x 8 1",
					       "one 10 8 100000000",
					       "one 11112222333344445 8 1" };
	struct symtab_symbol s[] = { { .name = "two", .value = 77 } };
	struct mapped_file file = { .path = "/none" };
	struct tree files = { &RECORDED, "one 10 8 1\ntwo 1f0 4 2\n" };
	struct fail why;

	cr_assert(symtab_read(&files, &file, "symbols/test", s, 1, &mem, &why), "%s", why.text);
	cr_assert_eq(s[0].value, 0x1f0);
	cr_assert_eq(s[0].found, 2);
	for (size_t i = 0; i < sizeof(DAMAGED) / sizeof(DAMAGED[0]); i++) {
		files.self = (void *)DAMAGED[i];
		cr_assert_not(symtab_read(&files, &file, "symbols/test", s, 1, &mem, &why), "%s",
			      DAMAGED[i]);
		cr_assert_eq(s[0].value, 0x1f0, "untouched on failure");
	}
}
