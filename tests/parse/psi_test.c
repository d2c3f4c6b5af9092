// SPDX-License-Identifier: Apache-2.0
#include "parse/psi.h"

#include <criterion/criterion.h>

#include "base/fail.h"

static struct fail why;
static struct psi got;

Test(psi, both_lines_are_read)
{
	cr_assert(psi_parse(SPAN("some avg10=12.50 avg60=3.07 avg300=0.99 total=123\n"
				 "full avg10=1.25 avg60=0.00 avg300=0.00 total=45\n"),
			    &got, &why));
	cr_expect_float_eq(got.some.avg10, 12.5, 1e-9);
	cr_expect_float_eq(got.some.avg60, 3.07, 1e-9);
	cr_expect_float_eq(got.full.avg10, 1.25, 1e-9);
	cr_expect_eq(got.full.total_us, 45);
	cr_expect(got.has_full);
}

Test(psi, a_missing_full_line_is_said)
{
	cr_assert(psi_parse(SPAN("some avg10=0.00 avg60=0.00 avg300=0.00 total=0\n"), &got, &why));
	cr_expect_not(got.has_full);
}

Test(psi, more_than_all_of_the_time_is_corrupt)
{
	cr_expect_not(
		psi_parse(SPAN("some avg10=101.00 avg60=0.00 avg300=0.00 total=0\n"), &got, &why));
	cr_expect_not(psi_parse(SPAN(""), &got, &why));
}
