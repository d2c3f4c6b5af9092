// SPDX-License-Identifier: Apache-2.0
#include "gclog/gclog.h"

#include <criterion/criterion.h>

#include "collected.h"

static struct collected got;

static void near(double is, double expected)
{
	cr_assert(fabs(is - expected) < 1e-9, "%.9f is not %.9f", is, expected);
}

Test(gclog, a_line_of_unified_logging_is_a_pause_with_cause_heap_and_times)
{
	collect("[2021-03-04T05:06:07.500+0100][2.000s][info][gc,heap     ] GC(7) Humongous "
		"regions: 3->2\n"
		"[2021-03-04T05:06:07.500+0100][2.000s][info][gc,metaspace] GC(7) Metaspace: "
		"100K(200K)->90K(200K) NonClass: 1K(2K)->1K(2K)\n"
		"[2021-03-04T05:06:07.500+0100][2.000s][info][gc          ] GC(7) Pause Young "
		"(Prepare Mixed) "
		"(G1 Evacuation Pause) 20M->5M(64M) 12.500ms\n"
		"[2021-03-04T05:06:07.500+0100][2.000s][info][gc,cpu      ] GC(7) User=0.04s "
		"Sys=0.01s "
		"Real=0.01s\n",
		&got);
	cr_assert_eq(got.count, 1);
	cr_assert_str_eq(got.at[0].name, "Pause Young (Prepare Mixed)");
	cr_assert_str_eq(got.at[0].cause, "G1 Evacuation Pause");
	cr_assert_eq(got.at[0].kind, GC_YOUNG);
	near(got.at[0].duration_s, 0.0125);
	near(got.at[0].uptime_s, 2 - 0.0125);
	near(got.at[0].wall_s, 1614830767.5 - 0.0125);
	near(got.at[0].user_s, 0.04);
	cr_assert_eq(got.at[0].heap.before, 20 << 20);
	cr_assert_eq(got.at[0].heap.capacity, 64 << 20);
	cr_assert_eq(got.at[0].meta.after, 90 << 10);
	cr_assert_eq(got.at[0].humongous_regions, 2);
	cr_assert_eq(got.facts.collector, GCLOG_G1);
}

Test(gclog, decorations_may_be_any_and_none)
{
	static const char *const LINES[] = {
		"GC(1) Pause Full (System.gc()) 10M->4M(16M) 30.1ms\n",
		"[1.0s] GC(1) Pause Full (System.gc()) 10M->4M(16M) 30.1ms\n",
		"[1000ms][4711][15][info][gc] GC(1) Pause Full (System.gc()) 10M->4M(16M) 30,1ms\n",
		"[2021-03-04 05:06:07,500+0100][box.example][gc] GC(1) Pause Full (System.gc()) "
		"10M->4M(16M) 30.1ms\n",
		"2021-03-04T05:06:07Z stdout F [1.0s][info][gc] GC(1) Pause Full (System.gc()) "
		"10M->4M(16M) 30.1ms\r\n",
	};

	for (size_t i = 0; i < sizeof(LINES) / sizeof(LINES[0]); i++) {
		collect(LINES[i], &got);
		cr_assert_eq(got.count, 1, "%s", LINES[i]);
		near(got.at[0].duration_s, 0.0301);
		cr_assert(got.at[0].flags & GC_EXPLICIT);
		cr_assert_eq(got.facts.unknown, 0);
	}
}

Test(gclog, a_full_collection_within_a_young_one_is_nested)
{
	collect("[1.000s][info][gc,start] GC(4) Pause Young (Allocation Failure)\n"
		"[1.001s][info][gc,start] GC(5) Pause Full (Allocation Failure)\n"
		"[1.021s][info][gc      ] GC(5) Pause Full (Allocation Failure) 10M->4M(16M) "
		"20.000ms\n"
		"[1.022s][info][gc      ] GC(4) Pause Young (Allocation Failure) 10M->4M(16M) "
		"22.000ms\n"
		"[2.000s][info][gc      ] GC(6) Pause Full (Allocation Failure) 10M->4M(16M) "
		"20.000ms\n",
		&got);
	cr_assert_eq(got.stats.pauses.all.count, 2);
	cr_assert_eq(got.stats.pauses.nested, 1);
	near(got.stats.pauses.all.sum_s, 0.042);
}

Test(gclog, generational_zgc_has_letters_before_its_pauses)
{
	collect("[1.0s][info][gc,phases] GC(2) y: Pause Mark Start 0.010ms\n"
		"[1.1s][info][gc,phases] GC(2) Y: Pause Mark End 0.020ms\n"
		"[1.2s][info][gc,phases] GC(2) O: Pause Relocate Start 0.030ms\n"
		"[1.3s][info][gc       ] Allocation Stall (worker (1)) 7.500ms\n"
		"[1.4s][info][gc       ] GC(2) Major Collection (Warmup) 100M(10%)->20M(2%) "
		"0.400s\n",
		&got);
	cr_assert_eq(got.stats.pauses.all.count, 3);
	cr_assert_eq(got.stats.stalls.count, 1);
	cr_assert_eq(got.facts.collector, GCLOG_ZGC_GENERATIONAL);
	cr_assert_eq(got.at[got.count - 1].type, GC_CYCLE);
	cr_assert_eq(got.at[got.count - 1].heap.after, 20 << 20);
}

Test(gclog, a_concurrent_record_within_a_pause_is_taken_out_of_it)
{
	collect("0.633: [CMS-concurrent-sweep-start]\n"
		"0.640: [CMS-concurrent-sweep: 0.002/0.003 secs]0.641: [GC (Allocation Failure) "
		"0.641: [ParNew"
		" [Times: user=0.01 sys=0.00, real=0.00 secs] \n"
		"Desired survivor size 65536 bytes, new threshold 1 (max 6)\n"
		"- age   1:     131072 bytes,     131072 total\n"
		": 1000K->100K(1200K), 0.0040000 secs] 3000K->2200K(5000K), 0.0050000 secs] "
		"[Times: user=0.02 "
		"sys=0.00, real=0.01 secs] \n",
		&got);
	cr_assert_eq(got.count, 2);
	cr_assert_eq(got.at[0].type, GC_CONCURRENT);
	near(got.at[0].user_s, 0.01);
	cr_assert_eq(got.at[1].kind, GC_YOUNG);
	cr_assert_str_eq(got.at[1].cause, "Allocation Failure");
	near(got.at[1].duration_s, 0.005);
	near(got.at[1].user_s, 0.02);
	near(got.at[1].uptime_s, 0.641);
	cr_assert_eq(got.at[1].heap.after, 2200 << 10);
	cr_assert_eq(got.at[1].young.after, 100 << 10);
	cr_assert_eq(got.facts.unknown + got.facts.damaged, 0);
}

Test(gclog, a_failed_young_collection_is_one_pause_with_what_went_wrong)
{
	collect("5.0: [GC 5.0: [ParNew (promotion failed): 900K->950K(1000K), 0.1 secs]5.1: "
		"[CMS5.2: "
		"[CMS-concurrent-mark: 0.1/0.2 secs] [Times: user=0.3 sys=0.0, real=0.2 secs]\n"
		" (concurrent mode failure): 2000K->500K(4000K), 0.5 secs] 2900K->500K(5000K), "
		"[CMS Perm : "
		"70K->60K(80K)], 0.6 secs] [Times: user=0.7 sys=0.0, real=0.6 secs]\n",
		&got);
	cr_assert_eq(got.stats.pauses.all.count, 1);
	near(got.stats.pauses.all.sum_s, 0.6);
	cr_assert_eq(got.stats.concurrent_failed.count, 1);
	cr_assert_eq(got.stats.promotion_failed.count, 1);
	cr_assert_eq(got.stats.full.old.before, 2000 << 10);
	cr_assert(fabs(got.stats.full.old_freed_share - 0.75) < 1e-9);
	cr_assert(got.stats.meta.perm);
	cr_assert_eq(got.stats.meta.last.after, 60 << 10);
}

Test(gclog, a_scavenge_within_a_remark_is_nested_and_the_next_pause_is_not)
{
	collect("1.0: [GC[YG occupancy: 10 K (20 K)]1.0: [GC 1.0: [ParNew: 10K->1K(20K), 0.010 "
		"secs] "
		"30K->21K(60K), 0.011 secs] \n"
		"1.1: [Rescan (parallel) , 0.002 secs] [1 CMS-remark: 20K(40K)] 21K(60K), 0.020 "
		"secs] "
		"[Times: user=0.02 sys=0.00, real=0.02 secs] \n"
		"2.0: [GC 2.0: [ParNew: 10K->1K(20K), 0.030 secs] 30K->21K(60K), 0.031 secs]\n",
		&got);
	cr_assert_eq(got.stats.pauses.all.count, 2);
	cr_assert_eq(got.stats.pauses.nested, 1);
	near(got.stats.pauses.all.sum_s, 0.051);
	cr_assert_eq(got.stats.by_kind[GC_REMARK], 1);
}

Test(gclog, a_record_without_end_loses_itself_alone)
{
	collect("1.0: [GC 1.0: [ParNew: 10K->1K(20K), 0.010 secs] 30K->21K(60K), 0.011 secs]\n"
		"2.0: [GC 2.0: [ParNew: 10K->\n"
		"3.0: [GC 3.0: [ParNew: 10K->1K(20K), 0.010 secs] 30K->21K(60K), 0.012 secs]\n"
		"4.0: [GC 4.0: [ParNew: 10K->1K(20K), 0.010 secs] 30K->21K(60K), 0.013 secs]\n",
		&got);
	cr_assert_eq(got.stats.pauses.all.count, 3);
	near(got.stats.pauses.all.sum_s, 0.036);
	cr_assert_eq(got.facts.damaged, 1);
}

Test(gclog, blanks_of_web_pages_and_lost_ones_do_no_harm)
{
	collect("2017-04-08T00:55:34.733+0800:31981.491: [GC2017-04-08T00:55:34.733+0800:\xc2\xa0"
		"31981.491:\xc2\xa0[ParNew (promotionfailed): 267K->266K(291K), 0.3985040secs] "
		"964K->112K(990K),[CMS Perm : 27K->26K(46K)], 1.7821670\xc2\xa0secs] [Times: "
		"user=2.78sys=0.08, real=1.78 secs]\n",
		&got);
	cr_assert_eq(got.count, 1);
	near(got.at[0].duration_s, 1.782167);
	near(got.at[0].user_s, 2.78);
	near(got.at[0].uptime_s, 31981.491);
	cr_assert(got.at[0].flags & GC_PROMOTION_FAILED);
}

Test(gclog, g1_of_jdk_8_brings_its_heap_lines_later)
{
	collect("0.5: [GC pause (G1 Humongous Allocation) (young) (initial-mark) (to-space "
		"exhausted), "
		"0.0125000 secs]\n"
		"   [Parallel Time: 3.0 ms, GC Workers: 2]\n"
		"   [Eden: 2048.0K(4096.0K)->0.0B(3072.0K) Survivors: 0.0B->1024.0K Heap: "
		"3072.0K(16.0M)->1500.0K(16.0M)]\n"
		" [Times: user=0.02 sys=0.00, real=0.01 secs] \n"
		"0.6: [GC concurrent-root-region-scan-start]\n"
		"0.7: [GC concurrent-root-region-scan-end, 0.1000000 secs]\n",
		&got);
	cr_assert_eq(got.count, 2);
	cr_assert_eq(got.at[0].kind, GC_INITIAL_MARK);
	cr_assert_eq(got.at[0].flags & (GC_TO_SPACE | GC_HUMONGOUS), GC_TO_SPACE | GC_HUMONGOUS);
	cr_assert_eq(got.at[0].heap.after, 1500 << 10);
	cr_assert_eq(got.at[0].survivors, 1024 << 10);
	near(got.at[1].duration_s, 0.1);
	cr_assert_eq(got.facts.unknown, 0);
}

Test(gclog, a_title_that_is_cut_is_a_pause_of_unknown_length)
{
	collect("[Full GC (Metadata GC Threshold) 10K->5K(20K), 0.1 secs]\n[Full GC (Last ditch "
		"colle",
		&got);
	cr_assert_eq(got.stats.pauses.all.count, 2);
	cr_assert_eq(got.stats.pauses.unmeasured, 1);
	near(got.stats.pauses.all.sum_s, 0.1);
	collect("[Full GC (Metadata GC Threshold) [CMS: ", &got);
	cr_assert_eq(got.stats.pauses.all.count, 0);
}

Test(gclog, logs_of_other_vms_are_named_and_applications_have_no_event)
{
	collect("<verbosegc xmlns=\"http://www.ibm.com/j9/verbosegc\">\n", &got);
	cr_assert_str_eq(got.facts.foreign, "IBM J9");
	collect("[memory ] 226.002-226.547: GC 1048576K->133204K (1048576K), 544.511 ms\n", &got);
	cr_assert_str_eq(got.facts.foreign, "BEA JRockit");
	collect("gc 1 @0.058s 0%: 0+1.9+0 ms clock, 0+0.94/1.9/2.9+0 ms cpu, 4->4->1 MB, 5 MB "
		"goal, 4 P\n",
		&got);
	cr_assert_str_eq(got.facts.foreign, "the Go runtime");
	collect("[2018-03-31T00:00:01,123][WARN ][o.e.m.j.JvmGcMonitorService] [node] "
		"[gc][young][12][3] "
		"duration [1.2s], collections [1]/[2s]\n",
		&got);
	cr_assert_eq(got.count, 0);
	cr_assert_eq(got.facts.dialect, GCLOG_UNKNOWN);
	cr_assert_eq(got.facts.unknown, 1);
}

Test(gclog, what_is_not_known_is_counted_and_shown)
{
	collect("1.0: [GC 30K->21K(60K), 0.011 secs]\nhello world\n2.0: [GC 30K->21K(60K), 0.011 "
		"secs]\n",
		&got);
	cr_assert_eq(got.facts.unknown, 1);
	cr_assert_eq(got.facts.strangers[0].line, 2);
	cr_assert_str_eq(got.facts.strangers[0].text, "hello world");
}
