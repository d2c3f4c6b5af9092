// SPDX-License-Identifier: Apache-2.0
#include "facts/classgrowth.h"

#include <criterion/criterion.h>

#include "base/units.h"
#include "facts/snapshot.h"

static struct arena mem;
static struct snapshot first, now;
static struct classgrowth g;
static struct provenance from = { "test", "test", TIER_A, CERTAINTY_EXACT };

static void add(struct snapshot *s, const char *name, uint32_t count)
{
	vec_push(&mem, &s->families, (struct family_row){ .name = name, .class_count = count });
}

static void counters(struct snapshot *s, uint64_t allocated, uint64_t started, uint64_t live)
{
	snapshot_set(s, F_ALLOCATED, allocated, from);
	snapshot_set(s, F_JAVA_THREADS_STARTED, started, from);
	snapshot_set(s, F_JAVA_THREADS, live, from);
}

static void setup(void)
{
	snapshot_init(&first, &mem);
	snapshot_init(&now, &mem);
	add(&first, "z.Gen_#", 100);
	add(&first, "a.Gone_#", 5);
	add(&now, "a.New_#", 20);
	add(&now, "z.Gen_#", 140);
}

static void teardown(void)
{
	arena_drop(&mem);
}

TestSuite(classgrowth, .init = setup, .fini = teardown);

Test(classgrowth, families_grow_by_what_came_between_two_looks)
{
	counters(&first, MIB(10), 30, 12);
	counters(&now, MIB(18), 32, 14);
	classgrowth_of(&first, &now, 4, &mem, &g);
	cr_assert(g.known);
	cr_expect_float_eq(g.per_s[0], 5, 1e-9);
	cr_expect_float_eq(g.per_s[1], 10, 1e-9);
	cr_assert_not_null(g.per_mb);
	cr_expect_float_eq(g.per_mb[1], 5, 1e-9);
	cr_expect_null(g.why);
}

Test(classgrowth, threads_that_ended_took_their_counters_with_them)
{
	counters(&first, MIB(10), 30, 12);
	counters(&now, MIB(18), 32, 13);
	classgrowth_of(&first, &now, 4, &mem, &g);
	cr_assert(g.known);
	cr_expect_null(g.per_mb);
	cr_expect_not_null(g.why);
}

Test(classgrowth, one_look_tells_no_growth)
{
	classgrowth_of(&now, &now, 0, &mem, &g);
	cr_expect_not(g.known);
	cr_expect_null(g.per_s);
	cr_expect_not_null(g.why);
}
