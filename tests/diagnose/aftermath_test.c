// SPDX-License-Identifier: Apache-2.0
#include "diagnose/aftermath.h"

#include <criterion/criterion.h>
#include <string.h>

static struct arena mem;
static struct snapshot snapshot;
static struct finding findings[2];
static struct diagnosis now;
static struct aftermath_old old;
static struct aftermath after;
static const struct provenance TEST = { "test", "test", TIER_A, CERTAINTY_EXACT };

static void begin(void)
{
	mem = (struct arena){ 0 };
	snapshot_init(&snapshot, &mem);
	findings[0] = (struct finding){ .cause = cause_find("thread-leak"),
					.verdict = VERDICT_RULED_OUT,
					.text = "20 threads, none added" };
	findings[1] = (struct finding){ .cause = cause_find("direct-buffers"),
					.verdict = VERDICT_RULED_OUT };
	now = (struct diagnosis){ .all = findings, .count = 2 };
	old = (struct aftermath_old){ .uptime_s = 3600, .has_window = true };
	vec_push(&mem, &old.held,
		 (struct aftermath_then){ .cause = cause_find("thread-leak"),
					  .verdict = VERDICT_CONFIRMED,
					  .culprit = "pool-#" });
}

static void end(void)
{
	arena_drop(&mem);
}

TestSuite(aftermath, .init = begin, .fini = end);

static const struct aftermath_row *compare(double uptime_s, double window_s)
{
	struct evidence e = { .now = &snapshot, .first = &snapshot, .window_s = window_s };
	struct snapshot other = snapshot;

	snapshot_set(&snapshot, F_UPTIME, (uint64_t)(uptime_s * 1000), TEST);
	if (window_s > 0)
		e.first = &other;
	aftermath_of(&old, &e, &now, &mem, &after);
	return after.rows.count ? &after.rows.at[0] : NULL;
}

Test(aftermath, what_is_ruled_out_over_a_window_is_fixed)
{
	const struct aftermath_row *r = compare(3600, 30);

	cr_assert_eq(r->outcome, OUTCOME_FIXED);
	cr_assert_str_eq(r->because, "20 threads, none added");
}

Test(aftermath, without_a_window_growth_is_not_told_from_its_end)
{
	cr_assert_eq(compare(3600, 0)->outcome, OUTCOME_CANNOT_TELL);
	old.has_window = false; // it was seen at one moment then
	cr_assert_eq(compare(3600, 0)->outcome, OUTCOME_FIXED);
}

Test(aftermath, a_jvm_that_just_started_proves_nothing)
{
	cr_assert_eq(compare(40, 30)->outcome, OUTCOME_CANNOT_TELL);
	old.uptime_s = 50; // the older one had not run for longer
	cr_assert_eq(compare(40, 30)->outcome, OUTCOME_FIXED);
}

Test(aftermath, what_holds_is_not_fixed_whoever_does_it_now)
{
	const struct aftermath_row *r;

	findings[0].verdict = VERDICT_LIKELY;
	findings[0].culprit.name = "mail-#";
	now.held = 1;
	r = compare(3600, 30);
	cr_assert_eq(after.rows.count, 1);
	cr_assert_eq(r->outcome, OUTCOME_NOT_FIXED);
	cr_assert_str_eq(r->because, "confirmed then, likely now, by mail-# (then by pool-#)");
}

Test(aftermath, what_can_not_be_told_now_is_not_fixed_either)
{
	findings[0].verdict = VERDICT_CANNOT_TELL;
	findings[0].missing = "the threads";
	cr_assert_eq(compare(3600, 30)->outcome, OUTCOME_CANNOT_TELL);
	cr_assert_str_eq(after.rows.at[0].because, "not known: the threads");
}

Test(aftermath, new_causes_are_named)
{
	struct finding first = findings[1];

	findings[1] = findings[0];
	findings[0] = first;
	findings[0].verdict = VERDICT_CONFIRMED;
	now.held = 1;
	compare(3600, 30);
	cr_assert_eq(after.rows.count, 2);
	cr_assert_eq(after.rows.at[1].outcome, OUTCOME_NEW);
	cr_assert_str_eq(after.rows.at[1].cause->id, "direct-buffers");
}

Test(aftermath, the_pace_by_load_is_said_where_both_have_it)
{
	findings[0].verdict = VERDICT_CONFIRMED;
	findings[0].has_growth_per_mb = true;
	findings[0].growth_per_mb = 2048;
	now.held = 1;
	cr_expect_not(strstr(compare(3600, 30)->because, "MB allocated"));
	old.held.at[0].has_growth_per_mb = true;
	old.held.at[0].growth_per_mb = 1024;
	after = (struct aftermath){ 0 };
	cr_expect(strstr(compare(3600, 30)->because, "2.0 KB for each MB allocated, then 1.0 KB"));
}
