// SPDX-License-Identifier: Apache-2.0
#include <criterion/criterion.h>
#include <string.h>

#include "base/fail.h"
#include "cmd/command.h"
#include "cmd/options.h"

static const struct command COMMAND = {
	.name = "look",
	.arguments = "TARGET",
	.min_arguments = 1,
	.max_arguments = 2,
	.options = OPTION_BIT(JSON) | OPTION_BIT(FOR) | OPTION_BIT(BY) | OPTION_BIT(TOP) |
		   OPTION_BIT(OUTPUT) | OPTION_BIT(COLOR) | OPTION_BIT(FAIL_ON) |
		   OPTION_BIT(STATS) | OPTION_BIT(ALL_COLUMNS),
};

static struct options o;
static struct fail why;

static bool parse(const char *line)
{
	static char text[256];
	char *words[16];
	int count = 0;

	strcpy(text, line);
	for (char *w = strtok(text, " "); w; w = strtok(NULL, " "))
		words[count++] = w;
	return options_parse(&COMMAND, count, words, &o, &why);
}

Test(options, values_come_behind_a_blank_an_equals_sign_or_the_letter)
{
	cr_assert(parse("4711 --for 30s"));
	cr_assert_float_eq(o.for_s, 30, 1e-9);
	cr_assert(parse("4711 --for=2m"));
	cr_assert_float_eq(o.for_s, 120, 1e-9);
	cr_assert(parse("-d5 4711"));
	cr_assert_float_eq(o.for_s, 5, 1e-9);
	cr_assert(parse("-d 5 4711"));
	cr_assert(o.has_for);
	cr_assert_str_eq(o.argument[0], "4711");
}

Test(options, a_value_that_may_be_left_out_is_taken_where_it_is_one)
{
	cr_assert(parse("--stats 4711"));
	cr_assert_str_eq(o.argument[0], "4711");
	cr_assert_eq(o.columns, 0);
	cr_assert(parse("--stats KlassBytes,Total 4711"));
	cr_assert_str_eq(o.argument[0], "4711");
	cr_assert_eq(o.columns, (class_columns)1 << CLASS_COLUMN_KlassBytes |
					(class_columns)1 << CLASS_COLUMN_Total);
	cr_assert(parse("4711 --stats=Others --all-columns"));
	cr_assert_eq(o.columns, (class_columns)1 << CLASS_COLUMN_Others);
	cr_assert_not(parse("4711 --stats=KlassBytes,Totals"));
	cr_assert(strstr(why.text, "Totals"), "%s", why.text);
}

Test(options, what_was_not_given_is_told_from_what_was_given_as_zero)
{
	cr_assert(parse("4711"));
	cr_assert_not(o.has_for);
	cr_assert_not(o.has_top);
	cr_assert_eq(o.by, BY_ACCOUNT);
	cr_assert_null(o.output);
	cr_assert(parse("4711 --top 0"));
	cr_assert(o.has_top);
	cr_assert_eq(o.top, 0);
}

Test(options, behind_two_dashes_everything_is_an_argument)
{
	cr_assert(parse("-- --json 4711"));
	cr_assert_eq(o.arguments, 2);
	cr_assert_str_eq(o.argument[0], "--json");
	cr_assert_not(o.json);
}

Test(options, a_lone_dash_is_a_value_and_an_argument)
{
	cr_assert(parse("4711 -o -"));
	cr_assert_str_eq(o.output, "-");
}

Test(options, words_are_taken_whole)
{
	cr_assert_not(parse("4711 --by thr"));
	cr_assert_not(parse("4711 --js"));
	cr_assert_not(parse("4711 --jsonx"));
	cr_assert(parse("4711 --by thread"));
	cr_assert_eq(o.by, BY_THREAD);
}

Test(options, an_option_of_another_command_is_refused)
{
	cr_assert_not(parse("4711 --pss"));
	cr_assert(strstr(why.text, "look has no option '--pss'"));
}

Test(options, colour_can_be_forced_where_no_terminal_is)
{
	cr_assert(parse("4711 --color always"));
	cr_assert(o.colour);
	cr_assert(parse("4711 --color never"));
	cr_assert_not(o.colour);
}

Test(options, help_needs_no_argument)
{
	cr_assert_not(parse("--json"));
	cr_assert(parse("--json -h"));
	cr_assert(o.help);
}

Test(options, a_failure_leaves_the_options_untouched)
{
	cr_assert(parse("4711 --top 7"));
	cr_assert_not(parse("4711 --top 9 --by x"));
	cr_assert_eq(o.top, 7);
}
