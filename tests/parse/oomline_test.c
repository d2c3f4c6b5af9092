// SPDX-License-Identifier: Apache-2.0
#include "parse/oomline.h"

#include <criterion/criterion.h>

#include "base/units.h"

Test(oomline, a_kill_by_a_cgroup_limit_names_the_process_and_its_sizes)
{
	struct oomline got;

	cr_assert(oomline_parse(
		span_of("Memory cgroup out of memory: Killed process 4711 (java) "
			"total-vm:2510820kB, anon-rss:240148kB, file-rss:22528kB, shmem-rss:0kB, "
			"UID:0 pgtables:856kB oom_score_adj:0"),
		&got));
	cr_assert(got.cgroup);
	cr_assert_eq(got.pid, 4711);
	cr_assert_eq(got.anon_rss, KIB(240148));
	cr_assert_eq(got.file_rss, KIB(22528));
	cr_assert_eq(got.shmem_rss, 0);
}

Test(oomline, a_kill_for_the_machine_is_told_from_one_by_a_limit)
{
	struct oomline got;

	cr_assert(
		oomline_parse(span_of("Out of memory: Killed process 12 (x) total-vm:1kB"), &got));
	cr_assert_not(got.cgroup);
	cr_assert_eq(got.anon_rss, UINT64_MAX);
}

Test(oomline, other_lines_are_not_ours)
{
	struct oomline got;

	cr_assert_not(oomline_parse(
		span_of("oom-kill:constraint=CONSTRAINT_MEMCG,task=java,pid=12"), &got));
	cr_assert_not(oomline_parse(span_of("Out of memory: Killed process 0 (x)"), &got));
	cr_assert_not(
		oomline_parse(span_of("Out of memory: Killed process 99999999999 (x)"), &got));
}
