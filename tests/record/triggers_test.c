// SPDX-License-Identifier: Apache-2.0
#include "record/triggers.h"

#include <criterion/criterion.h>
#include <string.h>

#include "base/arena.h"
#include "base/units.h"

static struct trigger_view view_of(uint64_t limit, uint64_t working_set)
{
	return (struct trigger_view){ .limit = limit,
				      .working_set = working_set,
				      .heap_max = UINT64_MAX };
}

static unsigned judge(const struct trigger_settings *t, const struct trigger_view *v,
		      struct trigger_state *state, double now_s)
{
	struct arena mem = { 0 };
	const char *why = NULL;
	unsigned fired = triggers_judge(t, v, state, now_s, 600, &mem, &why);

	cr_assert_eq(fired != 0, why != NULL);
	arena_drop(&mem);
	return fired;
}

Test(triggers, a_limit_fires_at_its_share_once_and_again_when_it_calmed_down)
{
	const struct trigger_settings t = { .limit_share = 0.8 };
	struct trigger_state state[TRIGGER_COUNT] = { 0 };
	struct trigger_view v = view_of(1000, 799);

	cr_assert_eq(judge(&t, &v, state, 1000), 0);
	v.working_set = 800;
	cr_assert_eq(judge(&t, &v, state, 1010), 1u << TRIGGER_LIMIT);
	cr_assert_eq(judge(&t, &v, state, 1020), 0);
	v.working_set = 790; // within 5 %: not calm
	cr_assert_eq(judge(&t, &v, state, 3000), 0);
	v.working_set = 800;
	cr_assert_eq(judge(&t, &v, state, 3010), 0);
	v.working_set = 100; // calm, but too soon after
	state[TRIGGER_LIMIT].fired_s = 3015;
	cr_assert_eq(judge(&t, &v, state, 3020), 0);
	cr_assert(state[TRIGGER_LIMIT].fired);
	cr_assert_eq(judge(&t, &v, state, 3700), 0);
	v.working_set = 900;
	cr_assert_eq(judge(&t, &v, state, 3710), 1u << TRIGGER_LIMIT);
}

Test(triggers, without_a_limit_or_a_usage_nothing_fires)
{
	const struct trigger_settings t = { .limit_share = 0.8 };
	struct trigger_state state[TRIGGER_COUNT] = { 0 };
	struct trigger_view v = view_of(UINT64_MAX, 900);

	cr_assert_eq(judge(&t, &v, state, 10), 0);
	v = view_of(1000, UINT64_MAX);
	cr_assert_eq(judge(&t, &v, state, 10), 0);
}

Test(triggers, growth_is_what_a_minute_has_and_not_one_step)
{
	const struct trigger_settings t = { .growth_per_s = (double)MIB(5) };
	struct trigger_state state[TRIGGER_COUNT] = { 0 };
	struct trigger_view v = view_of(UINT64_MAX, UINT64_MAX);

	triggers_push(&v, 0, MIB(100), 0);
	triggers_push(&v, 10, MIB(200), 0); // two samples are no rate
	cr_assert_eq(judge(&t, &v, state, 10), 0);
	triggers_push(&v, 20, MIB(200), 0);
	cr_assert_float_eq(triggers_growth(&v), (double)MIB(5), 1);
	cr_assert_eq(judge(&t, &v, state, 20), 1u << TRIGGER_GROWTH);
	for (int i = 3; i < 30; i++)
		triggers_push(&v, i * 10, MIB(200), 0);
	cr_assert_float_eq(triggers_growth(&v), 0, 1);
}

Test(triggers, full_collections_count_by_the_minute_also_early)
{
	const struct trigger_settings t = { .full_gc_per_min = 3 };
	struct trigger_state state[TRIGGER_COUNT] = { 0 };
	struct trigger_view v = view_of(UINT64_MAX, UINT64_MAX);

	triggers_push(&v, 0, 1, 10);
	triggers_push(&v, 1, 1, 11); // one in two seconds is not thirty a minute
	triggers_push(&v, 2, 1, 11);
	cr_assert_eq(judge(&t, &v, state, 2), 0);
	triggers_push(&v, 12, 1, 13);
	cr_assert_eq(judge(&t, &v, state, 12), 1u << TRIGGER_FULL_GC);
}

Test(triggers, resident_memory_is_held_against_the_heaps_maximum)
{
	const struct trigger_settings t = { .rss_share = 1.5 };
	struct trigger_state state[TRIGGER_COUNT] = { 0 };
	struct trigger_view v = view_of(UINT64_MAX, UINT64_MAX);

	triggers_push(&v, 0, MIB(150), 0);
	cr_assert_eq(judge(&t, &v, state, 0), 0); // the maximum is not known
	v.heap_max = MIB(100);
	cr_assert_eq(judge(&t, &v, state, 1), 1u << TRIGGER_RSS);
}
