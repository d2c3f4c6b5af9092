// SPDX-License-Identifier: Apache-2.0
#include "os/pagepool.h"

#include <criterion/criterion.h>
#include <string.h>

enum { PAGE = 4096 };

static struct pagepool pool;

static void start(void)
{
	cr_assert(pagepool_make(&pool));
}

static void end(void)
{
	pagepool_close(&pool);
}

TestSuite(pagepool, .init = start, .fini = end);

static void keep(uint64_t at, int byte)
{
	memset(pagepool_take(&pool, 1), byte, PAGE);
	pagepool_keep(&pool, at);
}

Test(pagepool, a_kept_page_is_found_and_another_is_not)
{
	keep(0x7f0000001000, 'a');
	keep(0x1000, 'b');
	cr_expect_eq(pagepool_find(&pool, 0x7f0000001000)[PAGE - 1], 'a');
	cr_expect_eq(pagepool_find(&pool, 0x1000)[0], 'b');
	cr_expect_null(pagepool_find(&pool, 0x2000));
}

Test(pagepool, slots_taken_together_lie_in_a_row)
{
	unsigned char *row = pagepool_take(&pool, 3);

	for (uint64_t i = 0; i < 3; i++)
		pagepool_keep(&pool, i * PAGE);
	for (uint64_t i = 0; i < 3; i++)
		cr_expect_eq(pagepool_find(&pool, i * PAGE), row + i * PAGE);
}

Test(pagepool, what_is_forgotten_is_not_found_and_its_room_is_free_again)
{
	keep(0x1000, 'a');
	pagepool_forget(&pool);
	cr_expect_null(pagepool_find(&pool, 0x1000));
	cr_expect_eq(pagepool_left(&pool), PAGEPOOL_SLOTS);
	keep(0x1000, 'b');
	cr_expect_eq(pagepool_find(&pool, 0x1000)[0], 'b');
}

Test(pagepool, a_full_pool_makes_room_by_letting_all_go)
{
	for (uint64_t i = 0; i < PAGEPOOL_SLOTS; i++)
		keep(i * 7 * PAGE, (int)i);
	cr_expect_eq(pagepool_left(&pool), 0);
	for (uint64_t i = 0; i < PAGEPOOL_SLOTS; i += 1000)
		cr_expect_eq(pagepool_find(&pool, i * 7 * PAGE)[5], (unsigned char)i);
	keep(PAGE, 'x');
	cr_expect_eq(pagepool_left(&pool), PAGEPOOL_SLOTS - 1);
	cr_expect_null(pagepool_find(&pool, 7000 * PAGE));
	cr_expect_eq(pagepool_find(&pool, PAGE)[0], 'x');
}

Test(pagepool, old_marks_stay_dead_after_four_billion_times)
{
	pool.generation = UINT32_MAX;
	keep(0x1000, 'a');
	pagepool_forget(&pool);
	cr_expect_null(pagepool_find(&pool, 0x1000));
	cr_expect_eq(pool.generation, 1);
}

Test(pagepool, nothing_is_found_in_a_pool_that_was_closed)
{
	keep(0x1000, 'a');
	pagepool_close(&pool);
	cr_expect_null(pagepool_find(&pool, 0x1000));
	pagepool_forget(&pool);
	cr_expect(pagepool_make(&pool));
}
