// SPDX-License-Identifier: Apache-2.0
#include "base/memory.h"

#include <criterion/criterion.h>
#include <string.h>

#include "base/arena.h"
#include "base/fail.h"

// A source whose every byte is its own letter.
struct letters {
	char letter;
	unsigned reads, forgotten;
	uint64_t prefetched_start, prefetched_end;
};

static bool read_letters(void *self, uint64_t at, void *to, size_t len, struct fail *why)
{
	struct letters *l = self;

	l->reads++;
	memset(to, l->letter, len);
	return true;
}

static void prefetch_letters(void *self, uint64_t start, uint64_t end)
{
	struct letters *l = self;

	l->prefetched_start = start;
	l->prefetched_end = end;
}

static void forget_letters(void *self)
{
	((struct letters *)self)->forgotten++;
}

static const struct memory_source LETTERS = { .read = read_letters,
					      .prefetch = prefetch_letters,
					      .forget = forget_letters };

static struct arena mem;
static struct memory m;
static struct letters a = { .letter = 'a' }, b = { .letter = 'b' };

static void start(void)
{
	memory_init(&m, &mem);
}

static void drop(void)
{
	arena_drop(&mem);
}

TestSuite(memory, .init = start, .fini = drop);

static const char *read_at(uint64_t at, size_t len)
{
	static char got[64];

	memset(got, 0, sizeof(got));
	return memory_read(&m, at, got, len, NULL) ? got : NULL;
}

Test(memory, a_later_segment_covers_an_earlier_one)
{
	memory_add_segment(&m, 10, 20, &LETTERS, &a);
	memory_add_segment(&m, 13, 15, &LETTERS, &b);
	cr_expect_str_eq(read_at(10, 10), "aaabbaaaaa");
	memory_add_segment(&m, 5, 14, &LETTERS, &b);
	cr_expect_str_eq(read_at(5, 15), "bbbbbbbbbbaaaaa");
	memory_add_segment(&m, 0, 30, &LETTERS, &a);
	cr_expect_eq(m.count, 1);
}

Test(memory, segments_stay_sorted_and_apart)
{
	for (uint64_t i = 0; i < 200; i++) {
		uint64_t at = i * 7919 % 1000;

		memory_add_segment(&m, at, at + i % 13, &LETTERS, i % 2 ? &a : &b);
		for (size_t k = 1; k < m.count; k++)
			cr_assert_leq(m.segments[k - 1].end, m.segments[k].start);
	}
}

Test(memory, a_read_over_a_gap_fails_and_says_where)
{
	struct fail why;
	char got[8];

	memory_add_segment(&m, 10, 12, &LETTERS, &a);
	memory_add_segment(&m, 13, 20, &LETTERS, &a);
	cr_assert_not(memory_read(&m, 10, got, 4, &why));
	cr_expect_eq(why.kind, FAIL_ABSENT);
	cr_expect_str_eq(why.text, "no memory at 0xc");
	cr_expect_null(read_at(9, 1));
	cr_expect_null(read_at(20, 1));
}

Test(memory, a_read_over_several_sources_asks_each_for_its_part)
{
	memory_add_segment(&m, 0, 4, &LETTERS, &a);
	memory_add_segment(&m, 4, 8, &LETTERS, &b);
	cr_expect_str_eq(read_at(2, 4), "aabb");
	cr_expect_eq(a.reads, 1);
	cr_expect_eq(b.reads, 1);
}

Test(memory, objects_that_lie_apart_are_gathered_one_behind_the_other)
{
	static const uint64_t AT[] = { 16, 2, 10 };
	char got[16] = "";

	memory_add_segment(&m, 0, 12, &LETTERS, &a);
	memory_add_segment(&m, 12, 20, &LETTERS, &b);
	cr_expect(memory_gather(&m, &(struct memory_objects){ .at = AT, .count = 3, .len = 3 }, got,
				NULL));
	cr_expect_str_eq(got, "bbbaaaaab");
	cr_expect_not(memory_gather(&m, &(struct memory_objects){ .at = AT, .count = 3, .len = 5 },
				    got, NULL));
	cr_expect(memory_gather(&m, &(struct memory_objects){ .at = AT, .count = 0, .len = 5 }, got,
				NULL));
}

Test(memory, nothing_is_covered_by_an_empty_segment)
{
	memory_add_segment(&m, 5, 5, &LETTERS, &a);
	memory_add_segment(&m, 6, 5, &LETTERS, &a);
	cr_expect_eq(m.count, 0);
}

Test(memory, text_without_an_end_is_refused)
{
	struct fail why;
	char got[16];

	memory_add_segment(&m, 0, 4096, &LETTERS, &a);
	cr_assert_not(memory_read_text(&m, 0, got, sizeof(got), &why));
	cr_expect_eq(why.kind, FAIL_CORRUPT);
}

Test(memory, prefetching_is_cut_to_the_segments_and_forgetting_reaches_all)
{
	memory_add_segment(&m, 10, 20, &LETTERS, &a);
	memory_add_segment(&m, 20, 30, &LETTERS, &b);
	memory_prefetch(&m, 15, 100);
	cr_expect_eq(a.prefetched_start, 15);
	cr_expect_eq(a.prefetched_end, 20);
	cr_expect_eq(b.prefetched_start, 20);
	cr_expect_eq(b.prefetched_end, 30);
	memory_forget(&m);
	cr_expect_eq(a.forgotten + b.forgotten, 2);
}

Test(memory, a_source_that_can_only_forget_forgets_before_it_reads_anew)
{
	char got[8] = "";

	memory_add_segment(&m, 10, 20, &LETTERS, &a);
	memory_add_segment(&m, 20, 30, &LETTERS, &b);
	cr_expect(memory_read_anew(&m, 18, got, 4, NULL));
	cr_expect_str_eq(got, "aabb");
	cr_expect_eq(a.forgotten + b.forgotten, 2);
	cr_expect_not(memory_read_anew(&m, 30, got, 1, NULL));
}
