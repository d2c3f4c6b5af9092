// SPDX-License-Identifier: Apache-2.0
#include "facts/snapshot.h"

#include <criterion/criterion.h>
#include <string.h>

static struct arena mem;
static struct snapshot s;
static const struct provenance FROM = { "given", "proc", TIER_A, CERTAINTY_EXACT };

static void start(void)
{
	snapshot_init(&s, &mem);
}

static void drop(void)
{
	arena_drop(&mem);
}

TestSuite(snapshot, .init = start, .fini = drop);

Test(snapshot, every_fact_has_a_name_of_its_own_and_a_meaning)
{
	for (int i = 0; i < FACT_COUNT; i++) {
		enum fact_id found;

		cr_assert(strchr(FACT_INFO[i].name, '.'), "%s has no subject", FACT_INFO[i].name);
		cr_assert(*FACT_INFO[i].meaning, "%s has no meaning", FACT_INFO[i].name);
		cr_assert(snapshot_find(FACT_INFO[i].name, &found));
		cr_assert_eq((int)found, i, "%s stands twice", FACT_INFO[i].name);
	}
}

Test(snapshot, a_name_that_is_no_facts_is_not_found)
{
	enum fact_id id = F_RSS;

	cr_assert_not(snapshot_find("os.nonsense", &id));
	cr_assert_not(snapshot_find("os", &id));
	cr_assert_eq(id, F_RSS);
}

Test(snapshot, nothing_is_known_at_first)
{
	for (int i = 0; i < FACT_COUNT; i++)
		cr_assert_not(s.fact[i].known);
	cr_assert_eq(snapshot_get(&s, F_RSS, 7), 7);
}

Test(snapshot, a_fact_keeps_its_value_and_who_said_it)
{
	snapshot_set(&s, F_RSS, 4096, FROM);
	cr_assert_eq(snapshot_get(&s, F_RSS, 7), 4096);
	cr_assert_str_eq(s.fact[F_RSS].from.collector, "given");
}

Test(snapshot, a_text_is_copied)
{
	char text[] = "G1";

	snapshot_set_text(&s, F_COLLECTOR, text, FROM);
	text[0] = 'X';
	cr_assert_str_eq(s.fact[F_COLLECTOR].text, "G1");
}

Test(snapshot, a_reason_does_not_replace_a_value_that_somebody_brought)
{
	snapshot_set(&s, F_CLASSES, 12, FROM);
	snapshot_set_missing(&s, F_CLASSES, FROM, "layout unknown");
	cr_assert(s.fact[F_CLASSES].known);
	cr_assert_null(s.fact[F_CLASSES].why_not);
}

Test(snapshot, a_value_replaces_the_reason_why_it_was_missing)
{
	snapshot_set_missing(&s, F_CLASSES, FROM, "layout unknown");
	cr_assert_not(s.fact[F_CLASSES].known);
	cr_assert_str_eq(s.fact[F_CLASSES].why_not, "layout unknown");
	snapshot_set(&s, F_CLASSES, 12, FROM);
	cr_assert(s.fact[F_CLASSES].known);
	cr_assert_null(s.fact[F_CLASSES].why_not);
}

Test(snapshot, claims_without_a_byte_are_ignored)
{
	snapshot_claim(&s, (struct claim){ .start = 8, .end = 8, .account = "gc" });
	snapshot_claim(&s, (struct claim){ .start = 9, .end = 8, .account = "gc" });
	cr_assert_eq(s.claims.count, 0);
	snapshot_claim(&s, (struct claim){ .start = 8, .end = 9, .account = "gc" });
	cr_assert_eq(s.claims.count, 1);
}

Test(snapshot, every_doubt_is_kept_with_who_has_it)
{
	snapshot_doubt(&s, "gc", "vm", false);
	snapshot_doubt(&s, "gc", "gc", true);
	cr_assert_eq(s.doubts.count, 2);
	cr_assert_str_eq(s.doubts.at[0].collector, "vm");
	cr_assert_not(s.doubts.at[0].torn);
	cr_assert(s.doubts.at[1].torn);
}

Test(snapshot, a_flag_is_found_by_its_whole_name)
{
	vec_push(&mem, &s.flags, (struct flag_row){ .name = "MaxHeapSize", .number = 42 });
	cr_assert_eq(snapshot_find_flag(&s, "MaxHeapSize")->number, 42);
	cr_assert_null(snapshot_find_flag(&s, "MaxHeap"));
}

Test(snapshot, permissions_are_spelled_as_the_kernel_does)
{
	char to[5];

	cr_expect_str_eq(mapping_permissions(&(struct mapping_row){ 0 }, to), "---p");
	cr_expect_str_eq(mapping_permissions(&(struct mapping_row){ .readable = true,
								    .executable = true,
								    .shared = true },
					     to),
			 "r-xs");
	cr_expect_str_eq(mapping_permissions(
				 &(struct mapping_row){ .readable = true, .writable = true }, to),
			 "rw-p");
}
