// SPDX-License-Identifier: Apache-2.0
#include <criterion/criterion.h>

#include "facts/snapshot.h"
#include "ledger/container.h"

static struct snapshot given(void)
{
	struct snapshot s = { 0 };

	s.container = (struct container_facts){
		.known = true,
		.usage = 1000,
		.anon = 500,
		.file = 300,
		.file_mapped = 120,
		.active_file = 140,
		.inactive_file = 160,
		.others_rss_anon = 80,
		.others_rss_file = 10,
	};
	s.fact[F_RSS_ANON] = (struct fact){ .known = true, .value = 400 };
	s.fact[F_RSS_FILE] = (struct fact){ .known = true, .value = 100 };
	return s;
}

Test(container, anonymous_memory_is_split_between_the_jvm_the_others_and_the_rest)
{
	struct snapshot s = given();
	struct container_ledger c;

	container_build(&s, &c);
	cr_assert_eq(c.anon_jvm, 400);
	cr_assert_eq(c.anon_others, 80);
	cr_assert_eq(c.anon_rest, 20);
}

Test(container, files_are_split_into_mapped_and_unmapped_and_sum_to_the_cgroups_count)
{
	struct snapshot s = given();
	struct container_ledger c;

	container_build(&s, &c);
	cr_assert_eq(c.file_jvm, 100);
	cr_assert_eq(c.file_others, 20);
	cr_assert_eq(c.file_unmapped_inactive, 160);
	cr_assert_eq(c.file_unmapped_active, 20);
}

Test(container, pages_charged_to_another_cgroup_never_make_a_part_negative)
{
	struct snapshot s = given();
	struct container_ledger c;

	s.container.file_mapped = 30;
	s.container.anon = 100;
	container_build(&s, &c);
	cr_assert_eq(c.file_jvm, 30);
	cr_assert_eq(c.file_others, 0);
	cr_assert_eq(c.anon_jvm, 100);
	cr_assert_eq(c.anon_others, 0);
	cr_assert_eq(c.anon_rest, 0);
}

Test(container, an_unknown_count_makes_its_parts_unknown)
{
	struct snapshot s = given();
	struct container_ledger c;

	s.container.file_mapped = UNKNOWN_BYTES;
	s.container.others_rss_anon = UNKNOWN_BYTES;
	container_build(&s, &c);
	cr_assert_eq(c.file_jvm, UNKNOWN_BYTES);
	cr_assert_eq(c.anon_jvm, 400);
	cr_assert_eq(c.anon_others, UNKNOWN_BYTES);
	cr_assert_eq(c.anon_rest, UNKNOWN_BYTES);
}
