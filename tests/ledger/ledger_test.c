// SPDX-License-Identifier: Apache-2.0
#include <criterion/criterion.h>
#include <string.h>

#include "base/units.h"
#include "given.h"
#include "ledger/ledger.h"
#include "ledger/parts.h"

static struct arena mem;
static struct snapshot s;
static struct ledger l;
static struct fail why;

static void begin(void)
{
	mem = (struct arena){ 0 };
	snapshot_init(&s, &mem);
}

static void end(void)
{
	arena_drop(&mem);
}

TestSuite(ledger, .init = begin, .fini = end);

static void build(void)
{
	cr_assert(ledger_build(&s, &mem, &l, &why), "%s", why.text);
}

static uint64_t resident(const char *account)
{
	return ledger_row(&l, account)->resident;
}

Test(ledger, a_direct_buffer_inside_malloc_wins_and_malloc_keeps_the_rest)
{
	given_mapping(&s, 0x10000, 0x20000, "");
	given_run(&s, 0x10000, 0x20000);
	given_claim(&s, "malloc", 0x10000, 0x20000);
	given_claim(&s, "direct-buffers", 0x12010, 0x16010);
	build();
	cr_assert_eq(resident("direct-buffers"), 0x4000);
	cr_assert_eq(resident("malloc"), 0xc000);
	cr_assert_eq(l.unaccounted, 0);
	cr_assert_eq(l.scanned, 0x10000);
	cr_assert_eq(l.overlaps.count, 0);
	cr_assert_eq(l.pieces.count, 3);
}

Test(ledger, a_page_with_two_owners_gives_each_the_bytes_in_its_range)
{
	given_mapping(&s, 0x10000, 0x12000, "");
	given_run(&s, 0x10000, 0x11000);
	given_claim(&s, "metaspace", 0x10000, 0x10064);
	given_claim(&s, "gc", 0x10064, 0x10ff0);
	build();
	cr_assert_eq(resident("metaspace"), 0x64);
	cr_assert_eq(resident("gc"), 0x10ff0 - 0x10064);
	cr_assert_eq(l.unaccounted, 0x10);
}

Test(ledger, what_no_claim_covers_is_unaccounted_and_described_by_facts)
{
	given_mapping(&s, 0x10000, 0x14000, "/usr/lib/libjvm.so");
	given_mapping(&s, 0x14000, 0x18000, "");
	given_run(&s, 0x10000, 0x12000);
	given_run(&s, 0x14000, 0x15000);
	given_claim(&s, "libraries", 0x10000, 0x14000);
	build();
	cr_assert_eq(l.unaccounted, 0x1000);
	cr_assert_eq(l.unknowns.count, 1);
	cr_assert_eq(l.unknowns.at[0].start, 0x14000);
	cr_assert_str_eq(l.unknowns.at[0].looks_like,
			 "rw-p anonymous, mapping of 16 KB, after libraries");
}

Test(ledger, pages_that_are_not_in_memory_count_nowhere)
{
	given_mapping(&s, 0x10000, 0x20000, "");
	given_run(&s, 0x11000, 0x12000);
	given_swapped(&s, 0x13000, 0x15000);
	given_claim(&s, "java-heap", 0x10000, 0x20000);
	build();
	cr_assert_eq(resident("java-heap"), 0x1000);
	cr_assert_eq(ledger_row(&l, "java-heap")->swap, 0x2000);
	cr_assert_eq(l.swap, 0x2000);
}

Test(ledger, two_certain_claims_that_exclude_each_other_are_reported)
{
	given_mapping(&s, 0x10000, 0x20000, "");
	given_run(&s, 0x10000, 0x20000);
	given_claim(&s, "malloc", 0x10000, 0x18000);
	given_claim(&s, "gc", 0x14000, 0x20000);
	build();
	cr_assert_eq(l.overlaps.count, 1);
	cr_assert_eq(l.overlaps.at[0].start, 0x14000);
	cr_assert_eq(l.overlaps.at[0].end, 0x18000);
	cr_assert_eq(resident("malloc") + resident("gc"), 0x10000);
}

Test(ledger, an_estimated_claim_gives_way_without_an_overlap)
{
	given_mapping(&s, 0x10000, 0x20000, "");
	given_claim(&s, "malloc", 0x10000, 0x18000);
	given_claim(&s, "gc", 0x14000, 0x20000);
	s.claims.at[1].certainty = CERTAINTY_ESTIMATED;
	build();
	cr_assert_eq(l.overlaps.count, 0);
}

Test(ledger, claims_of_one_account_may_nest_but_not_cross)
{
	given_claim(&s, "metaspace", 0x10000, 0x20000);
	given_claim(&s, "metaspace", 0x11000, 0x12000);
	build();
	cr_assert_eq(l.overlaps.count, 0);
	given_claim(&s, "metaspace", 0x1f000, 0x21000);
	build();
	cr_assert_eq(l.overlaps.count, 1);
	cr_assert_eq(l.overlaps.at[0].start, 0x1f000);
	cr_assert_eq(l.overlaps.at[0].end, 0x20000);
}

Test(ledger, among_claims_of_one_account_the_smaller_owns_the_bytes)
{
	uint64_t by_loader[2];

	given_mapping(&s, 0x10000, 0x20000, "");
	given_run(&s, 0x10000, 0x20000);
	given_claim(&s, "metaspace", 0x10000, 0x20000);
	given_claim(&s, "metaspace", 0x12000, 0x13000);
	s.claims.at[1].table = CLAIM_OF_LOADER;
	s.claims.at[1].row = 1;
	build();
	ledger_by_table(&l, CLAIM_OF_LOADER, by_loader, 2);
	cr_assert_eq(by_loader[0], 0);
	cr_assert_eq(by_loader[1], 0x1000);
	cr_assert_eq(resident("metaspace"), 0x10000);
}

Test(ledger, growth_is_what_each_account_gained_since_the_first_look)
{
	struct ledger first;

	given_mapping(&s, 0x10000, 0x20000, "");
	given_claim(&s, "metaspace", 0x10000, 0x18000);
	given_claim(&s, "gc", 0x18000, 0x20000);
	given_run(&s, 0x10000, 0x11000);
	given_run(&s, 0x18000, 0x1c000);
	build();
	first = l;
	cr_assert_not(first.has_growth);
	s.runs.count = 0;
	given_run(&s, 0x10000, 0x14000);
	given_run(&s, 0x18000, 0x19000);
	build();
	ledger_grow(&l, &first);
	cr_assert_eq(ledger_row(&l, "metaspace")->growth, 0x3000);
	cr_assert_eq(ledger_row(&l, "gc")->growth, -0x3000);
	cr_assert_eq(l.growth, 0);
}

Test(ledger, the_drift_is_the_larger_distance_to_what_the_kernel_said)
{
	struct provenance from = { .collector = "test", .source = "proc" };

	given_mapping(&s, 0x10000, 0x20000, "");
	given_run(&s, 0x10000, 0x14000);
	snapshot_set(&s, F_RSS, 0x3000, from);
	snapshot_set(&s, F_RSS_AFTER, 0x6000, from);
	build();
	cr_assert_eq(l.drift, 0x2000);
}

Test(ledger, certainty_is_the_poorest_that_holds_a_hundredth)
{
	given_mapping(&s, 0, 0x100000, "");
	given_run(&s, 0, 0x100000);
	given_claim(&s, "gc", 0, 0xff000);
	given_claim(&s, "gc", 0xff000, 0x100000);
	s.claims.at[1].certainty = CERTAINTY_ESTIMATED;
	build();
	cr_assert_eq(ledger_row(&l, "gc")->certainty, CERTAINTY_EXACT);
	cr_assert_eq(ledger_row(&l, "gc")->certain, 0xff000);
	s.claims.at[0].end = s.claims.at[1].start = 0xf0000;
	build();
	cr_assert_eq(ledger_row(&l, "gc")->certainty, CERTAINTY_ESTIMATED);
}

Test(ledger, without_pages_a_mappings_bytes_are_shared_out_by_length)
{
	given_mapping(&s, 0x10000, 0x13000, "");
	s.mappings.at[0].sized = true;
	s.mappings.at[0].resident = 0x1001;
	s.mappings.at[0].pss = 0x801;
	given_claim(&s, "metaspace", 0x10000, 0x11000);
	given_claim(&s, "gc", 0x11000, 0x12000);
	build();
	cr_assert_not(l.by_page);
	cr_assert_eq(l.scanned, 0x1001);
	cr_assert_eq(resident("metaspace") + resident("gc") + l.unaccounted, 0x1001);
	cr_assert_eq(resident("metaspace"), 0x1001 / 3);
	cr_assert_eq(ledger_row(&l, "metaspace")->certainty, CERTAINTY_DERIVED);
	cr_assert(ledger_row(&l, "metaspace")->pss > 0);
}

Test(ledger, pages_outside_every_mapping_are_unaccounted_not_lost)
{
	given_mapping(&s, 0x10000, 0x11000, "");
	given_run(&s, 0x10000, 0x11000);
	given_run(&s, 0x50000, 0x52000);
	given_claim(&s, "gc", 0x10000, 0x11000);
	build();
	cr_assert_eq(l.unaccounted, 0x2000);
	cr_assert_eq(l.unknowns.at[0].start, 0x50000);
}

Test(ledger, the_vms_sizes_stand_beside_the_resident_bytes_and_unknown_stays_unknown)
{
	struct provenance from = { .collector = "test", .source = "vmstructs" };

	snapshot_set(&s, F_METASPACE_COMMITTED, 4711, from);
	build();
	cr_assert_eq(ledger_row(&l, "metaspace")->committed, 4711);
	cr_assert_eq(ledger_row(&l, "metaspace")->used, UNKNOWN_BYTES);
	cr_assert_eq(ledger_row(&l, "gc")->committed, UNKNOWN_BYTES);
}

Test(ledger, a_stack_whose_committed_part_is_unknown_makes_the_sum_unknown)
{
	vec_push(&mem, &s.threads,
		 (struct thread_row){ .has_stack = true,
				      .stack_start = 0x1000,
				      .stack_end = 0x9000,
				      .stack_committed = 0x4000 });
	build();
	cr_assert_eq(ledger_row(&l, "thread-stacks")->committed, 0x4000);
	cr_assert_eq(ledger_row(&l, "thread-stacks")->reserved, 0x8000);
	vec_push(&mem, &s.threads,
		 (struct thread_row){
			 .has_stack = true, .stack_start = 0x11000, .stack_end = 0x19000 });
	build();
	cr_assert_eq(ledger_row(&l, "thread-stacks")->committed, UNKNOWN_BYTES);
	cr_assert_eq(ledger_row(&l, "thread-stacks")->reserved, 0x10000);
}

Test(ledger, a_claim_of_an_unknown_account_is_refused_by_name)
{
	given_claim(&s, "no-such-account", 0x1000, 0x2000);
	cr_assert_not(ledger_build(&s, &mem, &l, &why));
	cr_assert_eq(why.kind, FAIL_CORRUPT);
	cr_assert(strstr(why.text, "no-such-account"));
}

Test(ledger, runs_that_overlap_are_refused)
{
	given_mapping(&s, 0x10000, 0x20000, "");
	given_run(&s, 0x10000, 0x14000);
	given_run(&s, 0x13000, 0x15000);
	cr_assert_not(ledger_build(&s, &mem, &l, &why));
	cr_assert_eq(why.kind, FAIL_CORRUPT);
}

Test(ledger, parts_of_an_account_are_summed_by_name)
{
	struct parts parts;

	given_mapping(&s, 0x10000, 0x20000, "");
	given_run(&s, 0x10000, 0x20000);
	given_claim(&s, "gc", 0x10000, 0x11000);
	given_claim(&s, "gc", 0x11000, 0x13000);
	given_claim(&s, "gc", 0x14000, 0x15000);
	s.claims.at[0].part = s.claims.at[2].part = "card table";
	s.claims.at[1].part = "bitmap";
	build();
	parts_list(&l, &mem, &parts);
	cr_assert_eq(parts.count, 2);
	cr_assert_str_eq(parts.at[0].name, "bitmap");
	cr_assert_eq(parts.at[0].resident, 0x2000);
	cr_assert_str_eq(parts.at[1].name, "card table");
	cr_assert_eq(parts.at[1].resident, 0x2000);
}
