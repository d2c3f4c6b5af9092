// SPDX-License-Identifier: Apache-2.0
#include "base/units.h"

#include <criterion/criterion.h>
#include <math.h>
#include <string.h>

#include "base/fail.h"

Test(units, sizes_are_read_as_people_write_them)
{
	static const struct {
		const char *text;
		uint64_t bytes;
	} SIZES[] = { { "512", 512 },      { "64k", KIB(64) },
		      { "64KB", KIB(64) }, { "1.5g", MIB(1536) },
		      { "2m", MIB(2) },    { "1t", GIB(1024) },
		      { "0", 0 },          { "10b", 10 } };

	for (size_t i = 0; i < sizeof(SIZES) / sizeof(SIZES[0]); i++) {
		uint64_t got = 0;

		cr_expect(units_parse_size(SIZES[i].text, &got, NULL), "%s", SIZES[i].text);
		cr_expect_eq(got, SIZES[i].bytes, "%s", SIZES[i].text);
	}
}

Test(units, what_is_no_size_is_named)
{
	static const char *const BAD[] = { "",    "k",   "-1",    " 1",    "1x",
					   "1 k", "nan", "1e300", "0x10k", "+1" };
	struct fail why;

	for (size_t i = 0; i < sizeof(BAD) / sizeof(BAD[0]); i++) {
		uint64_t got = 7;

		cr_expect_not(units_parse_size(BAD[i], &got, &why), "%s", BAD[i]);
		cr_expect_eq(got, 7);
		cr_expect(strstr(why.text, BAD[i]));
	}
}

Test(units, durations_are_seconds_whatever_their_unit)
{
	static const struct {
		const char *text;
		double seconds;
	} TIMES[] = { { "30", 30 },    { "30s", 30 },     { "5m", 300 }, { "2h", 7200 },
		      { "1d", 86400 }, { "250ms", 0.25 }, { "0.5", 0.5 } };

	for (size_t i = 0; i < sizeof(TIMES) / sizeof(TIMES[0]); i++) {
		double got = -1;

		cr_expect(units_parse_duration(TIMES[i].text, &got, NULL), "%s", TIMES[i].text);
		cr_expect(fabs(got - TIMES[i].seconds) < 1e-9, "%s", TIMES[i].text);
	}
	cr_expect_not(units_parse_duration("5 m", &(double){ 0 }, NULL));
}

Test(units, sizes_are_printed_in_the_unit_that_fits)
{
	char to[16];

	cr_expect_str_eq(units_print_size(1023, to), "1023 B");
	cr_expect_str_eq(units_print_size(KIB(16), to), "16 KB");
	cr_expect_str_eq(units_print_size(MIB(296), to), "296.0 MB");
	cr_expect_str_eq(units_print_size(MIB(1536), to), "1.50 GB");
	cr_expect_leq(strlen(units_print_size(UINT64_MAX, to)), 15);
}

Test(units, addresses_are_rounded_to_pages)
{
	cr_expect_eq(units_page_down(4095), 0);
	cr_expect_eq(units_page_down(4096), 4096);
	cr_expect_eq(units_page_up(4096), 4096);
	cr_expect_eq(units_page_up(4097), 8192);
	cr_expect_eq(units_page_up(0), 0);
}
