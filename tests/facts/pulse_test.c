// SPDX-License-Identifier: Apache-2.0
#include "facts/pulse.h"

#include <criterion/criterion.h>
#include <string.h>

static const struct provenance FROM = { "test", "test", TIER_A, CERTAINTY_EXACT };

Test(pulse, holds_what_was_known_and_outlives_the_snapshot)
{
	struct arena mem = { 0 }, looked = { 0 };
	struct snapshot s;
	struct pulse_row row;

	snapshot_init(&s, &looked);
	s.at_s = 12.5;
	snapshot_set(&s, F_GC_COUNT, 7, FROM);
	snapshot_set_missing(&s, F_OLD_USED, FROM, "no such counter");
	snapshot_set_text(&s, F_GC_CAUSE, "System.gc()", FROM);
	row = pulse_of(&s, &mem);
	arena_drop(&looked);
	cr_expect_eq(row.at_s, 12.5);
	cr_expect(row.known[PULSE_GC_COUNT]);
	cr_expect_eq(row.value[PULSE_GC_COUNT], 7);
	cr_expect_not(row.known[PULSE_OLD_USED]);
	cr_expect_not(row.known[PULSE_RSS]);
	cr_expect_str_eq(row.gc_cause, "System.gc()");
	arena_drop(&mem);
}

Test(pulse, has_no_cause_before_the_first_collection)
{
	struct arena mem = { 0 };
	struct snapshot s;

	snapshot_init(&s, &mem);
	cr_expect_null(pulse_of(&s, &mem).gc_cause);
	arena_drop(&mem);
}
