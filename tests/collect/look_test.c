// SPDX-License-Identifier: Apache-2.0
#include "collect/look.h"

#include <criterion/criterion.h>
#include <string.h>

#include "base/arena.h"
#include "base/fail.h"
#include "base/memory.h"
#include "collect/collector.h"
#include "collect/discover.h"
#include "recorded.h"

#define STATUS(rss)                                                                                \
	"Name:\tjava\nState:\tS "                                                                  \
	"(sleeping)\nPid:\t40\nUid:\t1000\t1000\t1000\t1000\nNSpid:\t40\t7\n"                      \
	"VmRSS:\t" rss " kB\nRssAnon:\t" rss " kB\nRssFile:\t0 kB\nRssShmem:\t0 kB\nThreads:\t9\n"
#define MAPS                                                                                       \
	"10000000-20000000 rw-p 00000000 00:00 0 \n"                                               \
	"7f0000000000-7f0000001000 r--p 00000000 fe:00 7 /jdk/lib/server/libjvm.so\n"              \
	"7ffe00000000-7ffe00021000 rw-p 00000000 00:00 0 [stack]\n"                                \
	"7ffe00100000-7ffe00102000 r-xp 00000000 00:00 0 [vdso]\n"
// 64 MB present and a page swapped
#define PAGES "pages 1 scan 1500 67108864\n10000000-14000000 p\n14000000-14001000 s\n"
#define TORN  "pages 1 scan 1500 67108864\n10000000-12000000 p\n"
#define SMAPS                                                                                      \
	"10000000-20000000 rw-p 00000000 00:00 0 \nRss: 65536 kB\nPss: 65535 kB\nSwap: 4 kB\n"     \
	"7f0000000000-7f0000001000 r--p 00000000 fe:00 7 /jdk/lib/server/libjvm.so\nPss: 1 kB\n"
#define TEXT(bytes) bytes, FAIL_NONE, sizeof(bytes) - 1
#define COMMON                                                                                     \
	{ "target/40", "tier C\nmemory a filter\n", 0, 0 }, { "/proc/40/maps", MAPS, 0, 0 },       \
		{ "/proc/40/stat", "40 (java) S 1 1 1 0 -1 0 0 0 0 0 0 0 0 0 20 0 9 0 4200 0 0\n", \
		  0, 0 },                                                                          \
		{ "/proc/40/cmdline", TEXT("java\0-Ddb.password=geheim\0Main\0") },                \
		{ "/proc/stat", "cpu 1 2 3\nbtime 1700000000\n", 0, 0 },                           \
		{ "/proc/sys/kernel/hostname", "box\n", 0, 0 },                                    \
	{                                                                                          \
		"clock", "boot 100000000000 wall 1700000100500000000\n", 0, 0                      \
	}

static struct arena mem;
static struct fail why;
static struct recorded recorded;
static struct tree files;
static struct memory memory;
static struct target target;
static struct snapshot got;

static void drop(void)
{
	arena_drop(&mem);
}

TestSuite(look, .fini = drop);

static bool look(const struct recorded_file *at, size_t count)
{
	files = recorded_tree(&recorded, at, count);
	memory_init(&memory, &mem);
	if (!target.files)
		cr_assert(discover_open_recorded(&files, &memory, 40, &mem, &target, &why), "%s",
			  why.text);
	return look_at(&target, &mem, &got, &why);
}
#define LOOK(files) look(files, sizeof(files) / sizeof((files)[0]))

static const struct recorded_file QUIET[] = {
	COMMON,
	{ "/proc/40/status", STATUS("65536"), 0, 0 },
	{ "pages/40", PAGES, 0, 0 },
};

static uint64_t resident(void)
{
	uint64_t sum = 0;

	for (size_t i = 0; i < got.runs.count; i++)
		if (!got.runs.at[i].swapped)
			sum += got.runs.at[i].end - got.runs.at[i].start;
	return sum;
}

Test(look, the_scan_and_the_kernels_counts_are_facts)
{
	cr_assert(LOOK(QUIET), "%s", why.text);
	cr_expect_eq(snapshot_get(&got, F_RSS, 0), 64 << 20);
	cr_expect_eq(snapshot_get(&got, F_RSS_AFTER, 0), 64 << 20);
	cr_expect_eq(snapshot_get(&got, F_LOCK_HOLD, 0), 1500);
	cr_expect_eq(snapshot_get(&got, F_MAPPINGS, 0), 4);
	cr_expect_eq(resident(), 64 << 20);
	cr_expect(got.runs.at[got.runs.count - 1].swapped);
	cr_expect_eq(got.fact[F_RSS].from.tier, TIER_C);
	cr_expect_str_eq(got.fact[F_RSS].from.collector, "status");
}

Test(look, time_host_and_age_come_from_the_recorded_machine)
{
	cr_assert(LOOK(QUIET), "%s", why.text);
	cr_expect_str_eq(got.host, "box");
	cr_expect_float_eq(got.at_s, 100.0, 1e-9);
	cr_expect_eq(got.wall_s, 1700000100);
	cr_expect_eq(snapshot_get(&got, F_STARTED_AT, 0), 1700000042);
	cr_expect_eq(snapshot_get(&got, F_UPTIME, 0), 58000);
}

Test(look, secrets_of_the_command_line_are_masked)
{
	cr_assert(LOOK(QUIET), "%s", why.text);
	cr_expect_str_eq(got.fact[F_MAIN].text, "Main");
	cr_expect_null(strstr(got.fact[F_COMMAND_LINE].text, "geheim"), "%s",
		       got.fact[F_COMMAND_LINE].text);
}

static const struct claim *claim_at(uint64_t at)
{
	for (size_t i = 0; i < got.claims.count; i++)
		if (got.claims.at[i].start == at)
			return &got.claims.at[i];
	return NULL;
}

Test(look, files_kernel_ranges_and_the_first_stack_are_claimed)
{
	cr_assert(LOOK(QUIET), "%s", why.text);
	cr_assert_not_null(claim_at(0x7f0000000000));
	cr_expect_str_eq(claim_at(0x7f0000000000)->account, "mapped-files");
	cr_expect_str_eq(claim_at(0x7f0000000000)->part, "libjvm.so");
	cr_expect_str_eq(claim_at(0x7ffe00000000)->account, "thread-stacks");
	cr_expect_str_eq(claim_at(0x7ffe00100000)->account, "kernel");
	cr_expect_null(claim_at(0x10000000));
}

Test(look, smaps_is_not_read_while_pages_tell_and_nobody_asks_for_pss)
{
	cr_assert(LOOK(QUIET), "%s", why.text);
	cr_expect_eq(recorded_asked(&recorded, "/proc/40/smaps"), 0);
	cr_expect_not(got.mappings.at[0].sized);
	cr_expect_not(got.fact[F_PSS].known);
}

static const struct recorded_file WITHOUT_PAGES[] = {
	COMMON,
	{ "/proc/40/status", STATUS("65536"), 0, 0 },
	{ "pages/40", NULL, FAIL_DENIED, 0 },
	{ "/proc/40/smaps", SMAPS, 0, 0 },
};

Test(look, where_pages_are_denied_smaps_is_read_once_and_sizes_the_mappings)
{
	cr_assert(LOOK(WITHOUT_PAGES), "%s", why.text);
	cr_expect_eq(recorded_asked(&recorded, "/proc/40/smaps"), 1);
	cr_expect_eq(got.runs.count, 0);
	cr_expect(got.mappings.at[0].sized);
	cr_expect_eq(got.mappings.at[0].resident, 64 << 20);
	cr_expect_eq(got.mappings.at[0].swap, 4096);
	cr_expect_eq(snapshot_get(&got, F_PSS, 0), 64 << 20);
	cr_expect_not(got.fact[F_LOCK_HOLD].known);
	cr_expect_not_null(got.fact[F_LOCK_HOLD].why_not);
}

Test(look, what_a_collector_could_not_bring_is_a_miss_and_not_the_end)
{
	bool missed = false;

	cr_assert(LOOK(WITHOUT_PAGES), "%s", why.text);
	for (size_t i = 0; i < got.misses.count; i++)
		missed = missed || (!strcmp(got.misses.at[i].collector, "pages") &&
				    got.misses.at[i].kind == FAIL_DENIED);
	cr_expect(missed);
}

static const struct recorded_file TORN_ONCE[] = {
	COMMON,
	{ "/proc/40/status", STATUS("65536"), 0, 0 },
	{ "pages/40", TORN, 0, 0 },
	{ "pages/40", PAGES, 0, 0 },
};

Test(look, a_torn_scan_is_read_again_and_leaves_nothing_behind)
{
	cr_assert(LOOK(TORN_ONCE), "%s", why.text);
	cr_expect_eq(recorded_asked(&recorded, "pages/40"), 2);
	cr_expect_eq(resident(), 64 << 20);
	cr_expect_eq(got.mappings.count, 4);
}

static const struct recorded_file TORN_ALWAYS[] = {
	COMMON,
	{ "/proc/40/status", STATUS("65536"), 0, 0 },
	{ "pages/40", TORN, 0, 0 },
};

Test(look, a_scan_that_stays_torn_is_read_three_times_in_all)
{
	cr_assert(LOOK(TORN_ALWAYS), "%s", why.text);
	cr_expect_eq(recorded_asked(&recorded, "pages/40"), 3);
	cr_expect_eq(resident(), 32 << 20);
}

static const struct recorded_file GROWING[] = {
	COMMON,
	{ "/proc/40/status", STATUS("30000"), 0, 0 },
	{ "pages/40", TORN, 0, 0 }, // 32 MB, between 29 before and 64 after
};

Test(look, a_target_that_grows_meanwhile_is_drift_and_not_torn)
{
	cr_assert(LOOK(GROWING), "%s", why.text);
	cr_expect_eq(recorded_asked(&recorded, "pages/40"), 1);
}

static const struct recorded_file ENDS[] = {
	COMMON,
	{ "/proc/40/status", STATUS("65536"), 0, 0 },
	{ "pages/40", NULL, FAIL_GONE, 0 },
};

Test(look, a_target_that_ends_meanwhile_is_gone)
{
	cr_assert_not(LOOK(ENDS));
	cr_expect_eq(why.kind, FAIL_GONE);
}

Test(look, in_tier_d_there_is_nothing_to_look_at)
{
	target = (struct target){ .pid = 40, .tier = TIER_D, .tier_gain = "be somebody else" };
	cr_assert_not(look_at(&target, &mem, &got, &why));
	cr_expect_eq(why.kind, FAIL_DENIED);
	cr_expect(strstr(why.text, "be somebody else"), "%s", why.text);
}
