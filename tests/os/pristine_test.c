// SPDX-License-Identifier: Apache-2.0
#include "os/pristine.h"

#include <criterion/criterion.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/fail.h"
#include "pristine_image.h"

static unsigned char file[LIB_BYTES];
static struct arena mem;
static struct pristine library;
static struct fail why;
static int fd;

static bool open_file(size_t len)
{
	fd = memfd_create("library", MFD_CLOEXEC);
	cr_assert(fd >= 0 && write(fd, file, len) == (ssize_t)len);
	return pristine_open(fd, &mem, &library, &why);
}

static void setup(void)
{
	lib_make(file);
}

static void teardown(void)
{
	close(fd);
	arena_drop(&mem);
}

TestSuite(pristine, .init = setup, .fini = teardown);

static uint64_t word(uint64_t at)
{
	uint64_t value = 0;

	cr_assert(pristine_read(&library, at, &value, sizeof(value), &why), "%s", why.text);
	return value;
}

Test(pristine, a_word_is_the_files_relocated_or_stored_by_an_initialiser)
{
	cr_assert(open_file(LIB_BYTES), "%s", why.text);
	cr_assert_eq(word(LIB_PLAIN), 42);
	cr_assert_eq(word(LIB_POINTER), LIB_TARGET);
	cr_assert_eq(word(LIB_CONSTANT), 0x140);
	cr_assert_eq(word(LIB_SMALL), 7);
	cr_assert_eq(word(LIB_DATA + LIB_DATA_FILE), 0, ".bss is zeros");
}

Test(pristine, parts_of_a_relocated_word_are_its_bytes)
{
	uint8_t byte = 0;

	cr_assert(open_file(LIB_BYTES), "%s", why.text);
	cr_assert(pristine_read(&library, LIB_POINTER + 1, &byte, 1, &why));
	cr_assert_eq(byte, LIB_TARGET >> 8);
}

Test(pristine, what_comes_from_a_register_is_not_told)
{
	uint64_t at = 0;

	cr_assert(open_file(LIB_BYTES), "%s", why.text);
	cr_assert(pristine_find_unknown(&library, LIB_DATA, LIB_DATA + LIB_DATA_FILE, &at));
	cr_assert_eq(at, LIB_REGISTER);
	cr_assert_not(
		pristine_find_unknown(&library, LIB_REGISTER + 1, LIB_DATA + LIB_DATA_FILE, &at));
}

Test(pristine, nothing_is_read_outside_of_the_image)
{
	uint64_t value;

	cr_assert(open_file(LIB_BYTES), "%s", why.text);
	cr_assert_not(pristine_read(&library, 0x1800, &value, sizeof(value), &why));
	cr_assert_eq(why.kind, FAIL_ABSENT);
	cr_assert_not(pristine_read(&library, LIB_DATA + LIB_DATA_MEMORY - 4, &value, sizeof(value),
				    &why));
}

Test(pristine, a_file_that_ends_early_is_corrupt)
{
	cr_assert_not(open_file(32));
	cr_assert_eq(why.kind, FAIL_CORRUPT);
	close(fd);
	cr_assert_not(open_file(LIB_DATA_OFFSET + 8));
	cr_assert_eq(why.kind, FAIL_CORRUPT);
}

Test(pristine, relocations_that_are_not_counted_are_not_read)
{
	memset(file + LIB_DYNAMIC - LIB_DATA + LIB_DATA_OFFSET + 2 * sizeof(Elf64_Dyn), 0,
	       sizeof(Elf64_Dyn));
	cr_assert_not(open_file(LIB_BYTES));
	cr_assert_eq(why.kind, FAIL_ABSENT);
}

Test(pristine, says_whether_the_initialisers_are_known)
{
	Elf64_Dyn none = { DT_DEBUG, { 0 } };

	cr_assert(open_file(LIB_BYTES), "%s", why.text);
	cr_assert(library.has_initialisers);
	close(fd);
	lib_put(file, LIB_DYNAMIC - LIB_DATA + LIB_DATA_OFFSET + 3 * sizeof(none), &none,
		sizeof(none));
	cr_assert(open_file(LIB_BYTES), "%s", why.text);
	cr_assert_not(library.has_initialisers);
}
