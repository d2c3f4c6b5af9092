// SPDX-License-Identifier: Apache-2.0
#include "parse/smaps.h"

#include <criterion/criterion.h>

#include "base/arena.h"
#include "base/fail.h"

static struct arena mem;
static struct fail why;
static struct smaps got;

static void drop(void)
{
	arena_drop(&mem);
}

TestSuite(smaps, .fini = drop);

static const char TEXT[] = "7f0000000000-7f0000021000 rw-p 00000000 00:00 0   [heap]\n"
			   "Size:                132 kB\n"
			   "Rss:                 128 kB\n"
			   "Pss:                  64 kB\n"
			   "Pss_Dirty:            60 kB\n"
			   "Shared_Clean:          1 kB\n"
			   "Shared_Dirty:          2 kB\n"
			   "Private_Clean:         3 kB\n"
			   "Private_Dirty:       122 kB\n"
			   "Anonymous:           124 kB\n"
			   "LazyFree:              8 kB\n"
			   "AnonHugePages:      2048 kB\n"
			   "Private_Hugetlb:    4096 kB\n"
			   "Swap:                 16 kB\n"
			   "Locked:               20 kB\n"
			   "THPeligible:           1\n"
			   "VmFlags: rd wr mr mw me ac sd\n"
			   "7f0000021000-7f0000022000 r--p 00000000 fe:01 9   /Name: with colon\n"
			   "Rss:                   4 kB\n";

Test(smaps, kilobytes_become_bytes_and_unknown_keys_are_skipped)
{
	cr_assert(smaps_parse(SPAN(TEXT), &mem, &got, &why));
	cr_assert_eq(got.count, 2);
	cr_expect_eq(got.at[0].end - got.at[0].start, 0x21000);
	cr_expect_eq(got.at[0].rss, 128 * 1024);
	cr_expect_eq(got.at[0].pss, 64 * 1024);
	cr_expect_eq(got.at[0].anon, 124 * 1024);
	cr_expect_eq(got.at[0].swap, 16 * 1024);
	cr_expect_eq(got.at[0].lazy_free, 8 * 1024);
	cr_expect_eq(got.at[0].anon_huge, 2048 * 1024);
	cr_expect_eq(got.at[0].private_hugetlb, 4096 * 1024);
	cr_expect_eq(got.at[0].shared_clean + got.at[0].shared_dirty + got.at[0].private_clean +
			     got.at[0].private_dirty,
		     got.at[0].rss);
	cr_expect_eq(got.at[1].rss, 4096);
	cr_expect_eq(got.at[1].pss, 0);
}

Test(smaps, a_key_before_any_mapping_is_named)
{
	cr_assert_not(smaps_parse(SPAN("Rss: 4 kB\n"), &mem, &got, &why));
	cr_expect_eq(why.kind, FAIL_CORRUPT);
	cr_expect_str_eq(why.text, "smaps line 1 is neither a mapping nor a key");
}

Test(smaps, a_known_key_without_a_number_and_falling_addresses_are_refused)
{
	cr_expect_not(smaps_parse(SPAN("1000-2000 r\nRss: x kB\n"), &mem, &got, &why));
	cr_expect_not(
		smaps_parse(SPAN("1000-2000 r\nRss: 18446744073709551615 kB\n"), &mem, &got, &why));
	cr_expect_not(smaps_parse(SPAN("3000-4000 r\n1000-2000 r\n"), &mem, &got, &why));
	cr_expect_str_eq(why.text, "smaps line 2 is neither a mapping nor a key");
}
