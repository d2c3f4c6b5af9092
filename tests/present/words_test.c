// SPDX-License-Identifier: Apache-2.0
#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/units.h"
#include "facts/snapshot.h"
#include "present/words.h"

static struct arena mem;

static void end(void)
{
	arena_drop(&mem);
}

TestSuite(words, .fini = end);

Test(words, escape_sequences_of_the_target_never_reach_the_terminal)
{
	cr_assert_str_eq(words_clean("a\033[31mb\x7f", 0, &mem), "a?[31mb?");
	cr_assert_str_eq(words_clean("csi \xc2\x9b", 0, &mem), "csi ?");
	cr_assert_str_eq(words_clean("two\nlines", 0, &mem), "two?lines");
}

Test(words, broken_utf8_is_replaced_byte_by_byte)
{
	cr_assert_str_eq(words_clean("\xff\xc3\xa9\xe2\x82", 0, &mem), "?\xc3\xa9??");
	cr_assert_str_eq(words_clean("\xed\xa0\x80", 0, &mem), "???");
	cr_assert_str_eq(words_utf8("a\xff", &mem), "a\xef\xbf\xbd");
}

Test(words, text_is_cut_at_characters_and_says_so)
{
	cr_assert_str_eq(words_clean("\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9", 3, &mem), "\xc3\xa9..");
	cr_assert_str_eq(words_tail("/usr/lib/libjvm.so", 11, &mem), "..libjvm.so");
	cr_assert_str_eq(words_clean("short", 5, &mem), "short");
	cr_assert_str_eq(words_clean(NULL, 5, &mem), "");
}

Test(words, a_command_of_the_catalogue_gets_the_pid)
{
	cr_assert_str_eq(words_for_pid("jledger try PID gc; then PID", 42, &mem),
			 "jledger try 42 gc; then 42");
	cr_assert_str_eq(words_for_pid("the PIDS of it", 42, &mem), "the PIDS of it");
}

static bool has_map(const char *name)
{
	return !strcmp(name, "map");
}

Test(words, a_command_that_this_version_has_not_is_said_to_come)
{
	cr_expect_str_eq(words_of_commands("see: jledger map 4711", has_map, &mem),
			 "see: jledger map 4711");
	cr_expect_str_eq(words_of_commands("jledger map 1, or jledger try 1 gc", has_map, &mem),
			 "jledger map 1, or jledger try 1 gc (not in this version yet)");
	cr_expect_str_eq(words_of_commands("jledger try 1 gc", NULL, &mem), "jledger try 1 gc");
	cr_expect_str_eq(words_of_commands("update the JDK", has_map, &mem), "update the JDK");
}

Test(words, a_paragraph_breaks_at_blanks_and_keeps_its_indentation)
{
	char *text;
	size_t size;
	FILE *f = open_memstream(&text, &size);

	words_wrap("aaa bbb ccc ddd", 4, 2, 10, f);
	fclose(f);
	cr_assert_str_eq(text, "aaa\n  bbb ccc\n  ddd\n");
	free(text);
}

Test(words, numbers_are_short_and_unknown_is_blank)
{
	char to[16];

	cr_assert_str_eq(words_mb(MIB(3) / 2, to), "1.5");
	cr_assert_str_eq(words_mb(UNKNOWN_BYTES, to), "");
	cr_assert_str_eq(words_change(-(int64_t)MIB(3), to), "-3.0");
	cr_assert_str_eq(words_change((int64_t)MIB(157), to), "+157");
	cr_assert_str_eq(words_change(1000, to), "0");
	cr_assert_str_eq(words_duration(28, to), "28 s");
	cr_assert_str_eq(words_duration(5400, to), "90 min");
	cr_assert_str_eq(words_duration(9000, to), "2.5 h");
}
