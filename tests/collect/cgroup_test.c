// SPDX-License-Identifier: Apache-2.0
#include <criterion/criterion.h>

#include "base/arena.h"
#include "collect/collector.h"
#include "recorded.h"

static struct arena mem;
static struct fail why;
static struct recorded recorded;
static struct tree files;
static struct target target;
static struct snapshot got;

static bool run(const struct recorded_file *at, size_t count)
{
	struct look look = { .target = &target, .out = &got, .mem = &mem };

	files = recorded_tree(&recorded, at, count);
	target = (struct target){ .pid = 40, .ns_pid = 40, .files = &files, .tier = TIER_A };
	snapshot_init(&got, &mem);
	return collector_cgroup.run(&look, &why);
}
#define RUN(table) run(table, sizeof(table) / sizeof((table)[0]))

static void drop(void)
{
	arena_drop(&mem);
}

TestSuite(cgroup, .fini = drop);

#define ID       "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
#define V2       "/sys/fs/cgroup/pod/" ID
#define MOUNT_V2 "41 1 0:38 / /sys/fs/cgroup rw - cgroup2 cgroup2 rw\n"

static const struct recorded_file V2_POD[] = {
	{ "/proc/40/cgroup", "0::/pod/" ID "\n", 0, 0 },
	{ "/proc/self/mountinfo", MOUNT_V2, 0, 0 },
	{ V2 "/memory.stat",
	  "anon 1000\nfile 900\nkernel 70\nkernel_stack 10\npagetables 20\npercpu 1\nsock 2\n"
	  "shmem 100\nfile_mapped 300\ninactive_file 400\nactive_file 350\nslab 30\n",
	  0, 0 },
	{ V2 "/memory.current", "2000\n", 0, 0 },
	{ V2 "/memory.max", "max\n", 0, 0 },
	{ "/sys/fs/cgroup/pod/memory.max", "4096\n", 0, 0 },
	{ "/sys/fs/cgroup/pod/memory.stat", "anon 1500\nfile 1000\nshmem 0\ninactive_file 500\n", 0,
	  0 },
	{ "/sys/fs/cgroup/pod/memory.current", "3000\n", 0, 0 },
	{ "/sys/fs/cgroup/pod/memory.events", "low 0\nhigh 0\nmax 7\noom 1\noom_kill 2\n", 0, 0 },
	{ "/sys/fs/cgroup/pod/memory.pressure",
	  "some avg10=1.50 avg60=0.00 avg300=0.00 total=1\nfull avg10=0.25 avg60=0.00 "
	  "avg300=0.00 total=1\n",
	  0, 0 },
	{ "/sys/fs/cgroup/pod/cgroup.procs", "", FAIL_NONE, 0 },
	{ "/sys/fs/cgroup/pod/cgroup.stat", "nr_descendants 0\n", 0, 0 },
};

Test(cgroup, the_limit_of_a_cgroup_above_counts_and_so_do_its_figures)
{
	cr_assert(RUN(V2_POD), "%s", why.text);
	cr_expect(got.container.known && got.container.v2);
	cr_expect_eq(got.container.limit, 4096);
	cr_expect_eq(got.container.usage, 3000);
	cr_expect_eq(got.container.anon, 1500);
	cr_expect_eq(got.container.working_set, 2500);
	cr_expect_eq(got.container.oom_kills, 2);
	cr_expect_eq(got.container.limit_hits, 7);
	cr_expect_float_eq(got.container.some_avg10, 1.5, 1e-9);
	cr_expect_float_eq(got.container.full_avg10, 0.25, 1e-9);
	cr_expect_eq(got.container.slab, UNKNOWN_BYTES, "what is not there is not 0");
}

static const struct recorded_file V2_OWN[] = {
	{ "/proc/40/cgroup", "0::/a\n", 0, 0 },
	{ "/proc/self/mountinfo", MOUNT_V2, 0, 0 },
	{ "/sys/fs/cgroup/a/memory.stat",
	  "anon 1000\nfile 900\nkernel 70\nkernel_stack 10\npagetables 20\npercpu 1\nsock 2\n"
	  "shmem 100\nfile_mapped 300\ninactive_file 400\nactive_file 350\nslab 30\n",
	  0, 0 },
	{ "/sys/fs/cgroup/a/memory.current", "2000\n", 0, 0 },
	{ "/sys/fs/cgroup/a/memory.max", "4096\n", 0, 0 },
	{ "/sys/fs/cgroup/a/cgroup.procs", "40\n41\n", 0, 0 },
	{ "/sys/fs/cgroup/a/cgroup.stat", "nr_descendants 0\n", 0, 0 },
	{ "/proc/40/status", "RssAnon:\t500 kB\n", 0, 0 },
	{ "/proc/41/status", "RssAnon:\t7 kB\nRssFile:\t5 kB\nRssShmem:\t3 kB\n", 0, 0 },
};

Test(cgroup, shared_memory_is_no_part_of_the_files)
{
	cr_assert(RUN(V2_OWN), "%s", why.text);
	cr_expect_eq(got.container.file, 800);
	cr_expect_eq(got.container.shmem, 100);
	cr_expect_eq(got.container.page_tables, 20);
	cr_expect_eq(got.container.kernel, 70);
}

Test(cgroup, the_target_is_none_of_the_others)
{
	cr_assert(RUN(V2_OWN));
	cr_expect_eq(got.container.processes, 1);
	cr_expect_eq(got.container.others_rss_anon, 7 * 1024);
	cr_expect_eq(got.container.others_rss_file, 5 * 1024);
	cr_expect_eq(got.container.others_rss_shmem, 3 * 1024);
}

// Docker without a cgroup namespace, read from outside: our own mount shows the whole hierarchy.
static const struct recorded_file V1[] = {
	{ "/proc/40/cgroup", "4:memory:/docker/a\n3:pids:/docker/a\n0::/\n", 0, 0 },
	{ "/proc/self/mountinfo",
	  "35 1 0:32 / /cg/memory rw - cgroup cgroup rw,memory\n"
	  "36 1 0:33 / /cg/pids rw - cgroup cgroup rw,pids\n" MOUNT_V2,
	  0, 0 },
	{ "/cg/memory/docker/a/memory.usage_in_bytes", "3000\n", 0, 0 },
	{ "/cg/memory/docker/a/memory.limit_in_bytes", "5000\n", 0, 0 },
	{ "/cg/memory/memory.limit_in_bytes", "9223372036854771712\n", 0, 0 },
	{ "/cg/memory/docker/a/memory.stat",
	  "cache 1\nrss 1\ntotal_cache 900\ntotal_rss 1200\ntotal_shmem 100\n"
	  "total_mapped_file 200\ntotal_inactive_file 600\ntotal_active_file 200\ntotal_swap 50\n",
	  0, 0 },
	{ "/cg/memory/docker/a/memory.kmem.usage_in_bytes", "77\n", 0, 0 },
	{ "/cg/memory/docker/a/memory.failcnt", "309\n", 0, 0 },
	{ "/cg/memory/docker/a/memory.oom_control", "oom_kill_disable 0\nunder_oom 0\noom_kill 3\n",
	  0, 0 },
	{ "/cg/memory/docker/a/cgroup.procs", "40\n0\n", 0, 0 },
	{ "/cg/pids/docker/a/pids.current", "12\n", 0, 0 },
	{ "/cg/pids/docker/a/pids.max", "160\n", 0, 0 },
};

Test(cgroup, v1_sums_up_the_cgroups_below)
{
	cr_assert(RUN(V1), "%s", why.text);
	cr_expect_not(got.container.v2);
	cr_expect_eq(got.container.limit, 5000);
	cr_expect_eq(got.container.anon, 1200, "total_rss, not rss");
	cr_expect_eq(got.container.file, 800);
	cr_expect_eq(got.container.working_set, 2400);
	cr_expect_eq(got.container.swap, 50);
	cr_expect_eq(got.container.limit_hits, 309);
	cr_expect_eq(got.container.oom_kills, 3);
	cr_expect_eq(got.container.pids_max, 160);
	cr_expect_lt(got.container.some_avg10, 0, "v1 has no pressure");
}

Test(cgroup, a_process_of_another_pid_namespace_leaves_the_others_unknown)
{
	cr_assert(RUN(V1));
	cr_expect_eq(got.container.others_rss_anon, UNKNOWN_BYTES);
}

// A reader in an empty chroot has /proc alone: the target's own mount is the way in.
static const struct recorded_file THROUGH_TARGET[] = {
	{ "/proc/40/cgroup", "0::/pod\n", 0, 0 },
	{ "/proc/self/mountinfo", "20 1 0:5 / /proc rw - proc proc rw\n", 0, 0 },
	{ "/proc/40/mountinfo", "41 1 0:38 /pod /sys/fs/cgroup ro - cgroup2 cgroup rw\n", 0, 0 },
	{ "/proc/40/root/sys/fs/cgroup/memory.stat", "anon 10\n", 0, 0 },
	{ "/proc/40/root/sys/fs/cgroup/memory.max", "4096\n", 0, 0 },
};

Test(cgroup, the_target_s_mount_serves_where_we_have_none)
{
	cr_assert(RUN(THROUGH_TARGET), "%s", why.text);
	cr_expect_eq(got.container.limit, 4096);
	cr_expect_eq(got.container.anon, 10);
	cr_expect_eq(got.container.usage, UNKNOWN_BYTES);
}

// v2 has no memory files where the cgroup above does not hand the controller on.
static const struct recorded_file NESTED[] = {
	{ "/proc/40/cgroup", "0::/pod/inner\n", 0, 0 },
	{ "/proc/self/mountinfo", MOUNT_V2, 0, 0 },
	{ "/sys/fs/cgroup/pod/inner/cgroup.procs", "40\n", 0, 0 },
	{ "/sys/fs/cgroup/pod/memory.stat", "anon 10\n", 0, 0 },
	{ "/sys/fs/cgroup/pod/memory.max", "4096\n", 0, 0 },
};

Test(cgroup, a_cgroup_without_the_controller_is_counted_by_the_one_above)
{
	cr_assert(RUN(NESTED), "%s", why.text);
	cr_expect_eq(got.container.limit, 4096);
	cr_expect_eq(got.container.anon, 10);
}

static const struct recorded_file NOTHING[] = {
	{ "/proc/40/cgroup", "0::/pod\n", 0, 0 },
};

Test(cgroup, no_mount_at_all_is_a_reason_and_no_container)
{
	cr_expect_not(RUN(NOTHING));
	cr_expect_eq(why.kind, FAIL_ABSENT);
	cr_expect_not(got.container.known);
}
