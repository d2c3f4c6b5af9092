// SPDX-License-Identifier: Apache-2.0
#include "gclog/stats.h"

#include <criterion/criterion.h>
#include <stdio.h>

#include "collected.h"
#include "gclog/durations.h"
#include "gclog/trend.h"

static struct collected got;

Test(durations, are_exact_while_few_and_right_to_a_thousandth_when_many)
{
	struct durations d = { 0 };

	for (int i = 1; i <= 1000; i++)
		durations_add(&d, i / 1000.0);
	cr_assert_eq(durations_percentile(&d, 0.5), 0.5);
	cr_assert_eq(durations_percentile(&d, 0.999), 0.999);
	cr_assert_eq(durations_percentile(&d, 1), 1);
	durations_drop(&d);
	for (int i = 1; i <= 600000; i++)
		durations_add(&d, i / 600000.0);
	cr_assert(fabs(durations_percentile(&d, 0.5) - 0.5) < 0.0005);
	cr_assert(fabs(durations_percentile(&d, 0.99) - 0.99) < 0.00099);
	durations_drop(&d);
	cr_assert(isnan(durations_percentile(&d, 0.5)));
}

Test(trend, an_outlier_does_not_move_the_slope)
{
	struct trend *s = calloc(1, sizeof(*s));
	struct gc_trend t;

	for (int i = 0; i < 100; i++)
		trend_add(s, i, i == 50 ? 900000 : 1000 + 10 * (uint64_t)i);
	trend_judge(s, 11990, &t);
	cr_assert(fabs(t.slope - 10) < 1e-9);
	cr_assert(t.low <= t.slope && t.slope <= t.high);
	cr_assert(fabs(t.until_full_s - 1000) < 1e-6);
	free(s);
}

Test(trend, many_points_are_thinned_and_few_are_not_judged)
{
	struct trend *s = calloc(1, sizeof(*s));
	struct gc_trend t;

	trend_add(s, 0, 5);
	trend_add(s, 1, 6);
	trend_judge(s, UNKNOWN_BYTES, &t);
	cr_assert_eq(t.points, 2);
	cr_assert(isnan(t.slope));
	for (int i = 2; i < 100000; i++)
		trend_add(s, i, 5 + (uint64_t)i);
	trend_judge(s, UNKNOWN_BYTES, &t);
	cr_assert_eq(t.points, 100000);
	cr_assert(fabs(t.slope - 1) < 1e-9);
	cr_assert(isnan(t.until_full_s));
	free(s);
}

// CMS whose old generation stands above the trigger: `step` KB less at each beginning.
static void cycles(uint64_t step, double gap)
{
	char text[4096];
	size_t n = 0;

	for (int i = 0; i < 6; i++) {
		double t = 10 + i * (5 + gap);

		n += (size_t)snprintf(text + n, sizeof(text) - n,
				      "%.3f: [GC [1 CMS-initial-mark: %dK(20000K)] 18000K(30000K), "
				      "0.1 secs] [Times: "
				      "user=0.1 sys=0.0, real=0.1 secs]\n"
				      "%.3f: [CMS-concurrent-mark: 4.0/4.8 secs] [Times: user=7.4 "
				      "sys=0.0, real=4.8 secs]\n"
				      "%.3f: [CMS-concurrent-reset: 0.0/0.0 secs] [Times: user=0.0 "
				      "sys=0.0, real=0.0 secs]\n",
				      t, (int)(16000 - step * (uint64_t)i), t + 4.9, t + 5);
	}
	collect(text, &got);
}

Test(stats, cycles_that_free_nothing_at_once_after_each_other_are_a_row_with_its_cores)
{
	cycles(3, 0.003);
	cr_assert_eq(got.stats.cycles.count, 6);
	cr_assert_eq(got.stats.cycles.freed_nothing, 5);
	cr_assert_eq(got.stats.cycles.longest_row, 5);
	cr_assert(fabs(got.stats.cycles.row_cores - 1.5) < 0.01, "%f", got.stats.cycles.row_cores);
	cycles(2000, 0.003);
	cr_assert_eq(got.stats.cycles.freed_nothing, 0);
	cycles(3, 60);
	cr_assert_eq(got.stats.cycles.longest_row, 0);
	cr_assert_eq(got.stats.cycles.freed_nothing, 5);
}

Test(stats, allocation_is_what_came_between_two_collections)
{
	collect("[1.0s][gc] GC(0) Pause Young (Normal) (G1 Evacuation Pause) 10M->4M(64M) 0.000ms\n"
		"[2.0s][gc] GC(1) Pause Young (Normal) (G1 Evacuation Pause) 14M->4M(64M) 0.000ms\n"
		"[4.0s][gc] GC(2) Pause Young (Normal) (G1 Evacuation Pause) 24M->4M(64M) "
		"0.000ms\n",
		&got);
	cr_assert_eq(got.stats.allocated.bytes, 30u << 20);
	cr_assert(fabs(got.stats.allocated.mean - 10.0 * (1 << 20)) < 1);
	cr_assert(fabs(got.stats.span_s - 3) < 1e-9);
	cr_assert(isnan(got.stats.promoted.mean), "without areas nothing is known of it");
}

Test(stats, a_clock_that_goes_back_is_another_run)
{
	collect("100.0: [GC 30K->21K(60K), 0.5 secs]\n110.0: [GC 30K->21K(60K), 0.5 secs]\n"
		"1.0: [GC 30K->21K(60K), 0.5 secs]\n3.0: [GC 30K->21K(60K), 0.5 secs]\n",
		&got);
	cr_assert_eq(got.stats.runs, 2);
	cr_assert(fabs(got.stats.span_s - 13) < 1e-9, "%f", got.stats.span_s);
	cr_assert(fabs(got.stats.throughput - (1 - 2.0 / 13)) < 1e-9);
}

Test(stats, metadata_collections_that_free_nothing_are_counted)
{
	collect("1.0: [Full GC (Metadata GC Threshold) 5K->4K(9K), [Metaspace: 100K->99K(200K)], "
		"0.1 secs]\n"
		"2.0: [Full GC (Last ditch collection) 5K->4K(9K), [Metaspace: 99K->99K(200K)], "
		"0.1 secs]\n"
		"3.0: [Full GC (Metadata GC Threshold) 5K->4K(9K), [Metaspace: 99K->9K(200K)], 0.1 "
		"secs]\n"
		"4.0: [Full GC (System.gc()) 5K->4K(9K), [Metaspace: 9K->9K(200K)], 0.1 secs]\n",
		&got);
	cr_assert_eq(got.stats.meta.by_cause, 3);
	cr_assert_eq(got.stats.meta.by_cause_freed_nothing, 2);
	cr_assert_eq(got.stats.meta.last_ditch, 1);
	cr_assert_eq(got.stats.explicit_gc.count, 1);
}

Test(stats, stops_and_the_way_to_them_are_summed)
{
	collect("[1.0s][safepoint] Safepoint \"G1CollectForAllocation\", Time since last: 5 ns, "
		"Reaching "
		"safepoint: 200000000 ns, Cleanup: 0 ns, At safepoint: 100000000 ns, Total: "
		"300000000 ns\n"
		"[1.0s][gc] GC(0) Pause Young (Normal) (G1 Evacuation Pause) 10M->4M(64M) "
		"90.000ms\n",
		&got);
	cr_assert_eq(got.stats.stop.count, 1);
	cr_assert(fabs(got.stats.stop.sum_s - 0.3) < 1e-9);
	cr_assert(fabs(got.stats.reach.max_s - 0.2) < 1e-9);
	cr_assert(fabs(got.stats.other_stops_s - 0.01) < 1e-9);
	cr_assert_str_eq(got.stats.stops[0].name, "G1CollectForAllocation");
}

static void add_pause(struct gc_counter *c, double at, double seconds, enum gc_kind kind,
		      unsigned flags, uint64_t before, uint64_t after)
{
	struct gc_event e;

	gc_event_clear(&e);
	e.kind = kind;
	e.flags = flags;
	e.uptime_s = at;
	e.duration_s = seconds;
	e.heap = (struct gc_change){ before, after, 100 };
	e.line = e.last_line = (uint64_t)at + 1;
	gc_counter_add(c, &e);
}

static struct gc_stats judged;
static const struct gclog_facts NOTHING = { .max_heap = UNKNOWN_BYTES };

Test(burdens, full_collections_in_a_row_that_leave_a_full_heap_are_one_row)
{
	struct gc_counter *c = gc_counter_create();

	add_pause(c, 10, 1, GC_FULL, 0, 95, 20); // frees: no row
	for (int i = 0; i < 4; i++)
		add_pause(c, 100 + 2 * i, 1, GC_FULL, 0, 99, 90);
	add_pause(c, 200, 1, GC_FULL, 0, 99, 91); // too late for the row
	add_pause(c, 203, 1, GC_FULL, GC_EXPLICIT, 99, 91);
	gc_counter_judge(c, &NOTHING, &judged);
	cr_assert_eq(judged.burdens.full.count, 4);
	cr_assert_eq(judged.burdens.full.used, 90);
	cr_assert_eq(judged.burdens.full.first.line, 101);
	cr_assert_eq(judged.burdens.full.last.line, 107);
	cr_assert(fabs(judged.burdens.full.paused_s - 4) < 1e-9);
	cr_assert(fabs(judged.burdens.full.end_s - judged.burdens.full.begin_s - 7) < 1e-9);
	gc_counter_destroy(c);
}

Test(burdens, what_frees_nothing_and_what_had_room_are_told_apart)
{
	struct gc_counter *c = gc_counter_create();

	add_pause(c, 1, 0.5, GC_YOUNG, GC_HUMONGOUS, 50, 50);
	add_pause(c, 2, 0.5, GC_YOUNG, GC_HUMONGOUS, 50, 20);
	add_pause(c, 3, 0.5, GC_YOUNG, GC_LOCKER, 50, 50);
	add_pause(c, 4, 0.5, GC_FULL, 0, 50, 20);
	add_pause(c, 5, 0.5, GC_YOUNG, GC_PROMOTION_FAILED | GC_CONCURRENT_FAILED, 90, 20);
	gc_counter_judge(c, &NOTHING, &judged);
	cr_assert_eq(judged.burdens.humongous_futile.count, 1);
	cr_assert_eq(judged.burdens.locker_futile.count, 1);
	cr_assert_eq(judged.burdens.full_with_room.count, 1);
	cr_assert_eq(judged.burdens.failed.count, 1, "one pause, though two words are in it");
	gc_counter_destroy(c);
}

Test(burdens, the_course_keeps_the_extremes_of_more_pauses_than_it_has_points)
{
	struct gc_counter *c = gc_counter_create();
	uint32_t pauses = 0;
	double longest = 0;

	for (int i = 0; i < 10000; i++)
		add_pause(c, i, i == 7777 ? 0.9 : 0.1, GC_YOUNG, 0, 50, 20);
	gc_counter_judge(c, &NOTHING, &judged);
	cr_assert(judged.course.count <= GC_POINTS && judged.course.count > GC_POINTS / 4);
	for (size_t i = 0; i < judged.course.count; i++) {
		pauses += judged.course.at[i].pauses;
		longest = fmax(longest, judged.course.at[i].max_s);
	}
	cr_assert_eq(pauses, 10000);
	cr_assert_eq(longest, 0.9);
	gc_counter_destroy(c);
}

Test(burdens, a_heap_that_got_full_is_judged_by_how_it_got_there)
{
	struct gc_counter *c = gc_counter_create();

	for (int i = 0; i < 10; i++)
		add_pause(c, 100 * i, 0.1, GC_FULL, 0, 99, 10 + 9 * (uint64_t)i);
	for (int i = 0; i < 200; i++)
		add_pause(c, 1000 + i, 0.5, GC_FULL, 0, 99, 91);
	gc_counter_judge(c, &NOTHING, &judged);
	cr_assert_eq(judged.live.points, 10);
	cr_assert(fabs(judged.live.slope - 0.09) < 0.001);
	gc_counter_destroy(c);
}
