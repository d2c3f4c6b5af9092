// SPDX-License-Identifier: Apache-2.0
// The expected words are those that JDK 8, 11 and 25 made of the same texts.
#include "parse/optiontext.h"

#include <criterion/criterion.h>
#include <string.h>

#include "base/arena.h"

static struct arena mem;

static void drop(void)
{
	arena_drop(&mem);
}

TestSuite(optiontext, .fini = drop);

// All words with '|' between them.
static const char *words(enum optiontext_kind kind, const char *text)
{
	struct span rest = span_of(text);
	const char *all = "", *word;

	while (optiontext_take(&rest, kind, &mem, &word))
		all = arena_format(&mem, "%s%s%s", all, *all ? "|" : "", word);
	return all;
}

Test(optiontext, a_variable_is_cut_at_blanks_and_quotes_hold_together)
{
	const char *text = "-Dt1=a'b c'd  -Dt2=\"x'y\" -Dt3=a\\ b -Dt4=# -Dt5";

	cr_expect_str_eq(words(OPTIONTEXT_VM, text), "-Dt1=ab cd|-Dt2=x'y|-Dt3=a\\|b|-Dt4=#|-Dt5");
	cr_expect_str_eq(words(OPTIONTEXT_LAUNCHER, text),
			 "-Dt1=ab cd|-Dt2=x'y|-Dt3=a\\|b|-Dt4=#|-Dt5");
}

Test(optiontext, an_argument_file_has_comments_and_escapes_in_quotes)
{
	cr_expect_str_eq(words(OPTIONTEXT_ARGFILE, "-Xmx64m # c\n\"-Da=x \\\n   y\" -Db='p q'r\n"
						   "-Dg=\\n\\t -Dh=\"q\\\"z\\tw\""),
			 "-Xmx64m|-Da=x y|-Db=p qr|-Dg=\\n\\t|-Dh=q\"z\tw");
}

Test(optiontext, a_comment_in_a_word_of_an_argument_file_takes_the_word_with_it)
{
	cr_expect_str_eq(words(OPTIONTEXT_ARGFILE, "-Da=1 -Dc=a#b -De=1\n-Df=2"), "-Da=1|-Df=2");
}

Test(optiontext, a_flags_file_has_comments_where_words_begin)
{
	cr_expect_str_eq(words(OPTIONTEXT_FLAGS, "# first\n+UseSerialGC  MaxMetaspaceSize=99m#x\n"
						 "NewSize=5m # y"),
			 "+UseSerialGC|MaxMetaspaceSize=99m#x|NewSize=5m");
}

Test(optiontext, a_quote_that_is_not_closed_ends_with_its_line_in_files)
{
	cr_expect_str_eq(words(OPTIONTEXT_ARGFILE, "'a b\nc"), "a b|c");
	cr_expect_str_eq(words(OPTIONTEXT_FLAGS, "a'b c\nd"), "ab c|d");
	cr_expect_str_eq(words(OPTIONTEXT_VM, "'a b\nc"), "a b\nc");
}

Test(optiontext, nothing_has_no_words)
{
	cr_expect_str_eq(words(OPTIONTEXT_VM, ""), "");
	cr_expect_str_eq(words(OPTIONTEXT_ARGFILE, " \n# only this"), "");
}
