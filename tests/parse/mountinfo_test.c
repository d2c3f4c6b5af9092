// SPDX-License-Identifier: Apache-2.0
#include "parse/mountinfo.h"

#include <criterion/criterion.h>

#include "base/arena.h"
#include "base/fail.h"

static const char TEXT[] =
	"31 23 0:28 / /sys/fs/cgroup rw,relatime shared:9 master:1 - tmpfs tmpfs rw,mode=755\n"
	"35 31 0:32 /docker/4f /sys/fs/cgroup/mem\\040ory rw - cgroup cgroup rw,cpu,memory\n"
	"41 31 0:38 / /sys/fs/cgroup/unified rw - cgroup2 cgroup2 rw\n";

static struct arena mem;
static struct fail why;
static struct mountinfo got;

Test(mountinfo, only_mounts_of_the_type_are_kept)
{
	cr_assert(mountinfo_parse(SPAN(TEXT), "cgroup", &mem, &got, &why));
	cr_expect_eq(got.count, 2);
	cr_expect_str_eq(got.at[1].type, "cgroup2");
}

Test(mountinfo, optional_fields_are_skipped_whatever_their_number)
{
	cr_assert(mountinfo_parse(SPAN(TEXT), "", &mem, &got, &why));
	cr_expect_eq(got.count, 3);
	cr_expect_str_eq(got.at[0].type, "tmpfs");
	cr_expect_eq(got.at[0].dev_minor, 28);
}

Test(mountinfo, escapes_are_undone)
{
	cr_assert(mountinfo_parse(SPAN(TEXT), "cgroup", &mem, &got, &why));
	cr_expect_str_eq(got.at[0].point, "/sys/fs/cgroup/mem ory");
	cr_expect_str_eq(got.at[0].root, "/docker/4f");
}

Test(mountinfo, an_option_counts_only_as_a_whole)
{
	cr_assert(mountinfo_parse(SPAN(TEXT), "cgroup", &mem, &got, &why));
	cr_expect(mountinfo_has_option(&got.at[0], "memory"));
	cr_expect_not(mountinfo_has_option(&got.at[0], "mem"));
}

Test(mountinfo, a_line_without_the_hyphen_is_corrupt)
{
	cr_expect_not(mountinfo_parse(SPAN("31 23 0:28 / /a rw shared:9\n"), "", &mem, &got, &why));
	cr_expect_eq(why.kind, FAIL_CORRUPT);
}
