// SPDX-License-Identifier: Apache-2.0
#include "diagnose/collections.h"

#include <criterion/criterion.h>

static struct arena mem;
static pulse_rows pulses;
static struct collections c;

static void drop(void)
{
	arena_drop(&mem);
}

TestSuite(collections, .fini = drop);

static void add(double at_s, uint64_t count, uint64_t full, uint64_t old_used, const char *cause)
{
	struct pulse_row row = { .at_s = at_s, .gc_cause = cause };

	row.known[PULSE_GC_COUNT] = row.known[PULSE_GC_FULL_COUNT] = true;
	row.known[PULSE_OLD_USED] = row.known[PULSE_GC_TIME] = true;
	row.value[PULSE_GC_COUNT] = count;
	row.value[PULSE_GC_FULL_COUNT] = full;
	row.value[PULSE_OLD_USED] = old_used;
	row.value[PULSE_GC_TIME] = count * 100000000; // a tenth of a second each
	vec_push(&mem, &pulses, row);
}

static void sum(void)
{
	struct evidence e = { .pulses = &pulses };

	collections_sum(&e, &mem, &c);
}

Test(collections, are_counted_with_their_causes_and_what_they_left)
{
	add(100, 5, 1, 50, "Allocation Failure");
	add(101, 5, 1, 50, "Allocation Failure");
	add(102, 6, 1, 60, "Allocation Failure");
	add(104, 9, 2, 40, "System.gc()");
	add(110, 9, 2, 40, "System.gc()");
	sum();
	cr_assert(c.known);
	cr_expect_eq(c.seconds, 10);
	cr_expect_eq(c.count, 4);
	cr_expect_eq(c.full, 1);
	cr_expect_float_eq(c.share, 0.04, 1e-9);
	cr_expect_eq(collections_for(&c, "System.gc()"), 3);
	cr_expect_eq(collections_for(&c, "Allocation Failure"), 1);
	cr_expect_eq(collections_for(&c, "Ergonomics"), 0);
	cr_expect_str_eq(c.causes.at[0].cause, "System.gc()");
	cr_assert_eq(c.levels.count, 2);
	cr_expect_eq(c.levels.at[0].at_s, 2);
	cr_expect_eq(c.levels.at[0].old_used, 60);
	cr_expect_not(c.levels.at[0].full);
	cr_expect(c.levels.at[1].full);
}

Test(collections, of_a_window_without_any_are_none)
{
	add(1, 5, 1, 50, "Allocation Failure");
	add(9, 5, 1, 50, "Allocation Failure");
	sum();
	cr_expect(c.known);
	cr_expect_eq(c.count, 0);
	cr_expect_eq(c.causes.count, 0);
	cr_expect_eq(c.levels.count, 0);
}

Test(collections, are_not_known_without_counters_or_by_one_pulse)
{
	vec_push(&mem, &pulses, (struct pulse_row){ .at_s = 1 });
	vec_push(&mem, &pulses, (struct pulse_row){ .at_s = 2 });
	sum();
	cr_expect_not(c.known);
	add(3, 5, 1, 50, NULL);
	sum();
	cr_expect_not(c.known);
}

Test(collections, that_a_counter_takes_back_are_not_counted)
{
	add(1, 5, 1, 50, "Allocation Failure");
	add(2, 3, 0, 50, "Allocation Failure");
	sum();
	cr_expect_eq(c.count, 0);
	cr_expect_eq(c.share, 0);
}
