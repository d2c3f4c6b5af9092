// SPDX-License-Identifier: Apache-2.0
#include "parse/cgroup_path.h"

#include <criterion/criterion.h>
#include <string.h>

#include "base/arena.h"
#include "base/fail.h"

#define ID "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"

static struct arena mem;
static struct fail why;
static struct cgroup_paths got;

Test(cgroup_path, a_controller_is_found_among_several_of_a_hierarchy)
{
	cr_assert(cgroup_path_parse(SPAN("3:cpu,memory:/a\n2:name=systemd:/b\n0::/c\n"), &mem, &got,
				    &why));
	cr_expect_str_eq(cgroup_path_find(&got, "memory")->path, "/a");
	cr_expect_null(cgroup_path_find(&got, "mem"));
	cr_expect_str_eq(cgroup_path_unified(&got)->path, "/c");
}

Test(cgroup_path, a_colon_may_be_part_of_the_path)
{
	cr_assert(cgroup_path_parse(SPAN("0::/a:b (deleted)\n"), &mem, &got, &why));
	cr_expect_str_eq(got.at[0].path, "/a:b");
	cr_expect(got.at[0].deleted);
}

Test(cgroup_path, a_line_without_a_path_is_corrupt)
{
	cr_expect_not(cgroup_path_parse(SPAN("0::/a\n4:memory\n"), &mem, &got, &why));
	cr_expect_eq(why.kind, FAIL_CORRUPT);
	cr_expect(strstr(why.text, "line 2"));
}

Test(cgroup_path, the_container_is_the_last_id_in_the_path)
{
	cr_expect_str_eq(cgroup_path_container("/system.slice/docker-" ID ".scope", &mem), ID);
	cr_expect_str_eq(cgroup_path_container("/kubepods/pod12/" ID "/init", &mem), ID);
	cr_expect_null(cgroup_path_container("/user.slice/0123456789abcdef", &mem));
}
