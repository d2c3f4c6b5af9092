// SPDX-License-Identifier: Apache-2.0
#include "facts/classstats.h"

#include <criterion/criterion.h>
#include <string.h>

#include "base/fail.h"
#include "facts/snapshot.h"

static bool has(class_columns chosen, enum class_column column)
{
	return chosen >> column & 1;
}

Test(classstats, the_usual_columns_are_those_of_gc_class_stats)
{
	class_columns usual = classstats_columns(false), all = classstats_columns(true);

	cr_expect_eq(__builtin_popcountll(usual), 10);
	cr_expect(has(usual, CLASS_COLUMN_InstBytes));
	cr_expect(has(usual, CLASS_COLUMN_Total));
	cr_expect_not(has(usual, CLASS_COLUMN_VTab));
	cr_expect(has(all, CLASS_COLUMN_VTab));
	cr_expect_not(has(all, CLASS_COLUMN_Others), "ours are shown by name alone");
	cr_expect_eq(usual & all, usual);
}

Test(classstats, columns_are_named_and_a_wrong_name_is_told)
{
	class_columns chosen = 0;
	struct fail why;

	cr_assert(classstats_parse_columns("Cp,CpAll", &chosen, &why));
	cr_expect_eq(chosen,
		     (class_columns)1 << CLASS_COLUMN_Cp | (class_columns)1 << CLASS_COLUMN_CpAll);
	cr_assert_not(classstats_parse_columns("Cp,cpall", &chosen, &why));
	cr_expect(strstr(why.text, "'cpall'"), "%s", why.text);
	cr_assert_not(classstats_parse_columns("Cp,", &chosen, &why));
	cr_assert_not(classstats_parse_columns("", &chosen, &why));
}

Test(classstats, counts_and_unknown_columns_have_no_percentage)
{
	struct class_stats_facts s = { .known = true };

	s.total[CLASS_COLUMN_Total] = 400;
	s.total[CLASS_COLUMN_KlassBytes] = 100;
	s.total[CLASS_COLUMN_MethodCount] = 100;
	s.total[CLASS_COLUMN_InstBytes] = UNKNOWN_BYTES;
	cr_expect_float_eq(classstats_percent(&s, CLASS_COLUMN_KlassBytes), 25, 1e-9);
	cr_expect_lt(classstats_percent(&s, CLASS_COLUMN_MethodCount), 0);
	cr_expect_lt(classstats_percent(&s, CLASS_COLUMN_InstBytes), 0);
	s.total[CLASS_COLUMN_Total] = UNKNOWN_BYTES;
	cr_expect_lt(classstats_percent(&s, CLASS_COLUMN_KlassBytes), 0);
}
