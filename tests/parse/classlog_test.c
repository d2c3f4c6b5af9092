// SPDX-License-Identifier: Apache-2.0
#include "parse/classlog.h"

#include <criterion/criterion.h>
#include <string.h>

enum { ROOM = 32 };

static struct classlog_event events[ROOM];
static struct classlog log_now;

static size_t parse(const char *text)
{
	struct span rest = span_of(text);
	size_t count = 0;

	log_now = (struct classlog){ 0 };
	while (count < ROOM && classlog_next(&log_now, &rest, &events[count]))
		count++;
	return count;
}

static void expect(size_t i, enum classlog_kind kind, const char *name, const char *source)
{
	cr_expect_eq(events[i].kind, kind, "event %zu", i);
	cr_expect(span_is(events[i].name, name), "event %zu: %.*s", i, (int)events[i].name.len,
		  events[i].name.at);
	cr_expect(span_is(events[i].source, source), "event %zu: %.*s", i,
		  (int)events[i].source.len, events[i].source.at);
}

Test(classlog, verbose_class_of_jdk_8_has_names_and_sources)
{
	cr_assert_eq(parse("[Opened /jdk/jre/lib/rt.jar]\n"
			   "[Loaded java.lang.Object from /jdk/jre/lib/rt.jar]\n"
			   "[Loaded Main$$Lambda$1/1747585824 from Main]\n"
			   "[Unloading class dup.One 0x0000000100063408]\n"),
		     3);
	expect(0, CLASSLOG_LOADED, "java.lang.Object", "/jdk/jre/lib/rt.jar");
	expect(1, CLASSLOG_LOADED, "Main$$Lambda$1/1747585824", "Main");
	expect(2, CLASSLOG_UNLOADED, "dup.One", "");
	cr_expect_eq(log_now.lines, 4);
	cr_expect_eq(log_now.unknown, 1);
	cr_expect_not(events[0].unified);
}

Test(classlog, several_events_of_one_line_and_a_gc_line_around_them_are_found)
{
	cr_assert_eq(
		parse("0.495: [Full GC (System.gc()) [Unloading class a.B 0x0000000100063408]\n"
		      "[Loaded a.C from __JVM_DefineClass__][Loaded a.D from file:/x.jar]done\n"),
		3);
	expect(0, CLASSLOG_UNLOADED, "a.B", "");
	cr_expect_eq(events[0].clock, CLASSLOG_UPTIME_S);
	cr_expect_float_eq(events[0].time_s, 0.495, 1e-9);
	expect(1, CLASSLOG_LOADED, "a.C", "__JVM_DefineClass__");
	expect(2, CLASSLOG_LOADED, "a.D", "file:/x.jar");
}

Test(classlog, unified_lines_have_their_time_whatever_decorates_them)
{
	cr_assert_eq(
		parse("[0.084s][info][class,load] java.lang.Object source: shared objects file\n"
		      "[2026-12-01T03:42:52.500+0000][7][info ][class,load] a.B source: jrt:/m\n"
		      "[2026-12-01T03:42:52.500+0000][0.250s][250ms][info][class,load] a.C source: "
		      "x.Host\n"
		      "[12ms][info][class,unload] unloading class a.D 0x0000000840063040\n"),
		4);
	expect(0, CLASSLOG_LOADED, "java.lang.Object", "shared objects file");
	cr_expect_float_eq(events[0].time_s, 0.084, 1e-9);
	expect(1, CLASSLOG_LOADED, "a.B", "jrt:/m");
	cr_expect_eq(events[1].clock, CLASSLOG_DATE);
	cr_expect_float_eq(events[1].time_s, 1796096572.5, 1e-3);
	expect(2, CLASSLOG_LOADED, "a.C", "x.Host");
	cr_expect_eq(events[2].clock, CLASSLOG_UPTIME_S);
	expect(3, CLASSLOG_UNLOADED, "a.D", "");
	cr_expect_eq(events[3].clock, CLASSLOG_MILLIS);
	cr_expect_float_eq(events[3].time_s, 0.012, 1e-9);
	cr_expect(events[3].unified);
}

Test(classlog, level_debug_tells_the_loader)
{
	cr_assert_eq(parse("[0.2s][debug][class,load]  klass: 0x00007f17f8002000 super: "
			   "0x00007f17f7000d68 "
			   "loader: [loader data: 0x00007f186c0b60a0 for instance a "
			   "'shop.Loader'{0x00000000ffd437d8}] "
			   "bytes: 94 checksum: c5d4bacb\n"),
		     1);
	expect(0, CLASSLOG_LOADER, "shop.Loader", "");
}

Test(classlog, pasted_lines_without_decorations_count_when_they_look_like_the_vms)
{
	cr_assert_eq(parse("java.util.ArrayList source: jrt:/java.base\n"
			   "  a.Main$$Lambda$14/0x0000000800c03000 source: a.Main\r\n"
			   "unloading class a.B 0x0000000840063040\n"
			   "[Loaded com.example.Cut from file:/very/lo"),
		     4);
	expect(0, CLASSLOG_LOADED, "java.util.ArrayList", "jrt:/java.base");
	expect(1, CLASSLOG_LOADED, "a.Main$$Lambda$14/0x0000000800c03000", "a.Main");
	expect(2, CLASSLOG_UNLOADED, "a.B", "");
	expect(3, CLASSLOG_LOADED, "com.example.Cut", "file:/very/lo");
	cr_expect_eq(events[0].clock, CLASSLOG_NO_TIME);
}

Test(classlog, what_is_no_event_is_none)
{
	cr_expect_eq(parse("The data source: none of ours\n"
			   "Open source: yes\n"
			   "we saw unloading class a.B 0x1 there\n"
			   "[Loaded  from x]\n[Loaded two words from x]\n[Loaded ]\n"
			   "[0.1s][info][class,load] opened: /jdk/lib/modules\n"
			   " source: x\n"),
		     0);
	cr_expect_eq(log_now.unknown, log_now.lines);
	cr_expect_eq(parse(""), 0);
}
