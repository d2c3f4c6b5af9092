// SPDX-License-Identifier: Apache-2.0
#include "diagnose/course.h"

#include <criterion/criterion.h>
#include <math.h>

enum { COUNT = 300 };

static double at[COUNT], value[COUNT];

// Level until `bend`, then `slope` a second, with a saw of `noise` on top.
static struct course course_with(double slope, int bend, double noise)
{
	struct course c;

	for (int i = 0; i < COUNT; i++) {
		at[i] = 1e6 + i * 10;
		value[i] = 3e8 + (i > bend ? slope * 10 * (i - bend) : 0) +
			   noise * ((i * 7) % 11 - 5) / 5;
	}
	course_of(at, value, COUNT, &c);
	return c;
}

Test(course, growth_is_seen_with_its_start_and_its_slope)
{
	struct course c = course_with(1e5, 120, 1e6);

	cr_assert(c.growing);
	cr_assert_not(c.from_the_start);
	cr_assert_float_eq(c.since_s, 1e6 + 1200, 100);
	cr_assert(c.low <= 1e5 && 1e5 <= c.high, "%g to %g", c.low, c.high);
	cr_assert_float_eq(c.slope, 1e5, 5e3);
	cr_assert_float_eq(c.before, 3e8, 3e6);
}

Test(course, growth_from_the_first_sample_on_says_so)
{
	struct course c = course_with(1e5, 0, 0);

	cr_assert(c.growing);
	cr_assert(c.from_the_start || c.since_s <= 1e6 + 10);
	cr_assert_float_eq(c.slope, 1e5, 1);
}

Test(course, a_saw_is_no_growth)
{
	cr_assert_not(course_with(0, 0, 5e7).growing);
}

Test(course, a_flat_line_is_no_growth)
{
	struct course c = course_with(0, 0, 0);

	cr_assert(c.known);
	cr_assert_not(c.growing);
}

Test(course, what_shrinks_does_not_grow)
{
	cr_assert_not(course_with(-1e5, 120, 1e6).growing);
}

Test(course, few_samples_tell_nothing)
{
	struct course c;

	course_of(at, value, COURSE_LEAST - 1, &c);
	cr_assert_not(c.known);
}
