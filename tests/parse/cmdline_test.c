// SPDX-License-Identifier: Apache-2.0
#include "parse/cmdline.h"

#include <criterion/criterion.h>

#include "base/arena.h"

static struct arena mem;

static void drop(void)
{
	arena_drop(&mem);
}

TestSuite(cmdline, .fini = drop);

#define MAIN(literal) cmdline_main(SPAN(literal), &mem) // the literal's own NUL ends the last one

Test(cmdline, the_class_behind_the_options_is_the_main)
{
	cr_expect_str_eq(MAIN("java\0-Xmx1g\0-cp\0a.jar:b\0-Dx=y z\0shop.Main\0run\0"),
			 "shop.Main");
}

Test(cmdline, a_jar_is_named_by_its_file)
{
	cr_expect_str_eq(MAIN("/usr/bin/java\0-Xmx1g\0-jar\0/opt/my app/shop.jar\0x\0"),
			 "shop.jar");
}

Test(cmdline, a_module_is_named_by_its_class)
{
	cr_expect_str_eq(MAIN("java\0-p\0mods\0-m\0shop/shop.Main\0"), "shop.Main");
	cr_expect_str_eq(MAIN("java\0--module=shop/shop.Main\0"), "shop.Main");
	cr_expect_str_eq(MAIN("java\0--module\0shop\0"), "shop");
}

Test(cmdline, options_whose_value_is_an_argument_take_it_with_them)
{
	cr_expect_str_eq(MAIN("java\0--add-opens\0java.base/java.lang=ALL-UNNAMED\0M\0"), "M");
	cr_expect_str_eq(MAIN("java\0--add-opens=java.base/java.lang=ALL-UNNAMED\0M\0"), "M");
}

Test(cmdline, another_launcher_is_named_by_its_file)
{
	cr_expect_str_eq(MAIN("/opt/idea/bin/idea\0"), "idea");
	cr_expect_str_eq(MAIN("java\0@options\0-Xmx1g\0"), "java");
}

Test(cmdline, a_source_file_is_named_without_its_path)
{
	cr_expect_str_eq(MAIN("java\0/tmp/Hello.java\0"), "Hello.java");
}

Test(cmdline, nothing_gives_nothing_and_a_cut_text_is_no_trouble)
{
	cr_expect_str_eq(cmdline_main((struct span){ "", 0 }, &mem), "");
	cr_expect_str_eq(cmdline_main(SPAN("java\0-cp"), &mem), "java");
	cr_expect_str_eq(cmdline_main(SPAN("java\0-jar\0a.j"), &mem), "a.j");
}

Test(cmdline, the_whole_line_has_blanks_between_and_no_control_characters)
{
	cr_expect_str_eq(cmdline_text(SPAN("java\0-Dx=a\nb\0Main\0"), &mem), "java -Dx=a?b Main");
	cr_expect_str_eq(cmdline_text((struct span){ "", 0 }, &mem), "");
}
