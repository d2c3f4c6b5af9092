// SPDX-License-Identifier: Apache-2.0
// The parts that captures are made of: sparse memory, its image, names of pieces, the index.
#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#include "base/fail.h"
#include "store/answers.h"
#include "store/image.h"
#include "store/index.h"
#include "store/manifest.h"
#include "store/names.h"
#include "store/sparse.h"

static struct arena mem;

static struct image pack(const struct sparse *s)
{
	struct image i;

	sparse_pack(s, &mem, &i);
	return i;
}

Test(sparse, neighbouring_reads_become_one_run_and_gaps_stay)
{
	struct sparse s;
	struct image i;

	sparse_init(&s, &mem);
	sparse_put(&s, 0x10fe, "cdef", 4); // across the end of a cell
	sparse_put(&s, 0x10fc, "ab", 2);
	sparse_put(&s, 0x2000, "z", 1);
	i = pack(&s);
	cr_assert_eq(i.runs.count, 2);
	cr_expect_eq(i.runs.at[0].start, 0x10fc);
	cr_expect_eq(i.runs.at[0].len, 6);
	cr_expect_eq(i.runs.at[1].start, 0x2000);
	cr_expect(span_is(i.bytes, "abcdefz"));
}

Test(sparse, a_later_read_replaces_an_earlier_one)
{
	struct sparse s;

	sparse_init(&s, &mem);
	sparse_put(&s, 0x1000, "aaaa", 4);
	sparse_put(&s, 0x1001, "bb", 2);
	cr_expect(span_is(pack(&s).bytes, "abba"));
}

Test(sparse, what_is_added_leaves_what_is_there)
{
	struct sparse s;

	sparse_init(&s, &mem);
	sparse_put(&s, 0x10fe, "bbbb", 4);
	sparse_add(&s, 0x10fc, "aaaaaaaa", 8);
	cr_expect(span_is(pack(&s).bytes, "aabbbbaa"));
}

Test(sparse, a_hundred_thousand_places_are_kept_in_order)
{
	struct sparse s;
	struct image i;

	sparse_init(&s, &mem);
	for (uint64_t n = 0; n < 100000; n++) {
		uint64_t at = (n * 7919 % 100000) * 4096;

		sparse_put(&s, at, &at, sizeof(at));
	}
	i = pack(&s);
	cr_assert_eq(i.runs.count, 100000);
	for (uint64_t n = 0; n < 100000; n++) {
		uint64_t got = 1;

		cr_assert_eq(i.runs.at[n].start, n * 4096);
		cr_assert(image_read(&i, n * 4096, &got, sizeof(got), NULL));
		cr_assert_eq(got, n * 4096);
	}
}

Test(sparse, of_failures_at_the_same_place_the_latest_counts)
{
	struct sparse s;
	struct image i;
	struct fail why;

	sparse_init(&s, &mem);
	fail(&why, FAIL_ABSENT, "first");
	sparse_fail(&s, 0x1000, 8, &why);
	fail(&why, FAIL_GONE, "second");
	sparse_fail(&s, 0x1000, 8, &why);
	i = pack(&s);
	cr_assert_eq(i.holes.count, 1);
	cr_expect_str_eq(i.holes.at[0].text, "second");
}

Test(image, a_read_that_failed_fails_as_it_did_and_an_overlapping_one_too)
{
	struct sparse s;
	struct image i;
	struct fail why;
	char to[64];

	sparse_init(&s, &mem);
	fail(&why, FAIL_DENIED, "large");
	sparse_fail(&s, 0x1000, 64, &why);
	fail(&why, FAIL_ABSENT, "small");
	sparse_fail(&s, 0x1000, 8, &why);
	i = pack(&s);
	cr_expect_not(image_read(&i, 0x1000, to, 8, &why));
	cr_expect_str_eq(why.text, "small");
	cr_expect_not(image_read(&i, 0x1000, to, 64, &why));
	cr_expect_str_eq(why.text, "large");
	cr_expect_not(image_read(&i, 0x1030, to, 4, &why));
	cr_expect_str_eq(why.text, "large");
	cr_expect_not(image_read(&i, 0x1040, to, 4, &why));
	cr_expect_str_eq(why.text, "the capture has no memory at 0x1040");
}

Test(image, runs_survive_print_and_parse)
{
	struct sparse s;
	struct image i, back = { 0 };
	struct span text;

	sparse_init(&s, &mem);
	sparse_put(&s, 0x1000, "ab", 2);
	sparse_put(&s, 0x7ffffffffff8, "12345678", 8);
	i = pack(&s);
	text = image_print_runs(&i, &mem);
	cr_expect(span_is(text, "1000 2\n7ffffffffff8 8\n"));
	cr_assert(image_parse_runs(text, i.bytes, &mem, &back, NULL));
	cr_expect_eq(back.runs.count, 2);
	cr_expect_eq(back.runs.at[1].offset, 2);
}

Test(image, runs_that_make_no_sense_are_refused)
{
	static const char *const BAD[] = { "1000 3\n",
					   "1000 1\n",
					   "1000 1\n1001 1\n",
					   "1000 1\n0 1\n",
					   "1000 0\n2000 2\n",
					   "1000 ffffffffffffffff\n",
					   "ffffffffffffffff 2\n",
					   "1000 2 \n",
					   "x 2\n",
					   "1000\n" };

	for (size_t i = 0; i < sizeof(BAD) / sizeof(BAD[0]); i++) {
		struct image out = { 0 };
		struct fail why = { 0 };

		cr_expect_not(image_parse_runs(span_of(BAD[i]), SPAN("ab"), &mem, &out, &why), "%s",
			      BAD[i]);
		cr_expect_eq(why.kind, FAIL_CORRUPT);
		cr_expect_eq(out.runs.count, 0);
	}
}

Test(names, paths_keep_their_shape_and_odd_bytes_are_escaped)
{
	struct names n;

	names_init(&n, &mem);
	cr_expect_str_eq(names_give(&n, "1/files", "/proc/7/maps"), "1/files/proc/7/maps");
	cr_expect_str_eq(names_give(&n, "1/files", "/proc/7/maps"), "1/files/proc/7/maps~2");
	cr_expect_str_eq(names_give(&n, "1/files", "/a b/..//\xff~"),
			 "1/files/a%20b/%2E%2E/%FF%7E");
	names_drop(&n);
}

Test(names, no_piece_is_the_folder_of_another)
{
	struct names n;

	names_init(&n, &mem);
	names_give(&n, "f", "/a/b");
	cr_expect_str_eq(names_give(&n, "f", "/a"), "f/a~2");
	cr_expect_str_eq(names_give(&n, "f", "/a/b/c"), "f/~other/1");
	names_drop(&n);
}

Test(names, very_long_paths_get_a_number)
{
	char path[5000];
	struct names n;

	names_init(&n, &mem);
	memset(path, 'a', sizeof(path));
	path[0] = '/';
	path[sizeof(path) - 1] = '\0';
	cr_expect_str_eq(names_give(&n, "f", path), "f/~other/1");
	for (size_t i = 0; i < sizeof(path) - 1; i += 2)
		path[i] = '/';
	cr_expect_str_eq(names_give(&n, "f", path), "f/~other/2");
	cr_expect_str_eq(names_give(&n, "f", "/"), "f/~other/3");
	names_drop(&n);
}

static bool parses(const char *text)
{
	struct answers a;
	struct image i = { 0 };
	struct fail why = { 0 };
	bool ok;

	answers_init(&a, &mem);
	ok = index_parse(span_of(text), &mem, &a, &i, &why);
	answers_drop(&a);
	if (!ok)
		cr_expect(why.kind == FAIL_CORRUPT && why.text[0]);
	return ok;
}

Test(index, rows_that_make_no_sense_are_refused)
{
	static const char *const BAD[] = {
		"",
		"[",
		"{\"files\":[{}]}",
		"{\"files\":[{\"path\":\"/a\",\"answers\":[]}]}",
		"{\"files\":[{\"path\":\"/a\",\"answers\":[{}]}]}",
		"{\"files\":[{\"path\":\"/a\",\"answers\":[{\"entry\":\"../a\"}]}]}",
		"{\"files\":[{\"path\":\"/a\",\"answers\":[{\"entry\":\"a\"}]},"
		"{\"path\":\"/a\",\"answers\":[{\"entry\":\"b\"}]}]}",
		"{\"files\":[{\"path\":\"/a\",\"answers\":[{\"fail\":\"none\",\"text\":\"\"}]}]}",
		"{\"files\":[{\"path\":\"/a\",\"answers\":[{\"fail\":\"os\",\"text\":\"\","
		"\"errno\":9999999999}]}]}",
		"{\"files\":[{\"path\":{\"hex\":\"f\"},\"answers\":[{\"entry\":\"a\"}]}]}",
		"{\"files\":[{\"path\":{\"hex\":\"00\"},\"answers\":[{\"entry\":\"a\"}]}]}",
		"{\"listings\":[{\"path\":\"/a\",\"answers\":[{\"names\":[1]}]}]}",
		"{\"links\":[{\"path\":\"/a\",\"answers\":[{\"to\":1}]}]}",
		"{\"stats\":[{\"path\":\"/a\",\"answers\":[{\"inode\":\"0x1\"}]}]}",
		"{\"unread_memory\":[{\"start\":\"0x2\",\"end\":\"0x1\",\"fail\":\"os\",\"text\":"
		"\"\"}]}",
	};

	cr_expect(parses("{}"));
	cr_expect(parses("{\"files\":[{\"path\":\"/a\",\"answers\":[{\"entry\":\"a\"}]}]}"));
	for (size_t i = 0; i < sizeof(BAD) / sizeof(BAD[0]); i++)
		cr_expect_not(parses(BAD[i]), "%s", BAD[i]);
}

Test(manifest, a_later_schema_is_absent_and_not_corrupt)
{
	struct manifest m;
	struct fail why = { 0 };

	cr_expect_not(manifest_parse(SPAN("{\"format\":\"jledger-capture\",\"schema\":2}"), &mem,
				     &m, &why));
	cr_expect_eq(why.kind, FAIL_ABSENT);
	cr_expect_not(manifest_parse(SPAN("{\"format\":\"other\",\"schema\":1}"), &mem, &m, &why));
	cr_expect_eq(why.kind, FAIL_CORRUPT);
}
