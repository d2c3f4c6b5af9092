// SPDX-License-Identifier: Apache-2.0
#include "store/fleet.h"

#include <criterion/criterion.h>
#include <string.h>

#include "base/arena.h"
#include "base/fail.h"
#include "facts/snapshot.h"

static struct arena mem;

static const char *line_of(const char *host, int pid, int minute, const char *findings)
{
	return arena_format(
		&mem,
		"{\"schema\":1,\"host\":\"%s\",\"at\":\"2026-11-30T10:%02d:00Z\",\"target\":{"
		"\"pid\":%d,\"main\":\"m.Main\",\"started\":\"2026-11-30T09:00:00Z\","
		"\"container\":null},\"healthy\":%s,\"findings\":[%s],\"ledger\":{\"rss\":"
		"1000}}",
		host, minute, pid, *findings ? "false" : "true", findings);
}

static const char *finding(const char *cause, const char *kind, const char *state, int bytes)
{
	return arena_format(&mem,
			    "{\"cause\":\"%s\",\"kind\":\"%s\",\"state\":\"%s\",\"title\":\"t\","
			    "\"bytes\":%d,\"growth_bytes_per_s\":2.5,\"culprit\":{\"name\":\"c\"}}",
			    cause, kind, state, bytes);
}

static bool add(struct fleet_merge *m, const char *line)
{
	struct fail why;

	return fleet_add(m, span_of(line), &why);
}

Test(fleet, of_two_verdicts_on_one_jvm_the_later_counts_in_whatever_order)
{
	struct fleet_merge *m = fleet_begin(&mem);
	struct fleet f;

	cr_expect(add(m, line_of("a", 7, 30, "")));
	cr_expect(add(m, line_of("a", 7, 10, finding("x", "cause", "confirmed", 5))));
	cr_expect(add(m, line_of("b", 7, 10, finding("y", "cause", "likely", 5))));
	fleet_finish(m, &f);
	cr_expect_eq(f.count, 2);
	cr_expect_eq(f.hosts, 2);
	cr_expect_eq(f.healthy, 1);
	cr_assert_eq(f.cause_count, 1);
	cr_expect_str_eq(f.causes[0].cause, "y");
	cr_expect_eq(f.causes[0].likely, 1);
	cr_expect_str_eq(f.jvms[0].host, "b");
}

Test(fleet, causes_come_before_risks_and_what_most_jvms_have_first)
{
	struct fleet_merge *m = fleet_begin(&mem);
	const char *x = finding("x", "cause", "confirmed", 100);
	const char *y = finding("y", "cause", "likely", 1), *r = finding("r", "risk", "likely", 9);
	struct fleet f;

	add(m, line_of("a", 1, 0, arena_format(&mem, "%s,%s,%s", x, y, r)));
	add(m, line_of("a", 2, 0, arena_format(&mem, "%s,%s", r, y)));
	add(m, line_of("b", 1, 0, r));
	fleet_finish(m, &f);
	cr_assert_eq(f.cause_count, 3);
	cr_expect_str_eq(f.causes[0].cause, "y");
	cr_expect_str_eq(f.causes[1].cause, "x");
	cr_expect_str_eq(f.causes[2].cause, "r");
	cr_expect_eq(f.causes[2].likely, 3);
	cr_expect_eq(f.causes[2].hosts, 2);
	cr_expect_eq(f.causes[0].hosts, 1);
	cr_expect_eq(f.causes[2].bytes, 27);
	cr_expect_float_eq(f.causes[0].growth_per_s, 5, 1e-9);
	// The confirmed one is the worst; a risk is the cause of nothing.
	cr_expect_eq(f.jvms[0].pid, 1);
	cr_expect_str_eq(f.jvms[0].cause, "x");
	cr_expect_null(f.jvms[2].cause);
}

Test(fleet, what_is_no_verdict_is_counted_and_left_out)
{
	static const char *const STRANGE[] = {
		"x",
		"[]",
		"{}",
		"{\"schema\":1}",
		"{\"schema\":2,\"at\":\"2026-11-30T10:00:00Z\",\"target\":{\"pid\":1},\"healthy\":"
		"true,"
		"\"findings\":[]}",
		"{\"schema\":1,\"at\":\"today\",\"target\":{\"pid\":1},\"healthy\":true,"
		"\"findings\":[]}",
		"{\"schema\":1,\"at\":\"2026-11-30T10:00:00Z\",\"target\":{\"pid\":0},\"healthy\":"
		"true,"
		"\"findings\":[]}",
		"{\"schema\":1,\"at\":\"2026-11-30T10:00:00Z\",\"target\":{\"pid\":1},\"healthy\":"
		"true,"
		"\"findings\":[{\"cause\":\"x\"}]}",
	};
	struct fleet_merge *m = fleet_begin(&mem);
	size_t count = sizeof(STRANGE) / sizeof(STRANGE[0]);
	struct fleet f;

	for (size_t i = 0; i < count; i++)
		cr_expect_not(add(m, STRANGE[i]), "%s", STRANGE[i]);
	cr_expect(add(m, ""));
	cr_expect(add(m, " \r"));
	fleet_finish(m, &f);
	cr_expect_eq(f.lines, count);
	cr_expect_eq(f.strange, count);
	cr_expect_eq(f.count, 0);
}

Test(fleet, a_cause_that_a_verdict_names_twice_counts_once)
{
	struct fleet_merge *m = fleet_begin(&mem);
	const char *x = finding("x", "cause", "confirmed", 100);
	struct fleet f;

	add(m, line_of("a", 1, 0, arena_format(&mem, "%s,%s", x, x)));
	fleet_finish(m, &f);
	cr_expect_eq(f.causes[0].confirmed, 1);
	cr_expect_eq(f.causes[0].bytes, 100);
}

Test(fleet, long_names_are_cut_between_characters)
{
	struct fleet_merge *m = fleet_begin(&mem);
	char name[801];
	struct fleet f;

	for (size_t i = 0; i + 2 < sizeof(name); i += 2)
		memcpy(name + i, "\xc3\xa4", 2);
	name[0] = 'x';
	name[1] = 'y';
	name[800] = '\0';
	add(m, line_of(name, 1, 0, ""));
	fleet_finish(m, &f);
	cr_assert_eq(f.count, 1);
	cr_expect_eq(strlen(f.jvms[0].host), 300);
}
