// SPDX-License-Identifier: Apache-2.0
#include "parse/maps.h"

#include <criterion/criterion.h>

#include "base/arena.h"
#include "base/fail.h"

static struct arena mem;
static struct fail why;
static struct maps got;

static void drop(void)
{
	arena_drop(&mem);
}

TestSuite(maps, .fini = drop);

static const char TEXT[] =
	"55d0c0000000-55d0c0021000 rw-p 00000000 00:00 0                          [heap]\n"
	"7f0000000000-7f0000001000 r-xp 00002000 fe:01 131                        /usr/lib/lib "
	"x.so\n"
	"7f0000001000-7f0000002000 ---s 00000000 00:05 9   /memfd:heap (deleted)\n"
	"7f0000003000-7f0000004000 rw-p 00000000 00:00 0 \n"
	"ffffffffff600000-ffffffffff601000 --xp 00000000 00:00 0                  [vsyscall]\n";

Test(maps, every_column_is_read)
{
	cr_assert(maps_parse(SPAN(TEXT), &mem, &got, &why));
	cr_assert_eq(got.count, 5);
	cr_expect_eq(got.at[1].start, 0x7f0000000000);
	cr_expect_eq(got.at[1].end, 0x7f0000001000);
	cr_expect(got.at[1].readable && got.at[1].executable);
	cr_expect_not(got.at[1].writable || got.at[1].shared);
	cr_expect_eq(got.at[1].offset, 0x2000);
	cr_expect_eq(got.at[1].inode, 131);
	cr_expect_eq(got.at[1].dev_major, 0xfe);
	cr_expect_eq(got.at[1].dev_minor, 1);
}

Test(maps, a_blank_inside_a_path_belongs_to_the_path)
{
	cr_assert(maps_parse(SPAN(TEXT), &mem, &got, &why));
	cr_expect_str_eq(got.at[1].path, "/usr/lib/lib x.so");
	cr_expect_str_eq(mapping_file_name(&got.at[1]), "lib x.so");
}

Test(maps, the_mark_of_a_deleted_file_is_cut_off_and_told)
{
	cr_assert(maps_parse(SPAN(TEXT), &mem, &got, &why));
	cr_expect_str_eq(got.at[2].path, "/memfd:heap");
	cr_expect(got.at[2].deleted && got.at[2].shared);
	cr_expect_not(got.at[1].deleted);
}

Test(maps, a_mapping_without_a_name_is_anonymous_and_heap_is_not)
{
	cr_assert(maps_parse(SPAN(TEXT), &mem, &got, &why));
	cr_expect(mapping_is_anonymous(&got.at[3]));
	cr_expect_str_eq(got.at[3].path, "");
	cr_expect_not(mapping_is_anonymous(&got.at[0]));
}

Test(maps, an_address_finds_its_mapping_or_none)
{
	cr_assert(maps_parse(SPAN(TEXT), &mem, &got, &why));
	cr_expect_eq(maps_find(&got, 0x7f0000001000), &got.at[2]);
	cr_expect_eq(maps_find(&got, 0x7f0000001fff), &got.at[2]);
	cr_expect_null(maps_find(&got, 0x7f0000002000));
	cr_expect_null(maps_find(&got, 0));
	cr_expect_eq(maps_find(&got, 0xffffffffff600fff), &got.at[4]);
}

Test(maps, an_empty_file_has_no_mappings)
{
	cr_assert(maps_parse(SPAN(""), &mem, &got, &why));
	cr_expect_eq(got.count, 0);
	cr_expect_null(maps_find(&got, 0x1000));
}

Test(maps, the_line_that_is_no_mapping_is_named_and_the_output_left_alone)
{
	static const char *const BAD[] = {
		"1000-2000 rw-p 0 0:0 0\nRss: 4 kB\n",
		"1000-2000 rw-p 0 0:0 0\n1000-3000 rw-p 0 0:0 0\n", // does not rise
		"1000-2000 rw-p 0 0:0 0\n3000-3000 rw-p 0 0:0 0\n", // empty
		"1000-2000 rw-p 0 0:0 0\n3000-4001 rw-p 0 0:0 0\n", // no page
		"1000-2000 rw-p 0 0:0 0\n3000-4000 rwxz 0 0:0 0\n",
		"1000-2000 rw-p 0 0:0 0\n3000-10000000000000000 rw-p 0 0:0 0\n",
		"1000-2000 rw-p 0 0:0 0\n3000-4000 rw-p 0 100000000:0 0\n",
	};

	for (size_t i = 0; i < sizeof(BAD) / sizeof(BAD[0]); i++) {
		got.count = 77;
		cr_assert_not(maps_parse(span_of(BAD[i]), &mem, &got, &why), "%s", BAD[i]);
		cr_expect_eq(why.kind, FAIL_CORRUPT);
		cr_expect_str_eq(why.text, "maps line 2 is not a mapping");
		cr_expect_eq(got.count, 77);
	}
}
