// SPDX-License-Identifier: Apache-2.0
#include "diagnose/budget.h"

#include <criterion/criterion.h>
#include <string.h>

#include "base/units.h"
#include "ledger/ledger.h"

static struct arena mem;
static struct snapshot s;
static struct ledger ledger;
static struct budget b;

static void fact(enum fact_id id, uint64_t value)
{
	struct provenance from = { .collector = "test" };

	snapshot_set(&s, id, value, from);
}

static void account(const char *name, uint64_t resident)
{
	ledger.rows[account_find(name)].resident = resident;
}

static void flag(const char *name, uint64_t number, const char *origin)
{
	vec_push(&mem, &s.flags,
		 (struct flag_row){ .name = name,
				    .type_name = "size_t",
				    .type = FLAG_UINT,
				    .number = number,
				    .origin = origin });
}

// 256 MB of heap, 100 MB beside it.
static void setup(void)
{
	snapshot_init(&s, &mem);
	ledger = (struct ledger){ .mem = &mem, .of = &s };
	for (int i = 0; i < ACCOUNT_COUNT; i++)
		ledger.rows[i].account = i;
	s.container.limit = UNKNOWN_BYTES;
	fact(F_HEAP_MAX, MIB(256));
	fact(F_HEAP_USED, MIB(100));
	fact(F_METASPACE_COMMITTED, MIB(40));
	fact(F_CLASS_SPACE_COMMITTED, MIB(4));
	fact(F_CLASS_SPACE_RESERVED, GIB(1));
	fact(F_CODE_COMMITTED, MIB(16));
	fact(F_DIRECT_RESERVED, MIB(8));
	fact(F_DIRECT_LIMIT, MIB(256));
	fact(F_GC_RESERVED, MIB(8));
	account("java-heap", MIB(120));
	account("metaspace", MIB(38));
	account("malloc", MIB(24));
	flag("MaxHeapSize", MIB(256), "command line");
	flag("ReservedCodeCacheSize", MIB(240), "default");
}

static void drop(void)
{
	arena_drop(&mem);
}

TestSuite(budget, .init = setup, .fini = drop);

static const struct budget_part *part(const char *name)
{
	for (size_t i = 0; i < b.parts.count; i++)
		if (!strcmp(b.parts.at[i].account, name))
			return &b.parts.at[i];
	cr_assert_fail("no part %s", name);
	return NULL;
}

static void close_at(uint64_t limit)
{
	uint64_t sum = 0;

	budget_of(&s, &ledger, limit, &mem, &b);
	for (size_t i = 0; i < b.parts.count; i++)
		sum += b.parts.at[i].max;
	cr_assert_eq(b.total, sum);
}

Test(budget, limits_by_default_are_ceilings_and_needs_count)
{
	close_at(UNKNOWN_BYTES);
	cr_expect_eq(part("java-heap")->max, MIB(256));
	cr_expect_str_eq(part("java-heap")->source, "MaxHeapSize");
	cr_expect_eq(part("metaspace")->max, MIB(40));
	cr_expect_eq(part("metaspace")->ceiling, UNKNOWN_BYTES);
	cr_expect_eq(part("class-space")->ceiling, GIB(1));
	cr_expect_eq(part("code-cache")->max, MIB(16));
	cr_expect_eq(part("code-cache")->ceiling, MIB(240));
	cr_expect_eq(part("direct-buffers")->max, MIB(8));
	cr_expect_eq(part("gc")->max, MIB(8));
	cr_expect_eq(b.limit, UNKNOWN_BYTES);
	cr_expect_eq(b.advice.count, 0);
}

Test(budget, limits_that_somebody_set_count)
{
	flag("MaxMetaspaceSize", MIB(128), "command line");
	flag("MaxDirectMemorySize", MIB(64), "environment");
	close_at(UNKNOWN_BYTES);
	cr_expect_eq(part("metaspace")->max, MIB(128));
	cr_expect_eq(part("direct-buffers")->max, MIB(64));
	for (size_t i = 0; i < b.parts.count; i++)
		cr_expect_str_neq(b.parts.at[i].account, "class-space",
				  "it lies in Metaspace's limit");
}

Test(budget, the_container_s_limit_comes_before_the_machine_s_memory)
{
	s.machine_memory = GIB(16);
	close_at(UNKNOWN_BYTES);
	cr_expect_eq(b.limit, GIB(16));
	cr_expect_str_eq(b.limit_source, "machine");
	s.container = (struct container_facts){ .known = true,
						.limit = MIB(512),
						.shmem = MIB(20),
						.others_rss_anon = MIB(30),
						.kernel = MIB(5) };
	close_at(UNKNOWN_BYTES);
	cr_expect_str_eq(b.limit_source, "container");
	cr_expect_eq(part("other-processes")->max, MIB(30));
	cr_expect_eq(part("tmpfs")->max, MIB(20));
	cr_expect(strstr(b.text, "It fits"));
	cr_expect_eq(b.advice.count, 0, "nothing was asked, and it fits");
}

static uint64_t advised(const char *prefix)
{
	uint64_t mb = 0;

	for (size_t i = 0; i < b.advice.count; i++)
		if (!strncmp(b.advice.at[i].option, prefix, strlen(prefix)))
			mb = strtoul(b.advice.at[i].option + strlen(prefix), NULL, 10);
	return mb;
}

Test(budget, a_limit_that_is_too_small_brings_a_heap_that_fits)
{
	uint64_t beside, heap;

	close_at(MIB(300));
	cr_expect(strstr(b.text, "It does not fit"), "%s", b.text);
	heap = MIB(advised("-Xmx"));
	beside = b.total - MIB(256) - MIB(8);
	cr_assert_gt(heap, 0);
	cr_expect_leq(heap + heap / 32 + beside + MIB(30), MIB(300),
		      "with its GC structures and a tenth");
	cr_expect_gt(heap + heap / 32 + beside + MIB(32), MIB(300),
		     "and no more is left than rounding");
	cr_expect_eq(advised("-XX:MaxMetaspaceSize="), 80,
		     "half as much again as 44 MB, in steps of 16");
	cr_expect_eq(advised("-XX:MaxDirectMemorySize="), 32);
}

Test(budget, a_limit_below_what_lies_beside_the_heap_has_no_advice_for_it)
{
	close_at(MIB(64));
	cr_expect_eq(advised("-Xmx"), 0);
	cr_expect(strstr(b.text, "No heap fits"), "%s", b.text);
}

Test(budget, a_heap_smaller_than_what_is_used_says_so)
{
	close_at(MIB(200));
	cr_assert_gt(b.advice.count, 0);
	cr_expect(strstr(b.advice.at[0].why, "used now"), "%s", b.advice.at[0].why);
}

Test(budget, before_it_runs_limits_are_known_and_needs_are_not)
{
	struct snapshot before;

	snapshot_init(&before, &mem);
	vec_push(&mem, &before.options,
		 (struct option_row){ .text = "-Xmx1g",
				      .where = "command line",
				      .flag = "MaxHeapSize",
				      .form = GIVEN_VALUE,
				      .value = "1g",
				      .has_number = true,
				      .number = GIB(1) });
	budget_foresee(&before, 17, GIB(2), &mem, &b);
	cr_expect_eq(part("java-heap")->max, GIB(1));
	cr_expect_eq(part("metaspace")->max, UNKNOWN_BYTES);
	cr_expect_not(b.whole);
	cr_expect_eq(advised("-Xmx"), 1536, "a quarter is left to what is not known");
	before.options.count = 0;
	budget_foresee(&before, 17, GIB(2), &mem, &b);
	cr_expect_eq(part("java-heap")->max, MIB(512), "a quarter of the memory by default");
}
