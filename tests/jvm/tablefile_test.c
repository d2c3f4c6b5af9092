// SPDX-License-Identifier: Apache-2.0
// A library with the tables of a VM, loaded into this process and compared with its file.
#include "jvm/tablefile.h"

#include <criterion/criterion.h>
#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/fail.h"
#include "base/memory.h"
#include "base/tree.h"
#include "jvm/vmstructs.h"
#include "os/elf.h"
#include "os/live.h"
#include "os/mapped.h"
#include "parse/maps.h"

static char path[] = "/tmp/jledger-tables-XXXXXX";
static struct arena mem;
static struct fail why;
static struct memory memory;
static struct live live;
static struct tree files;
static struct elf_image image;
static struct mapped_file file;
static struct vmstructs *tables;
static void *handle;
static const char *recorded; // what a capture holds; NULL: the file is asked
static char *made;           // what it was told, as a capture would keep it

static bool read_own(void *self, uint64_t at, void *to, size_t len, struct fail *unused)
{
	memcpy(to, (const void *)(uintptr_t)at, len);
	return true;
}
static const struct memory_source OWN = { .read = read_own };

static uint64_t exported(void *arg, const char *name)
{
	uint64_t at;

	return elf_find(&image, name, &at, NULL) ? at : 0;
}

static uint64_t in_file(void *arg, const char *name)
{
	uint64_t at = exported(arg, name);

	return at ? at - image.bias : 0;
}

static bool tell(void *self, const char *name, tree_maker *make, void *arg, struct arena *to,
		 struct span *out, struct fail *w)
{
	cr_assert_str_eq(name, "symbols/tables");
	if (recorded) {
		*out = span_of(recorded);
		return true;
	}
	if (!make(arg, to, out, &why)) {
		made = NULL;
		return false;
	}
	made = arena_copy(&mem, out->at, out->len);
	return true;
}

static void copy_library(void)
{
	char command[512];

	snprintf(command, sizeof(command), "cp '%s' '%s'", LIBRARY, path);
	cr_assert(!system(command)); // NOLINT(cert-env33-c): two paths of ours
}

static const struct mapping *find_library(struct maps *maps)
{
	struct span text;

	cr_assert(tree_read(&files, "/proc/self/maps", &mem, &text, &why), "%s", why.text);
	cr_assert(maps_parse(text, &mem, maps, &why), "%s", why.text);
	for (size_t i = 0; i < maps->count; i++)
		if (!strcmp(maps->at[i].path, path) && !maps->at[i].offset)
			return &maps->at[i];
	return NULL;
}

static void start(void)
{
	const struct mapping *m;
	struct maps maps;

	cr_assert(close(mkstemp(path)) == 0);
	copy_library();
	handle = dlopen(path, RTLD_NOW);
	cr_assert(handle, "%s", dlerror());
	files = live_tree(&live, "");
	m = find_library(&maps);
	cr_assert(m);
	memory_init(&memory, &mem);
	for (size_t i = 0; i < maps.count; i++)
		if (maps.at[i].readable && maps.at[i].path[0] != '[')
			memory_add_segment(&memory, maps.at[i].start, maps.at[i].end, &OWN, NULL);
	cr_assert(elf_open(&memory, m->start, &image, &why), "%s", why.text);
	cr_assert(elf_open_symbols(&memory, &image, &why), "%s", why.text);
	file = (struct mapped_file){ getpid(), m->path,      m->start,    m->end,
				     m->inode, m->dev_major, m->dev_minor };
}

static void end(void)
{
	dlclose(handle);
	unlink(path);
	arena_drop(&mem);
}

TestSuite(tablefile, .init = start, .fini = end);

static bool check(void)
{
	static const struct tree_ops OPS = { .made = tell };
	const struct tree told = { &OPS, NULL };
	const struct tablefile_library library = { &file, image.bias, in_file, NULL };

	cr_assert(vmstructs_read(&memory, exported, NULL, &mem, &tables, &why), "%s", why.text);
	return tablefile_check(tables, &memory, &told, &library, &mem, &why);
}

// A member's offset, in the middle of the first table.
static uint64_t *offset_of_second_row(void)
{
	char *const *rows = dlsym(handle, "gHotSpotVMStructs");

	return (uint64_t *)(*rows + 48 + 32);
}

Test(tablefile, tables_that_are_as_in_the_file_agree_and_a_capture_learns_their_sums)
{
	size_t lines = 0;

	cr_expect(check(), "%s", why.text);
	cr_assert_not_null(made);
	for (const char *c = made; *c; c++)
		lines += *c == '\n';
	cr_expect_eq(lines, VMSTRUCTS_TABLES);
	recorded = made;
	cr_expect(check(), "%s", why.text);
}

Test(tablefile, a_row_that_differs_is_damage_and_its_table_is_named)
{
	*offset_of_second_row() ^= 8;
	cr_assert_not(check());
	cr_expect_eq(why.kind, FAIL_CORRUPT);
	cr_expect(strstr(why.text, "gHotSpotVMStructs differs"), "%s", why.text);
}

Test(tablefile, another_file_in_its_place_is_not_what_is_compared_with)
{
	char other[sizeof(path) + 8];

	// As an upgrade does: written aside, then renamed over it.
	snprintf(other, sizeof(other), "%s.new", path);
	cr_assert(rename(path, other) == 0);
	file.path = other;
	copy_library();
	*offset_of_second_row() ^= 8; // so that the comparison, where there is one, is seen
	cr_expect_not(check());
	cr_assert_not_null(made, "the renamed file is found by its new name");
	*offset_of_second_row() ^= 8;
	cr_expect(check(), "%s", why.text);
	unlink(other);
	cr_expect(check(), "%s", why.text);
	file.path = path; // what maps says of a file that is gone, and what stands there now
	cr_expect(check(), "%s", why.text);
}

Test(tablefile, without_the_file_there_is_nothing_to_contradict)
{
	file.inode++; // no name of it fits any more
	cr_expect(check());
	cr_expect_null(made);
	*offset_of_second_row() ^= 8;
	cr_expect(check());
}

Test(tablefile, a_recorded_text_that_makes_no_sense_contradicts_nothing)
{
	recorded = "";
	cr_expect(check());
	recorded = "12 nonsense\n";
	cr_expect(check());
	recorded = "ffffffffffffffffffff 1 0 1 1\n";
	cr_expect(check());
}

Test(tablefile, a_recorded_sum_of_another_table_contradicts)
{
	recorded = "1000 3 0 1 1\n";
	cr_assert_not(check());
	cr_expect_eq(why.kind, FAIL_CORRUPT);
}
