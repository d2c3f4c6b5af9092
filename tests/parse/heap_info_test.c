// SPDX-License-Identifier: Apache-2.0
#include "parse/heap_info.h"

#include <criterion/criterion.h>

#include "base/arena.h"
#include "base/fail.h"

static struct arena mem;
static struct fail why;
static struct heap_info got;

static const char SERIAL[] =
	" def new generation   total 39296K, used 1375K [0xf8000000, 0xfaaa0000, 0xfaaa0000)\n"
	"  eden space 34944K,   3% used [0xf8000000, 0xf8157c68, 0xfa220000)\n"
	"  from space 4352K,   0% used [0xfa220000, 0xfa220000, 0xfa660000)\n"
	"  to   space 4352K,   0% used [0xfa660000, 0xfa660000, 0xfaaa0000)\n"
	" tenured generation   total 87424K, used 20112K [0xfaaa0000, 0xffe00000, 0x100000000)\n"
	"   the space 87424K,  23% used [0xfaaa0000, 0xfbe44190, 0xfbe44200, 0xffe00000)\n"
	" Metaspace       used 252K, committed 448K, reserved 1114112K\n"
	"  class space    used 9K, committed 128K, reserved 1048576K\n";

Test(heap_info, the_generations_of_serial_are_one_range)
{
	cr_assert(heap_info_parse(SPAN(SERIAL), &mem, &got, &why), "%s", why.text);
	cr_expect_str_eq(got.collector, "Serial");
	cr_expect_eq(got.start, 0xf8000000);
	cr_expect_eq(got.end, 0x100000000);
	cr_expect_eq(got.committed, 0xffe00000 - 0xf8000000, "both survivors, no reserved end");
	cr_expect_eq(got.used, (1375 + 20112) * 1024);
	cr_expect_eq(got.space_count, 4);
	cr_expect_str_eq(got.spaces[0].name, "eden");
	cr_expect_eq(got.spaces[0].used, 0x157c68);
}

Test(heap_info, class_space_is_part_of_metaspace)
{
	cr_assert(heap_info_parse(SPAN(SERIAL), &mem, &got, &why));
	cr_expect(got.has_metaspace);
	cr_expect_eq(got.metaspace_used, 252 * 1024);
	cr_expect_eq(got.class_reserved, 1048576 * 1024);
}

Test(heap_info, the_generations_of_parallel_lie_the_other_way_round)
{
	cr_assert(heap_info_parse(
		SPAN(" PSYoungGen      total 38400K, used 1310K [0xfd580000, 0x100000000, "
		     "0x100000000)\n"
		     "  eden space 33280K, 3% used [0xfd580000,0xfd6c7a38,0xff600000)\n"
		     " ParOldGen       total 87552K, used 20112K [0xf8000000, 0xfd580000, "
		     "0xfd580000)\n"
		     "  object space 87552K, 22% used [0xf8000000,0xf93a4190,0xfd580000)\n"),
		&mem, &got, &why));
	cr_expect_eq(got.start, 0xf8000000);
	cr_expect_eq(got.end, 0x100000000);
	cr_expect_eq(got.space_count, 2);
}

Test(heap_info, committed_of_g1_is_no_address)
{
	cr_assert(heap_info_parse(
		SPAN(" garbage-first heap   total 78848K, used 21769K [0xf8000000, 0x100000000)\n"
		     "  region size 1024K, 1 young (1024K), 0 survivors (0K)\n"),
		&mem, &got, &why));
	cr_expect_eq(got.committed, 78848 * 1024);
	cr_expect_eq(got.region_size, 1 << 20);
	cr_assert(heap_info_parse(SPAN("garbage-first heap   total reserved 131072K, committed "
				       "75776K, used 22334K [0xf8000000, 0x100000000)\n"),
				  &mem, &got, &why),
		  "JDK 25");
	cr_expect_eq(got.committed, 75776 * 1024);
}

Test(heap_info, generations_that_lie_apart_are_no_heap)
{
	cr_expect_not(heap_info_parse(
		SPAN(" def new generation   total 1K, used 1K [0x10000, 0x20000, 0x20000)\n"
		     " tenured generation   total 1K, used 1K [0x30000, 0x40000, 0x40000)\n"),
		&mem, &got, &why));
	cr_expect_eq(why.kind, FAIL_CORRUPT);
}

Test(heap_info, addresses_that_fall_are_corrupt)
{
	cr_expect_not(heap_info_parse(
		SPAN(" garbage-first heap   total 4K, used 1K [0x20000, 0x10000)\n"), &mem, &got,
		&why));
	cr_expect_eq(why.kind, FAIL_CORRUPT);
}

Test(heap_info, the_text_of_another_collector_is_absent)
{
	cr_expect_not(
		heap_info_parse(SPAN(" ZHeap           used 2M, capacity 8M\n"), &mem, &got, &why));
	cr_expect_eq(why.kind, FAIL_ABSENT);
}
