// SPDX-License-Identifier: Apache-2.0
#include "parse/cgroup_dir.h"

#include <criterion/criterion.h>

#include "base/arena.h"
#include "base/fail.h"

static struct arena mem;
static struct cgroup_dir got;

static bool find(const char *cgroup, const char *mounts, const char *prefix)
{
	struct cgroup_paths paths;
	struct mountinfo info;

	cr_assert(cgroup_path_parse(span_of(cgroup), &mem, &paths, NULL));
	cr_assert(mountinfo_parse(span_of(mounts), "cgroup", &mem, &info, NULL));
	return cgroup_dir_find(&paths, &info, prefix, "memory", &mem, &got);
}

Test(cgroup_dir, v1_lies_below_the_mount_of_its_controller)
{
	cr_assert(find("4:memory:/docker/4f\n3:cpu:/docker/4f\n0::/\n",
		       "34 1 0:31 / /sys/fs/cgroup/cpu rw - cgroup cgroup rw,cpu\n"
		       "35 1 0:32 / /sys/fs/cgroup/memory rw - cgroup cgroup rw,memory\n"
		       "41 1 0:38 / /sys/fs/cgroup/unified rw - cgroup2 cgroup2 rw\n",
		       ""));
	cr_expect_str_eq(got.dir, "/sys/fs/cgroup/memory/docker/4f");
	cr_expect_not(got.v2);
}

Test(cgroup_dir, v2_is_taken_where_no_v1_hierarchy_has_memory)
{
	cr_assert(find("0::/system.slice/app\n",
		       "41 1 0:38 / /sys/fs/cgroup rw - cgroup2 cgroup2 rw\n", ""));
	cr_expect_str_eq(got.dir, "/sys/fs/cgroup/system.slice/app");
	cr_expect(got.v2);
}

// Docker without a cgroup namespace mounts only the container's own part.
Test(cgroup_dir, what_the_mount_already_stands_for_is_cut_off)
{
	const char *mounts =
		"35 1 0:32 /docker/4f /sys/fs/cgroup/memory rw - cgroup cgroup rw,memory\n";

	cr_assert(find("4:memory:/docker/4f/init\n", mounts, "/proc/9/root"));
	cr_expect_str_eq(got.dir, "/proc/9/root/sys/fs/cgroup/memory/init");
	cr_assert(find("4:memory:/docker/4f\n", mounts, ""));
	cr_expect_str_eq(got.dir, "/sys/fs/cgroup/memory");
	cr_expect_not(find("4:memory:/docker/4fff\n", mounts, ""), "a name that only starts alike");
}

// A reader in a cgroup namespace sees a process outside as "/../x".
Test(cgroup_dir, a_path_never_climbs_out_of_its_mount)
{
	cr_expect_not(
		find("0::/../other\n", "41 1 0:38 / /sys/fs/cgroup rw - cgroup2 cgroup2 rw\n", ""));
	cr_assert(find("0::/../other/a\n",
		       "41 1 0:38 /../other /sys/fs/cgroup rw - cgroup2 cgroup2 rw\n",
		       "/proc/9/root"));
	cr_expect_str_eq(got.dir, "/proc/9/root/sys/fs/cgroup/a");
}

Test(cgroup_dir, the_way_up_ends_at_the_mount)
{
	const char *dir;

	cr_assert(find("0::/a/b\n", "41 1 0:38 / /cg rw - cgroup2 cgroup2 rw\n", ""));
	dir = cgroup_dir_parent(&got, got.dir, &mem);
	cr_expect_str_eq(dir, "/cg/a");
	dir = cgroup_dir_parent(&got, dir, &mem);
	cr_expect_str_eq(dir, "/cg");
	cr_expect_null(cgroup_dir_parent(&got, dir, &mem));
}
